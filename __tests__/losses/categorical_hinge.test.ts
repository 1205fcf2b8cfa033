import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { CategoricalHinge, categoricalHinge, ShapeError } from '../../src/pure.js';
import { float, seeded } from '../support/arbitraries.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './categorical_hinge.golden.json';

const gradient = (y: tf.TensorLike, p: tf.TensorLike) =>
  tf.grad((x) => tf.sum(categoricalHinge(y, x)))(tf.tensor(p));

describe('categorical hinge', () => {
  describeGolden(CategoricalHinge, golden);

  it('gives the values that Keras documents', () => {
    const y = [
      [0, 1],
      [0, 0],
    ];
    const p = [
      [0.6, 0.4],
      [0.4, 0.6],
    ];
    expectClose(new CategoricalHinge()(y, p), 1.4);
    expectClose(new CategoricalHinge()(y, p, [1, 0]), 0.6);
    expectClose(new CategoricalHinge({ reduction: 'sum' })(y, p), 2.8);
    expectClose(categoricalHinge(y, p), [1.2, 1.6]);
  });

  // Keras 3.15.1 on TensorFlow 2.21, where tf.reduce_max shares its gradient and tf.maximum(x, 0) has slope 1 at 0.
  it('shares the gradient of equal scores, and has slope 1 at a margin of exactly 1', () => {
    expectClose(gradient([[0, 1, 0]], [[0.5, 0.2, 0.5]]), [[0.5, -1, 0.5]]);
    expectClose(gradient([[0, 1, 0]], [[0, 1, -1]]), [[0.5, -1, 0]]);
    expectClose(gradient([[1, 0, 0]], [[-1, 0, 0]]), [[-1, 1 / 3, 1 / 3]]);
    expectClose(gradient([[0, 1, 0]], [[0, 2, 0]]), [[0, 0, 0]]);
  });

  it('is 0 where there are no classes: the largest of no scores is −∞, as in Keras', () => {
    expectClose(categoricalHinge(tf.zeros([2, 0]), tf.zeros([2, 0])), [0, 0]);
  });

  it('has a gradient of second order, 0, and one of the labels', () => {
    const y = tf.tensor2d([[0, 1, 0]]);
    const x = tf.tensor2d([[0.5, 0.2, 0.1]]);
    const first = tf.grad((z) => tf.sum(categoricalHinge(y, z)));
    expectClose(tf.grad((z) => tf.sum(tf.square(first(z))))(x), [[0, 0, 0]]);
    // By hand: d/dy of (1 − y₀) · x₀ − Σ y · x.
    expectClose(tf.grad((labels) => tf.sum(categoricalHinge(labels, x)))(y), [[-1, -0.2, -0.1]]);
  });

  it('is unchanged when all scores above 0 are scaled with the margin that is lacking', () => {
    fc.assert(
      fc.property(fc.array(float(0, 50), { minLength: 2, maxLength: 6 }), (scores) => {
        tf.tidy(() => {
          const hot = scores.map((_, index) => (index === 0 ? 1 : 0));
          const [right, ...others] = scores.map(Math.fround);
          const expected = Math.max(Math.max(0, ...others) - right! + 1, 0);
          expectClose(categoricalHinge([hot], [scores]), [expected], { absolute: 1e-5 });
        });
      }),
      seeded,
    );
  });

  it('shows NaN, whichever score it is, and leaves it out of a sample of weight 0', () => {
    const y = [
      [0, 1],
      [0, 1],
    ];
    for (const row of [
      [NaN, 0],
      [0, NaN],
    ]) {
      const x = tf.tensor2d([row, [0.5, 0.25]]);
      expectClose(categoricalHinge(y, x), [NaN, 1.25]);
      const sum = new CategoricalHinge({ reduction: 'sum' });
      expectClose(sum(y, x, [0, 1]), 1.25);
      expectClose(tf.grad((z) => sum(y, z, [0, 1]))(x), [
        [0, 0],
        [1, -1],
      ]);
    }
  });

  it('rejects class indices, shapes that differ, and any option', () => {
    expect(() => categoricalHinge([0, 1], tf.zeros([2, 3]))).toThrow(ShapeError);
    expect(() => categoricalHinge([0, 1], tf.zeros([2, 3]))).toThrow(
      'categoricalHinge: yTrue and yPred must have the same shape. tf.oneHot makes labels of class indices. ' +
        'Received: yTrue [2] and yPred [2, 3].',
    );
    expect(() => new CategoricalHinge({ margin: 1 } as never)).toThrow(RangeError);
  });
});
