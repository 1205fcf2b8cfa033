import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { MeanSquaredError, meanSquaredError } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './mean_squared_error.golden.json';

describe('mean squared error', () => {
  describeGolden(MeanSquaredError, golden);

  it('aligns labels [batch] with predictions [batch, 1], as a function too', () => {
    expectClose(meanSquaredError([1, 2], [[3], [2]]), [4, 0]);
    expectClose(new MeanSquaredError({ reduction: 'none' })([1, 2], [[3], [2]]), [4, 0]);
  });

  it('has no options: a third argument is an error, not a weight that is dropped', () => {
    const options = { axis: 0 } as never;
    expect(() => meanSquaredError([1], [2], options)).toThrow('has no options');
  });

  it('runs what a subclass computes, not the kernel of its parent', () => {
    class Doubled extends MeanSquaredError {
      static override readonly className = 'Doubled';
      override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
        return tf.mul(2, super.compute(yTrue, yPred));
      }
    }
    expectClose(new Doubled()([[1, 2]], [[3, 2]]), 4);
  });

  it('keeps the digits of small errors', () => {
    // 1 + 2⁻²³ less 1, squared: 2⁻⁴⁶.
    expectClose(meanSquaredError([[1]], [[1 + 2 ** -23]]), [2 ** -46]);
  });

  it('has second-order gradients', () => {
    const slope = tf.grad((x) => tf.sum(meanSquaredError([[0, 0]], x)));
    const curvature = tf.grad((x) => tf.sum(slope(x)));
    expectClose(curvature(tf.tensor2d([[1, -3]])), [[1, 1]]);
  });
  it('has a gradient for labels too', () => {
    const f = (labels: tf.Tensor) => tf.sum(meanSquaredError(labels, [[3, 2.5]]));
    expectClose(tf.grad(f)(tf.tensor2d([[1, 2]])), [[-2, -0.5]]);
  });
});
