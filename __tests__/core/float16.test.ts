import { expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  binaryCrossentropy,
  categoricalCrossentropy,
  CategoricalHinge,
  register,
  type Loss,
} from '../../src/pure.js';
import { describeFloat16 } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';

describeFloat16('where numbers are float16', () => {
  it.each([0, 1e-7, 1e-4, 0.5, 0.9998, 1])(
    'value and gradient are finite at the probability %d',
    (p) => {
      for (const y of [0, 1]) {
        const f = (x: tf.Tensor) => tf.sum(binaryCrossentropy([y], x));
        const g = (x: tf.Tensor) => tf.sum(categoricalCrossentropy([[y, 1 - y]], x));
        const results = [
          f(tf.tensor1d([p])),
          tf.grad(f)(tf.tensor1d([p])),
          g(tf.tensor2d([[p, 1 - p]])),
          tf.grad(g)(tf.tensor2d([[p, 1 - p]])),
        ].flatMap((result) => [...result.dataSync()]);
        expect(results.filter((value) => !Number.isFinite(value))).toEqual([]);
      }
    },
  );

  it('probabilities are clipped to [2⁻¹¹, 1 − 2⁻¹¹]', () => {
    expectClose(binaryCrossentropy([[1], [0]], [[0], [1]]), [11 * Math.log(2), 11 * Math.log(2)]);
  });

  it.each(['sum_over_batch_size', 'mean', 'mean_with_sample_weight'] as const)(
    'no sum of a large batch overflows: %s',
    (reduction) => {
      const loss: Loss = new BinaryCrossentropy({ fromLogits: true, reduction });
      const logits = tf.fill([40_000, 4], -20);
      const weights = tf.fill([40_000], 3);
      const f = (x: tf.Tensor) => loss(tf.onesLike(logits), x, weights);
      expectClose(f(logits), reduction === 'mean_with_sample_weight' ? 20 : 60);
    },
  );

  it('logits stay finite', () => {
    expectClose(binaryCrossentropy([[1]], [[-6e4]], { fromLogits: true }), [6e4]);
    expectClose(categoricalCrossentropy([[1, 0]], [[-3e4, 3e4]], { fromLogits: true }), [6e4]);
  });

  // By hand: the largest (1 − y) · x is 0.9 · 0.7, which float16 rounds.
  it('a categorical hinge of soft labels finds its largest score again', () => {
    const loss = new CategoricalHinge();
    const gradient = tf.grad((x) => loss([[0.9, 0.1]], x))(tf.tensor2d([[1.2, 0.7]]));
    expectClose(gradient, [[-0.9, 0.8]], { absolute: 2e-3 });
  });

  it.each(['linear', 'sigmoid'] as const)(
    'a model with a %s output learns, from sure and wrong on',
    async (activation) => {
      register(tf);
      // A logit of −30 for each positive label, where σ and its slope are 0.
      const dense = tf.layers.dense({ units: 1, inputShape: [1], activation, useBias: false });
      const model = tf.sequential({ layers: [dense] });
      model.setWeights([tf.tensor2d([[-30]])]);
      const loss = new BinaryCrossentropy({ fromLogits: activation === 'linear' });
      model.compile({ optimizer: tf.train.sgd(10), loss, metrics: ['accuracy'] });
      const [x, y] = [tf.tensor2d([[1], [-1], [1], [-1]]), tf.tensor2d([[1], [0], [1], [0]])];
      const { history } = await model.fit(x, y, { epochs: 6, verbose: 0 });
      expect(history.loss![0]).toBeCloseTo(30, 0);
      expect(history.loss!.at(-1)).toBeLessThan(0.01);
      expect(history.acc!.at(-1)).toBe(1);
    },
  );
});
