import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  ShapeError,
  sigmoidCrossEntropyWithLogits,
  weightedCrossEntropyWithLogits,
} from '../../src/pure.js';
import { expectClose, TAIL } from '../support/expect_close.js';
import { expectTensorsKept, kernelsOf } from '../support/memory.js';

const softplus = (v: number) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));

const x = [-60, -3, -0.2, 0, 0.7, 20, 60];
const y = [1, 0.25, 1, 0, 0.9, 1, 0];
const w = [3, 0.5, 2, 4, 7, 0.1, 0];
const each = (f: (y: number, x: number, w: number) => number) =>
  x.map((v, i) => f(y[i]!, v, w[i]!));

describe('weightedCrossEntropyWithLogits', () => {
  const tensors = () => [tf.tensor1d(y), tf.tensor1d(x), tf.tensor1d(w)] as const;
  const sum = (...inputs: tf.Tensor[]) =>
    tf.sum(weightedCrossEntropyWithLogits(inputs[0]!, inputs[1]!, inputs[2]!));

  it('is w · y · softplus(−x) + (1 − y) · softplus(x), in float64 by hand', () => {
    expectClose(
      weightedCrossEntropyWithLogits(y, x, w),
      each((y, x, w) => w * y * softplus(-x) + (1 - y) * softplus(x)),
    );
  });

  it('has exact gradients with respect to labels, logits and weights', () => {
    const [dLabels, dLogits, dWeights] = tf.grads(sum)([...tensors()]);
    expectClose(
      dLogits!,
      each((y, x, w) => (1 - y) * sigmoid(x) - w * y * sigmoid(-x)),
      { absolute: 6e-8 },
    );
    expectClose(
      dLabels!,
      each((_, x, w) => w * softplus(-x) - softplus(x)),
      { absolute: 1e-6 },
    );
    expectClose(
      dWeights!,
      each((y, x) => y * softplus(-x)),
    );
  });

  it('has the second-order gradient (1 − y + w · y) · σ(x) · σ(−x)', () => {
    const [labels, logits, weights] = tensors();
    const second = tf.grad((v) => tf.sum(tf.grad((z) => sum(labels, z, weights))(v)));
    expectClose(
      second(logits),
      each((y, x, w) => (1 - y + w * y) * sigmoid(x) * sigmoid(-x)),
      TAIL,
    );
  });

  it('with weight 1 is the plain op', () => {
    expectClose(weightedCrossEntropyWithLogits(y, x, 1), sigmoidCrossEntropyWithLogits(y, x));
  });

  it('broadcasts the weight, and sums its gradient', () => {
    const labels = tf.tensor2d([
      [1, 1],
      [1, 0],
    ]);
    const logits = tf.zeros([2, 2]);
    expectClose(weightedCrossEntropyWithLogits(labels, logits, [2, 3]), [
      [2 * Math.LN2, 3 * Math.LN2],
      [2 * Math.LN2, Math.LN2],
    ]);
    const gradient = tf.grad((weight) =>
      tf.sum(weightedCrossEntropyWithLogits(labels, logits, weight)),
    );
    expectClose(gradient(tf.tensor1d([2, 3])), [2 * Math.LN2, Math.LN2]);
  });

  it('takes weights of whole numbers', () => {
    const weight = tf.tensor(3, [], 'int32');
    expectClose(weightedCrossEntropyWithLogits([1], [0], weight), [3 * Math.LN2]);
  });

  it('rejects a weight that does not broadcast, before any kernel runs', () => {
    const labels = tf.zeros([2, 2], 'int32');
    const f = () => weightedCrossEntropyWithLogits(labels, tf.zeros([2, 2]), [1, 2, 3]);
    expect(f).toThrow(ShapeError);
    expect(f).toThrow(
      'weightedCrossEntropyWithLogits: posWeight must broadcast to the shape of logits. ' +
        'Received: posWeight [3] and logits [2, 2].',
    );
    const logits = tf.zeros([2, 2]);
    const kernels = kernelsOf(() => {
      expect(() => weightedCrossEntropyWithLogits(labels, logits, [1, 2, 3])).toThrow();
    });
    expect(kernels).toEqual([]);
  });

  it('keeps its result and nothing else', () => {
    expectTensorsKept(1, () => weightedCrossEntropyWithLogits([1, 0], [0, 0], 3));
  });
});
