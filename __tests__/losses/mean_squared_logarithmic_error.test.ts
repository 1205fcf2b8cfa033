import { describe, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { MeanSquaredLogarithmicError, meanSquaredLogarithmicError } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './mean_squared_logarithmic_error.golden.json';

describe('mean squared logarithmic error', () => {
  describeGolden(MeanSquaredLogarithmicError, golden);

  it('keeps the digits of predictions near their label', () => {
    // log(1 + 2⁻²³ / 2)² = 3.5527132e-15 by its series; the difference of two logarithms gives 0 in float32.
    expectClose(meanSquaredLogarithmicError([[1]], [[1 + 2 ** -23]]), [2 ** -48]);
    const slope = tf.grad((x) => tf.sum(meanSquaredLogarithmicError([[1]], x)));
    expectClose(slope(tf.tensor2d([[1 + 2 ** -23]])), [[2 ** -24]]);
  });

  it('counts negative numbers as epsilon, without gradient', () => {
    expectClose(meanSquaredLogarithmicError([[0]], [[-5]]), [0]);
    const slope = tf.grad((x) => tf.sum(meanSquaredLogarithmicError([[3]], x)));
    expectClose(slope(tf.tensor2d([[-0.5]])), [[0]]);
  });

  it('is the same for labels and predictions that change places', () => {
    const y = tf.randomUniform([4, 3], 0, 9, 'float32', 1);
    const p = tf.randomUniform([4, 3], 0, 9, 'float32', 2);
    expectClose(meanSquaredLogarithmicError(y, p), meanSquaredLogarithmicError(p, y));
  });

  it('has a gradient for labels too', () => {
    const f = (labels: tf.Tensor) => tf.sum(meanSquaredLogarithmicError(labels, [[3, 1]]));
    expectClose(tf.grad(f)(tf.tensor2d([[1, 1]])), [[-Math.LN2 / 2, 0]]);
  });

  it('has second-order gradients', () => {
    // 2 (1 − log(1 + p)) / (1 + p)² for a label of 0, at p = 1.
    const slope = tf.grad((x) => tf.sum(meanSquaredLogarithmicError([[0]], x)));
    const curvature = tf.grad((x) => tf.sum(slope(x)));
    expectClose(curvature(tf.tensor2d([[1]])), [[(1 - Math.LN2) / 2]], { relative: 2e-6 });
  });
});
