import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { huber, LogCosh, logCosh } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './log_cosh.golden.json';

describe('log-cosh', () => {
  describeGolden(LogCosh, golden);

  it('keeps the digits of small errors, where Keras rounds to 0', () => {
    // e²/2 − e⁴/12
    for (const e of [1e-3, 1e-4, 1e-6]) {
      expectClose(logCosh([[0]], [[e]]), [e ** 2 / 2 - e ** 4 / 12]);
      expectClose(tf.grad((x) => tf.sum(logCosh([[0]], x)))(tf.tensor2d([[e]])), [
        [e - e ** 3 / 3],
      ]);
    }
  });

  it('is a straight line for large errors, up to the largest of numbers', () => {
    expectClose(logCosh([[0, 0]], [[20, 20]]), [20 - Math.LN2]);
    const slope = tf.grad((x) => tf.sum(logCosh([[0, 0]], x)));
    expectClose(slope(tf.tensor2d([[3e38, -3e38]])), [[0.5, -0.5]]);
    expectClose(logCosh([[0]], [[-3e38]]), [3e38]);
  });

  it('lies between Huber with delta 1 less log 2 and Huber', () => {
    const errors = tf.randomNormal([50, 1], 0, 3, 'float32', 5);
    const zeros = tf.zerosLike(errors);
    const below = tf.sub(huber(zeros, errors), logCosh(zeros, errors));
    for (const gap of below.dataSync()) {
      expect(gap).toBeGreaterThanOrEqual(0);
      expect(gap).toBeLessThanOrEqual(Math.LN2 - 0.5 + 1e-6);
    }
  });

  it('has second-order gradients, also at 0', () => {
    const slope = tf.grad((x) => tf.sum(logCosh([[0, 0]], x)));
    const curvature = tf.grad((x) => tf.sum(slope(x)));
    // 1 − tanh²(1) = 0.41997434
    expectClose(curvature(tf.tensor2d([[0, 1]])), [[0.5, 0.41997434 / 2]]);
  });
});
