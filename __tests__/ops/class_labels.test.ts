import { describe, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { oneHot } from '../../src/ops/class_labels.js';
import { expectClose } from '../support/expect_close.js';

describe('oneHot', () => {
  it('runs along any axis', () => {
    const indices = tf.tensor2d([[0, 2]]);
    expectClose(oneHot(indices, tf.zeros([1, 2, 3]), 2), [
      [
        [1, 0, 0],
        [0, 0, 1],
      ],
    ]);
    expectClose(oneHot(indices, tf.zeros([1, 3, 2]), 1), [
      [
        [1, 0],
        [0, 0],
        [0, 1],
      ],
    ]);
  });

  it('makes the row of what is no class NaN, for backends that cannot read labels in time', () => {
    const row = [NaN, NaN, NaN];
    expectClose(oneHot(tf.tensor1d([3, -1, NaN, 1]), tf.zeros([4, 3]), 1), [
      row,
      row,
      row,
      [0, 1, 0],
    ]);
  });
});
