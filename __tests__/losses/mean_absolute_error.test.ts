import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { MeanAbsoluteError, meanAbsoluteError, ShapeError } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './mean_absolute_error.golden.json';

describe('mean absolute error', () => {
  describeGolden(MeanAbsoluteError, golden);

  it('rejects shapes that do not broadcast, and names both', () => {
    const mismatch = () => meanAbsoluteError(tf.zeros([2, 3]), tf.zeros([2, 4]));
    expect(mismatch).toThrow(ShapeError);
    expect(mismatch).toThrow(
      'meanAbsoluteError: yTrue and yPred must have the same shape, or shapes that broadcast.',
    );
    expect(mismatch).toThrow('Received: yTrue [2, 3] and yPred [2, 4].');
  });

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
