import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { CosineSimilarity, cosineSimilarity, ShapeError } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './cosine_similarity.golden.json';

/** Terms of both signs, up to 1 each, are added up in float32 where no kernel does it in float64. */
const SUM = { absolute: 5e-7 };

/** The order of operations differs. */
const ORDER = { relative: 1e-5, absolute: 1e-7 };

describe('cosine similarity', () => {
  describeGolden(CosineSimilarity, golden, SUM);

  it('rejects an axis that there is not, or that is no whole number', () => {
    const call = () => cosineSimilarity([[1, 2]], [[1, 2]], { axis: 2 });
    expect(call).toThrow(RangeError);
    expect(call).toThrow(
      'cosineSimilarity: axis must be in [-2, 1] for yPred [1, 2]. Received: 2.',
    );
    expect(() => new CosineSimilarity({ axis: 0.5 })).toThrow(TypeError);
  });

  it('rejects an axis counted from the first where ranks differ', () => {
    const call = () => cosineSimilarity([1, 2, 3], tf.ones([2, 3]), { axis: 0 });
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(
      'yTrue and yPred must have as many axes. Received: yTrue [3] and yPred [2, 3].',
    );
  });

  it('keeps axis in its config', () => {
    const config = new CosineSimilarity({ axis: 1 }).getConfig();
    expect(config.axis).toBe(1);
    expect(CosineSimilarity.fromConfig(config).options).toEqual({ axis: 1 });
  });

  it('does not depend on lengths', () => {
    const y = tf.randomNormal([5, 3], 0, 1, 'float32', 1);
    const p = tf.randomNormal([5, 3], 0, 1, 'float32', 2);
    expectClose(cosineSimilarity(tf.mul(y, 1000), tf.mul(p, 0.125)), cosineSimilarity(y, p), ORDER);
  });

  it('has a gradient orthogonal to the prediction', () => {
    const y = tf.randomNormal([5, 3], 0, 1, 'float32', 1);
    const p = tf.randomNormal([5, 3], 0, 1, 'float32', 2);
    const slope = tf.grad((x) => tf.sum(cosineSimilarity(y, x)))(p);
    expectClose(tf.sum(tf.mul(slope, p), -1), tf.zeros([5]), { absolute: 1e-6 });
  });

  it('takes vectors whose squares overflow or vanish', () => {
    expectClose(cosineSimilarity([[3e30, 4e30]], [[4e-30, 3e-30]]), [0], { absolute: 1e-20 });
    expectClose(cosineSimilarity([[3e30, 4e30]], [[4e25, 3e25]]), [-0.96]);
    expectClose(cosineSimilarity([[3e-5, 4e-5]], [[4e-5, 3e-5]]), [-0.96]);
  });

  it('is 0 at a vector of zeros, with the gradient of one of length 1e-7, as Keras has it for short ones', () => {
    expectClose(cosineSimilarity([[3, 4]], [[0, 0]]), [0]);
    const slope = tf.grad((x) => tf.sum(cosineSimilarity([[3, 4]], x)));
    expectClose(slope(tf.tensor2d([[0, 0]])), [[-6e6, -8e6]]);
  });

  it('has a gradient for labels too', () => {
    const [y, p] = [tf.tensor2d([[1, 2, -1]]), tf.tensor2d([[0.5, -1, 3]])];
    const ofLabels = tf.grad((x) => tf.sum(cosineSimilarity(x, p)))(y);
    expectClose(ofLabels, tf.grad((x) => tf.sum(cosineSimilarity(p, x)))(y), ORDER);
  });

  it('has second-order gradients', () => {
    // −d²cos(θ)/dy² at p = (1, 0) for the label (1, 0): 1 along y, 0 along x.
    const slope = tf.grad((x) => tf.sum(cosineSimilarity([[1, 0]], x)));
    const along = tf.grad((x) => tf.sum(tf.mul(slope(x), [[0, 1]])));
    expectClose(along(tf.tensor2d([[1, 0]])), [[0, 1]], { absolute: 1e-7 });
  });
});
