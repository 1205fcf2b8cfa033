import { describe, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { categoricalCrossentropy, KLDivergence, klDivergence } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './kl_divergence.golden.json';

describe('KL divergence', () => {
  describeGolden(KLDivergence, golden);

  it.each([
    // Σ y log(y / p) by mpmath with 50 digits, for y = (½ + d, ½ − d) and p = (½, ½).
    [2 ** -6, 0.0004883607539200372],
    [2 ** -10, 1.907349845473953e-6],
    [2 ** -20, 1.818989403546959e-12],
  ])('keeps the digits of distributions that differ by %s', (d, expected) => {
    expectClose(klDivergence([[0.5 + d, 0.5 - d]], [[0.5, 0.5]]), [expected]);
  });

  it('takes single numbers, with second-order gradients too', () => {
    // ½ log 2, and y / p²
    expectClose(klDivergence(0.5, 0.25), 0.5 * Math.LN2);
    const slope = tf.grad((p) => klDivergence(0.5, p));
    expectClose(slope(tf.scalar(0.25)), -2);
    expectClose(tf.grad((p) => slope(p))(tf.scalar(0.25)), 8);
  });

  it('is categorical cross-entropy less the entropy of the labels', () => {
    const y = tf.softmax(tf.randomNormal([5, 4], 0, 1, 'float32', 1));
    const p = tf.softmax(tf.randomNormal([5, 4], 0, 1, 'float32', 2));
    const entropy = categoricalCrossentropy(y, y);
    expectClose(klDivergence(y, p), tf.sub(categoricalCrossentropy(y, p), entropy), {
      relative: 1e-4,
    });
  });

  it('clips probabilities of 0, whose gradient is 0', () => {
    const slope = tf.grad((p) => tf.sum(klDivergence([[0.5, 0.5]], p)));
    // ½ log(½ / 1e-7) + ½ log(½)
    expectClose(klDivergence([[0.5, 0.5]], [[0, 1]]), [7.36590064], { relative: 1e-6 });
    expectClose(slope(tf.tensor2d([[0, 1]])), [[0, -0.5]]);
  });

  it('has a gradient for labels too', () => {
    const f = (y: tf.Tensor) => tf.sum(klDivergence(y, [[0.25, 0.75]]));
    // log(y / p) + 1
    expectClose(tf.grad(f)(tf.tensor2d([[0.5, 0.5]])), [[1.69314718, 0.59453489]]);
  });

  it('has second-order gradients', () => {
    // y / p²
    const slope = tf.grad((p) => tf.sum(klDivergence([[0.5, 0.5]], p)));
    expectClose(tf.grad((p) => tf.sum(slope(p)))(tf.tensor2d([[0.25, 0.75]])), [[8, 0.5 / 0.5625]]);
  });
});
