import { describe, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { MeanAbsoluteError, meanAbsoluteError } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './mean_absolute_error.golden.json';

describe('mean absolute error', () => {
  describeGolden(MeanAbsoluteError, golden);

  it('has slope ±1 for the smallest of errors, and 0 at a tie', () => {
    const slope = tf.grad((x) => tf.sum(meanAbsoluteError([[0, 0, 0]], x)));
    expectClose(slope(tf.tensor2d([[1e-30, -1e-30, 0]])), [[1 / 3, -1 / 3, 0]]);
  });

  it('has second-order gradients', () => {
    const slope = tf.grad((x) => tf.sum(meanAbsoluteError([[0, 0]], x)));
    const curvature = tf.grad((x) => tf.sum(slope(x)));
    expectClose(curvature(tf.tensor2d([[1, -3]])), [[0, 0]]);
  });
  it('has a gradient for labels too', () => {
    const f = (labels: tf.Tensor) => tf.sum(meanAbsoluteError(labels, [[3, 1.5]]));
    expectClose(tf.grad(f)(tf.tensor2d([[1, 2]])), [[-0.5, 0.5]]);
  });
});
