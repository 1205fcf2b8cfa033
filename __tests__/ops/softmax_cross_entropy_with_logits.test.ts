import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  ShapeError,
  softmaxCrossEntropyWithLogits,
  sparseSoftmaxCrossEntropyWithLogits,
} from '../../src/pure.js';
import { backend, describeFloat32 } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';
import { expectTensorsKept } from '../support/memory.js';
import { ulpDistance } from '../support/ulp.js';
import precision from './softmax_cross_entropy_with_logits.mpmath.json';

const rows = precision.rows.map(({ title, kind, logits, labels, value, gradient }) => ({
  title: `${kind} labels, ${title}`,
  kind,
  logits: logits.map(Number),
  labels,
  value,
  gradient,
}));

/**
 * Results below it are left out: libtensorflow and GPUs set numbers below 1.2e-38 to 0, up to 10 terms of a sum here, which
 * are more than 1e-5 of a smaller one.
 */
const SMALLEST = ['cpu', 'wasm'].includes(backend) ? 2 ** -126 : 1e-32;

describe('softmaxCrossEntropyWithLogits', () => {
  describeFloat32(`against exactly rounded float32 results of ${precision.source}`, () => {
    const lossAndGradient = (labels: number[], logits: number[]) => {
      const f = (x: tf.Tensor) => softmaxCrossEntropyWithLogits([labels], x);
      const x = tf.tensor2d([logits]);
      return {
        loss: f(x).dataSync()[0]!,
        gradient: tf
          .grad((z) => tf.sum(f(z)))(x)
          .dataSync(),
      };
    };

    it.each(rows.filter(({ kind }) => kind === 'hard'))(
      'is within 1e-5 of value and gradient, on cpu within 4 ulp: $title',
      ({ labels, logits, ...expected }) => {
        const { loss, gradient } = lossAndGradient(labels, logits);
        const pairs = [
          [loss, Math.fround(expected.value)],
          ...expected.gradient.map((value, i) => [gradient[i]!, Math.fround(value)]),
        ].filter(([, want]) => want === 0 || Math.abs(want!) >= SMALLEST) as [number, number][];
        for (const [got, want] of pairs) {
          expect(Math.abs(got - want)).toBeLessThanOrEqual(1e-5 * Math.abs(want) + 2 ** -149);
          if (backend === 'cpu') expect(ulpDistance(got, want)).toBeLessThanOrEqual(4);
        }
      },
    );

    it.each(rows.filter(({ kind }) => kind === 'soft'))(
      'is right for $title',
      ({ labels, logits, ...expected }) => {
        const { loss, gradient } = lossAndGradient(labels, logits);
        expectClose(tf.scalar(loss), Math.fround(expected.value));
        // It crosses zero, and its terms are as large as the labels.
        const absolute = 1e-6 * Math.max(1, ...labels);
        expectClose(tf.tensor1d(gradient), expected.gradient, { absolute });
      },
    );
  });

  it('gives the sparse op the same numbers', () => {
    const hard = rows.filter(({ kind, labels }) => kind === 'hard' && labels.length === 5);
    const logits = tf.tensor2d(hard.map((row) => row.logits));
    const indices = hard.map((row) => row.labels.indexOf(1));
    const dense = softmaxCrossEntropyWithLogits(tf.tensor2d(hard.map((row) => row.labels)), logits);
    expectClose(sparseSoftmaxCrossEntropyWithLogits(indices, logits), dense, { relative: 0 });
  });

  it('has the gradient −log softmax with respect to the labels', () => {
    const gradient = tf.grad((labels) =>
      tf.sum(softmaxCrossEntropyWithLogits(labels, [[Math.log(3), 0]])),
    );
    expectClose(gradient(tf.tensor2d([[0.2, 0.3]])), [[Math.log(4 / 3), Math.log(4)]]);
  });

  it('takes any axis', () => {
    const labels = tf.tensor2d([
      [1, 0],
      [0, 1],
    ]);
    const logits = tf.tensor2d([
      [1, 2],
      [3, 5],
    ]);
    const along0 = softmaxCrossEntropyWithLogits(labels, logits, 0);
    expectClose(along0, [Math.log1p(Math.exp(2)), Math.log1p(Math.exp(-3))]);
  });

  it('rejects shapes that differ and an axis out of range', () => {
    expect(() => softmaxCrossEntropyWithLogits([[1, 0]], [[1]])).toThrow(ShapeError);
    expect(() => softmaxCrossEntropyWithLogits([[1, 0]], [[1, 0]], 2)).toThrow(
      'softmaxCrossEntropyWithLogits: axis must be in [-2, 1] for logits [1, 2]. Received: 2.',
    );
    expect(() => softmaxCrossEntropyWithLogits(1, 1)).toThrow(
      'logits must have an axis -1. Received: a single number.',
    );
    expect(() => sparseSoftmaxCrossEntropyWithLogits([0, 2], [[1, 0]])).toThrow(ShapeError);
  });

  it('keeps its result and nothing else', () => {
    const logits = tf.tensor2d([[1, 2]]);
    expectTensorsKept(1, () => softmaxCrossEntropyWithLogits([[0, 1]], logits));
    expectTensorsKept(1, () => sparseSoftmaxCrossEntropyWithLogits([1], logits));
    expectTensorsKept(1, () =>
      tf.grad((x) => tf.sum(softmaxCrossEntropyWithLogits([[0, 1]], x)))(logits),
    );
  });
});
