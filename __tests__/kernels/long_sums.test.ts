/** TF.js's wasm backend adds up in float32, one number after the other; what kernels leave must not suffer from that. Float16 has no such sums. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  Dice,
  MeanSquaredError,
  SparseCategoricalCrossentropy,
  register,
  type Loss,
} from '../../src/pure.js';
import { backend, float16, isGpu } from '../support/backend.js';
import { describeKernels } from '../support/kernels.js';
import { expectClose } from '../support/expect_close.js';

(float16 ? describe.skip : describeKernels)(
  'losses of many numbers, where a formula adds them up',
  () => {
    beforeAll(() => {
      register();
    });
    // Added up one after the other in float32, these are wrong by 1e-3 to 5e-5.
    const n = 2 ** 17;
    const LN2 = Math.LN2;
    // Libtensorflow and TF.js's shaders add up a part after the other, in float32.
    const relative = isGpu ? 5e-4 : backend === 'tensorflow' ? 2e-5 : 2e-6;

    // By hand: all entries are alike. Float32 holds the inputs to 6e-8, and −log 0.9 is off by 6e-7 of itself then.
    it.each<[string, Loss, number[], number, number, number]>([
      ['Dice', new Dice(), [4, n, 1], 1, 0.9, 1 - (2 * 0.9) / 1.9],
      ['BinaryCrossentropy', new BinaryCrossentropy(), [4, n, 1], 1, 0.9, -Math.log(0.9)],
      [
        'a mean over axes that are not the last',
        new BinaryCrossentropy({ axis: [0, 1] }),
        [4, n / 4, 1],
        1,
        0.9,
        -Math.log(0.9),
      ],
      ['a sum', new BinaryCrossentropy({ reduction: 'sum' }), [n, 1], 1, 0.5, n * LN2],
      [
        'BinaryFocalCrossentropy',
        new BinaryFocalCrossentropy({ gamma: 1 }),
        [n, 1],
        1,
        0.5,
        LN2 / 2,
      ],
      ['labels that broadcast', new MeanSquaredError(), [n, 1], 0, 0.3, 0.09],
      [
        'CategoricalCrossentropy',
        new CategoricalCrossentropy(),
        [1, 32000],
        1 / 32000,
        1 / 32000,
        Math.log(32000),
      ],
    ])('%s', (_, loss, shape, label, prediction, expected) => {
      const y = tf.fill(shape, label);
      const { value, grad } = tf.valueAndGrad((p) => tf.sum(loss(y, p)))(
        tf.fill(shape, prediction),
      );
      expectClose(value, expected, { relative });
      expect(grad.shape).toEqual(shape);
    });

    it('smoothed labels of many classes', () => {
      const loss = new SparseCategoricalCrossentropy({ labelSmoothing: 0.1 });
      expectClose(loss([3], tf.fill([1, 1500], 1 / 1500)), Math.log(1500), { relative: 2e-6 });
    });

    it('have the gradient of a mean', () => {
      const loss = new BinaryCrossentropy({ axis: 0, reduction: 'none' });
      const p = tf.fill([300, 2], 0.5);
      const gradient = tf.grad((x) => tf.sum(loss(tf.ones([300, 2]), x)))(p);
      expectClose(gradient, tf.fill([300, 2], -2 / 300));
    });
  },
);
