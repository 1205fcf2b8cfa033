import { describe, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { Poisson, poisson } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './poisson.golden.json';

describe('Poisson', () => {
  describeGolden(Poisson, golden);

  it('has its minimum at the label', () => {
    const slope = tf.grad((x) => tf.sum(poisson([[2, 5]], x)));
    expectClose(slope(tf.tensor2d([[2, 5]])), [[0, 0]], { absolute: 1e-7 });
  });

  it('is finite for a prediction of 0, and NaN for negative ones', () => {
    // −log(1e-7), and (1 − 1e7) of the label
    expectClose(poisson([[1], [0], [1]], [[0], [0], [-1]]), [16.11809565, 0, NaN]);
    const slope = tf.grad((x) => tf.sum(poisson([[1]], x)));
    expectClose(slope(tf.tensor2d([[0]])), [[1 - 1e7]]);
  });

  it('has second-order gradients', () => {
    // y / p²
    const slope = tf.grad((x) => tf.sum(poisson([[3]], x)));
    expectClose(tf.grad((x) => tf.sum(slope(x)))(tf.tensor2d([[2]])), [[0.75]], { relative: 1e-6 });
  });

  it('has a gradient for labels too', () => {
    const f = (labels: tf.Tensor) => tf.sum(poisson(labels, [[1, Math.E]]));
    expectClose(tf.grad(f)(tf.tensor2d([[1, 2]])), [[0, -0.5]], { absolute: 1e-7 });
  });
});
