import { expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
} from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { softmaxRow } from '../support/float64.js';
import { bothWays, describeKernels } from '../support/kernels.js';
import { hot, uniform } from '../support/rows.js';
import { ulpDistance } from '../support/ulp.js';

const fromLogits = true;

describeKernels('a fused loss', () => {
  it.each([72, 128])('of a row of %i with NaN anywhere is NaN, and writes nowhere else', (size) => {
    // The number that stands for 1 in the kernel, before and behind the row on the heap.
    const before = tf.fill([size], 2 ** 24);
    for (const place of [0, 4, size - 1]) {
      const numbers = Float32Array.from({ length: size }, (_, i) =>
        i === place ? NaN : i === 4 || i === 8 ? 9 : 0,
      );
      const loss = new SparseCategoricalCrossentropy({ fromLogits });
      const x = tf.tensor2d(numbers, [1, size]);
      const { value, grad } = tf.valueAndGrad((z) => loss([1], z))(x);
      const behind = tf.fill([size], 2 ** 24);
      expectClose(value, NaN);
      expect(grad.dataSync().every(Number.isNaN)).toBe(true);
      expectClose(before, behind);
    }
  });

  it('takes one tensor for two inputs', () => {
    const loss = new BinaryCrossentropy({ fromLogits });
    const x = tf.tensor2d([
      [0.2, 0.7, -0.3],
      [1, 0.5, 0.1],
    ]);
    const column = tf.tensor2d([[0.5], [2]]);
    for (const [f, at] of [
      [(t: tf.Tensor) => loss(t, t), x],
      [(t: tf.Tensor) => loss(t, tf.mul(t, 3), t), column],
      [(t: tf.Tensor) => loss(t, column, t), column],
    ] as const) {
      const { fast, formula } = bothWays(() => tf.grad(f)(at));
      expectClose(fast, formula);
    }
  });

  it.each([10, 72])(
    'is Infinity where a class of %i is ruled out and labelled a little',
    (size) => {
      const x = tf.tensor2d([
        Array.from({ length: size }, (_, i) => (i === 3 ? -Infinity : i / 9)),
      ]);
      const smoothed = { fromLogits, labelSmoothing: 0.1 };
      expectClose(new SparseCategoricalCrossentropy(smoothed)([1], x), Infinity);
      const labels = [
        Array.from({ length: size }, (_, i) => (i === 3 ? 0.01 : i === 1 ? 0.99 : 0)),
      ];
      expectClose(new CategoricalCrossentropy({ fromLogits })(labels, x), Infinity);
    },
  );

  it('of one value is a scalar, however it is weighed', () => {
    for (const reduction of ['mean', 'sum', 'mean_with_sample_weight'] as const) {
      const loss = new BinaryCrossentropy({ fromLogits, reduction });
      const { fast, formula } = bothWays(() =>
        loss(tf.tensor1d([1, 0]), tf.tensor1d([0.5, 2]), tf.tensor2d([[2]])),
      );
      expectClose(fast, formula);
    }
  });

  it('is 0 with its gradient where weights sum to 0, even with NaN', () => {
    const loss = new BinaryCrossentropy({ fromLogits, reduction: 'mean_with_sample_weight' });
    const x = tf.tensor2d([[NaN], [1]]);
    const { value, grad } = tf.valueAndGrad((z) => loss([[1], [0]], z, [1, -1]))(x);
    expectClose(value, 0);
    expectClose(grad, [[0], [0]]);
  });

  it('takes a tensor whose numbers are a plain array', () => {
    const labels = tf.buffer([2, 1], 'float32', [1, 0] as unknown as Float32Array).toTensor();
    const loss = new BinaryCrossentropy({ fromLogits });
    expectClose(loss(labels, tf.zeros([2, 1])), Math.LN2);
  });

  it('is not used for an object with a compute of its own', () => {
    const loss = new BinaryCrossentropy({ fromLogits });
    Object.defineProperty(loss, 'compute', { value: (y: tf.Tensor) => tf.mean(y, -1) });
    expectClose(loss([[1], [1]], [[0], [0]]), 1);
  });

  it.each([Infinity, -Infinity])(
    'is NaN, and not 0, where the weights of a weighted mean sum to %d',
    (weight) => {
      const loss = new BinaryCrossentropy({
        fromLogits,
        reduction: 'mean_with_sample_weight',
      });
      expectClose(loss(tf.ones([3, 2]), tf.zeros([3, 2]), [1, weight, 2]), NaN);
    },
  );

  it('has the gradient of its weights also where labels and logits were disposed since', () => {
    const loss = new CategoricalCrossentropy({ fromLogits });
    const { fast, formula } = bothWays(() => {
      const [y, x] = [tf.oneHot(tf.tensor1d([0, 2], 'int32'), 3), tf.zeros([2, 3])];
      return tf.grad((w) => {
        const value = loss(y, x, w);
        tf.dispose([y, x]);
        return value;
      })(tf.ones([2]));
    });
    expect(formula.shape).toEqual([2]);
    expectClose(fast, formula, { absolute: 1e-6 });
  });

  it('has a gradient within 4 ulp where 64 powers, added up in float32, round in one direction', () => {
    // The worst one of some thousand rows of logits from −1000 to −984.
    const random = uniform(5139);
    const skipped = 4506 * 64;
    for (let i = 0; i < skipped; i++) random();
    const logits = Float32Array.from({ length: 64 }, () => -1000 + 16 * random());
    const loss = new SparseCategoricalCrossentropy({ fromLogits });
    const got = tf
      .grad((x) => loss([0], x))(tf.tensor2d(logits, [1, 64]))
      .dataSync();
    const exact = softmaxRow(logits, hot(0, 64)).gradient;
    const distances = exact.map((number, i) => ulpDistance(got[i]!, number));
    expect(Math.max(...distances)).toBeLessThanOrEqual(4);
  });
});
