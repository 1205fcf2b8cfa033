import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { ShapeError, sigmoidCrossEntropyWithLogits } from '../../src/pure.js';
import { backend, describeFloat32 } from '../support/backend.js';
import { expectClose, TAIL } from '../support/expect_close.js';
import { expectTensorsKept } from '../support/memory.js';
import { ulpDistance } from '../support/ulp.js';
import precision from './sigmoid_cross_entropy_with_logits.mpmath.json';

const sumOfLoss = (labels: tf.TensorLike) => (logits: tf.Tensor) =>
  tf.sum(sigmoidCrossEntropyWithLogits(labels, logits));

describe('sigmoidCrossEntropyWithLogits', () => {
  describeFloat32(`against exactly rounded float32 results of ${precision.source}`, () => {
    const logits = Float32Array.from(precision.logits);
    const rows = precision.labels.map((label, row) => ({
      label,
      value: Float32Array.from(precision.value[row]!),
      gradient: Float32Array.from(precision.gradient[row]!),
    }));
    const lossAndGradient = (label: number) => {
      const labels = new Float32Array(logits.length).fill(label);
      const loss = sigmoidCrossEntropyWithLogits(labels, logits).dataSync();
      const gradient = tf.grad(sumOfLoss(labels))(tf.tensor1d(logits)).dataSync();
      return { loss, gradient };
    };

    it('covers the whole range of float32 logits', () => {
      expect(Math.max(...logits)).toBe(3.4028234663852886e38);
      expect(Math.min(...logits)).toBe(-3.4028234663852886e38);
      expect(precision.labels).toEqual(expect.arrayContaining([0, 1, 0.5]));
    });

    it.each(rows)('is finite for label $label', ({ label }) => {
      const { loss, gradient } = lossAndGradient(label);
      expect([...loss, ...gradient].filter((value) => !Number.isFinite(value))).toEqual([]);
    });

    // Other backends have an exp, log and sigmoid of their own, with errors of their own.
    if (backend === 'cpu') {
      it.each(rows)('is within 4 ulp for label $label', ({ label, ...expected }) => {
        const { loss, gradient } = lossAndGradient(label);
        const worst = (errors: Float32Array | number[]) => Math.max(...errors);
        expect(worst(expected.value.map((v, i) => ulpDistance(loss[i]!, v)))).toBeLessThanOrEqual(
          4,
        );
        if (label === 0 || label === 1) {
          const errors = expected.gradient.map((v, i) => ulpDistance(gradient[i]!, v));
          expect(worst(errors)).toBeLessThanOrEqual(4);
        } else {
          // It crosses zero, where only the absolute error means something: 1 ulp of a number near 1.
          const errors = expected.gradient.map((v, i) => Math.abs(gradient[i]! - v));
          expect(worst(errors)).toBeLessThanOrEqual(6e-8);
        }
      });
    }

    it.each(rows)(
      'is within the tolerance of the backend for label $label',
      ({ label, ...expected }) => {
        const { loss, gradient } = lossAndGradient(label);
        expectClose(tf.tensor1d(loss), expected.value, TAIL);
        const absolute = label === 0 || label === 1 ? {} : { absolute: 1.2e-7 };
        expectClose(tf.tensor1d(gradient), expected.gradient, { ...TAIL, ...absolute });
      },
    );
  });

  it('has the gradient −logits with respect to the labels', () => {
    const logits = tf.tensor1d([-40, -1, 0, 2, 40]);
    const gradient = tf.grad((labels) => tf.sum(sigmoidCrossEntropyWithLogits(labels, logits)));
    expectClose(gradient(tf.tensor1d([0, 1, 0.5, 0.2, 1])), [40, 1, -0, -2, -40]);
  });

  it('has the second-order gradient σ(x) · σ(−x) on both tails', () => {
    const x = [-40, -4, 0, 4, 40];
    const second = tf.grad((logits) => tf.sum(tf.grad(sumOfLoss([0, 1, 0.5, 0.3, 1]))(logits)));
    expectClose(
      second(tf.tensor1d(x)),
      x.map((v) => Math.exp(-Math.abs(v)) / (1 + Math.exp(-Math.abs(v))) ** 2),
    );
  });

  it('has the second-order gradient −1 between logits and labels', () => {
    const mixed = tf.grad((labels) =>
      tf.sum(
        tf.grad((logits) => tf.sum(sigmoidCrossEntropyWithLogits(labels, logits)))(
          tf.tensor1d([-3, 2]),
        ),
      ),
    );
    expectClose(mixed(tf.tensor1d([0, 1])), [-1, -1]);
  });

  it('has the second-order gradient of a function of the loss, also where that is flat', () => {
    // (L − L₀)² at L = L₀ has the slope 0 and, by hand, the curvature 2 · L'² = 2 · ¼ at x = 0, y = 0.
    const f = (logits: tf.Tensor) =>
      tf.sum(tf.square(tf.sub(sigmoidCrossEntropyWithLogits([0], logits), Math.LN2)));
    const second = tf.grad((logits) => tf.sum(tf.grad(f)(logits)));
    expectClose(second(tf.tensor1d([0])), [0.5], { relative: 1e-5 });
  });

  it('gives infinite logits a finite gradient, and ends a NaN where no gradient flows', () => {
    const gradient = tf.grad((x) => tf.sum(sigmoidCrossEntropyWithLogits([0, 1, 1, 0], x)));
    expectClose(gradient(tf.tensor1d([Infinity, Infinity, -Infinity, -Infinity])), [1, 0, -1, 0]);
    const first = tf.grad((x) => tf.sum(tf.slice(sigmoidCrossEntropyWithLogits([1, 1], x), 0, 1)));
    expectClose(first(tf.tensor1d([0, NaN])), [-0.5, 0]);
  });

  it('is log 2 at 0 with the gradient ½ − y', () => {
    expectClose(sigmoidCrossEntropyWithLogits([0, 1, 0.5], [0, 0, 0]), tf.fill([3], Math.LN2));
    expectClose(tf.grad(sumOfLoss([0, 1, 0.5]))(tf.zeros([3])), [0.5, -0.5, 0]);
  });

  it('rejects shapes that differ, in the words of an op', () => {
    const f = () => sigmoidCrossEntropyWithLogits([1, 0], [0.5]);
    expect(f).toThrow(ShapeError);
    expect(f).toThrow('sigmoidCrossEntropyWithLogits: labels and logits must have the same shape.');
  });

  it('keeps its result and nothing else', () => {
    const [labels, logits] = [tf.tensor1d([0, 1]), tf.tensor1d([1, 2])];
    expectTensorsKept(1, () => sigmoidCrossEntropyWithLogits(labels, logits));
    expectTensorsKept(1, () => sigmoidCrossEntropyWithLogits([0, 1], new Float32Array(2)));
    expectTensorsKept(1, () => tf.grad(sumOfLoss([0, 1]))(logits));
  });
});
