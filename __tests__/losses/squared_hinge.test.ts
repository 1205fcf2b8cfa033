import { describe, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { hinge, SquaredHinge, squaredHinge } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './squared_hinge.golden.json';

describe('squared hinge', () => {
  describeGolden(SquaredHinge, golden);

  it('is the square of the hinge loss, element by element', () => {
    const y = tf.tensor2d([[1], [-1], [1], [-1]]);
    const p = tf.tensor2d([[0.5], [0.75], [3], [-0.25]]);
    expectClose(squaredHinge(y, p), tf.square(hinge(y, p)));
  });

  it('has second-order gradients', () => {
    const slope = tf.grad((x) => tf.sum(squaredHinge([[1, 1]], x)));
    const curvature = tf.grad((x) => tf.sum(slope(x)));
    expectClose(curvature(tf.tensor2d([[0.5, 3]])), [[1, 0]]);
  });
  it('has a gradient for labels too', () => {
    const f = (labels: tf.Tensor) => tf.sum(squaredHinge(labels, [[0.5, -2]]));
    expectClose(tf.grad(f)(tf.tensor2d([[1, -1]])), [[-0.25, 0]]);
  });
});
