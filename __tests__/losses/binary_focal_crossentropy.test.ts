import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import {
  BinaryFocalCrossentropy,
  binaryFocalCrossentropy,
  binaryCrossentropy,
  ShapeError,
} from '../../src/pure.js';
import { labelsAndLogits, seeded } from '../support/arbitraries.js';
import { backend } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import { ulpDistance } from '../support/ulp.js';
import golden from './binary_focal_crossentropy.golden.json';
import precision from './binary_focal_crossentropy.mpmath.json';

const fromLogits = { fromLogits: true };
const gammas = [0, 0.5, 1, 1.5, 2, 5];

describe('binary focal cross-entropy', () => {
  describeGolden(BinaryFocalCrossentropy, golden);

  it('gives the values of Keras 3.15.1', () => {
    const y = [
      [0, 1],
      [0, 0],
    ];
    const p = [
      [0.6, 0.4],
      [0.4, 0.6],
    ];
    const balanced = new BinaryFocalCrossentropy({ applyClassBalancing: true });
    const hard = [
      [0, 1],
      [1, 0],
    ];
    expectClose(binaryFocalCrossentropy(y, p), [0.32986468, 0.20579839]);
    expectClose(new BinaryFocalCrossentropy()(hard, p), 0.3298646807670593);
    expectClose(balanced(hard, p), 0.16493234038352966);
  });

  // Other backends have an exp, log, pow and sigmoid of their own, with errors of their own.
  if (backend === 'cpu') {
    describe(`against exactly rounded float32 results of ${precision.source}`, () => {
      const logits = Float32Array.from(precision.logits);
      const cases = precision.gammas.flatMap((gamma, i) =>
        precision.labels.map((label, j) => ({
          gamma,
          label,
          value: Float32Array.from(precision.value[i]![j]!),
          gradient: Float32Array.from(precision.gradient[i]![j]!),
        })),
      );

      it.each(cases)('for gamma $gamma and label $label', ({ gamma, label, ...expected }) => {
        const labels = new Float32Array(logits.length).fill(label);
        const options = { gamma, fromLogits: true, axis: [] };
        const f = (x: tf.Tensor) => binaryFocalCrossentropy(labels, x, options);
        const loss = f(tf.tensor1d(logits)).dataSync();
        const gradient = tf
          .grad((x) => tf.sum(f(x)))(tf.tensor1d(logits))
          .dataSync();
        const worst = (errors: Float32Array) => Math.max(...errors);
        if (label === 0 || label === 1) {
          expect(worst(expected.value.map((v, i) => ulpDistance(v, loss[i]!)))).toBeLessThanOrEqual(
            4,
          );
          const errors = expected.gradient.map((v, i) => ulpDistance(v, gradient[i]!));
          expect(worst(errors)).toBeLessThanOrEqual(4);
        } else {
          // A soft label's gradient crosses zero. gamma = 5 takes the fifth power of a rounded number: 8 ulp.
          expect(worst(expected.value.map((v, i) => ulpDistance(v, loss[i]!)))).toBeLessThanOrEqual(
            8,
          );
          const errors = expected.gradient.map((v, i) => Math.abs(v - gradient[i]!));
          expect(worst(errors)).toBeLessThanOrEqual(3e-7);
        }
      });
    });
  }

  it.each(gammas)('is finite everywhere for gamma %s, value and gradient', (gamma) => {
    const x = tf.tensor2d([-1e4, -100, -17, -1, 0, 1, 17, 100, 1e4], [9, 1]);
    const p = tf.tensor2d([0, 1e-8, 1e-7, 0.5, 1 - 2 ** -23, 1 - 2 ** -24, 1], [7, 1]);
    for (const label of [0, 1, 0.3]) {
      for (const [output, options] of [
        [x, { gamma, fromLogits: true }],
        [p, { gamma }],
        [p, { gamma, compat: 'keras2' }],
      ] as const) {
        const f = (z: tf.Tensor) => binaryFocalCrossentropy(tf.fill(z.shape, label), z, options);
        const gradient = tf.grad((z) => tf.sum(f(z)))(output);
        for (const tensor of [f(output), gradient]) {
          expect(Array.from(tensor.dataSync()).filter((v) => !Number.isFinite(v))).toEqual([]);
        }
      }
    }
  });

  it('keeps its digits where the prediction is sure: missed^gamma · loss, by hand', () => {
    // For label 1 at 40: missed = e⁻⁴⁰ and the loss is e⁻⁴⁰; at −40 they are 1 and 40.
    const logits = tf.tensor2d([[40], [-40]]);
    const options = { fromLogits: true, gamma: 1 };
    const f = (x: tf.Tensor) => binaryFocalCrossentropy([[1], [1]], x, options);
    expectClose(f(logits), [Math.exp(-80), 40], { relative: 2e-6 });
    const gradient = tf.grad((x) => tf.sum(f(x)))(logits);
    expectClose(gradient, [[-2 * Math.exp(-80)], [-1]], { relative: 2e-6 });
  });

  it('takes an infinite logit for 0 or Infinity', () => {
    const logits = [[Infinity], [-Infinity], [-Infinity], [Infinity]];
    const loss = binaryFocalCrossentropy([[1], [0], [1], [0]], logits, fromLogits);
    expectClose(loss, [0, 0, Infinity, Infinity]);
  });

  it('with gamma 0 is binary cross-entropy', () => {
    fc.assert(
      fc.property(labelsAndLogits, ({ y, x }) => {
        tf.tidy(() => {
          const options = { fromLogits: true, axis: [] };
          expectClose(
            binaryFocalCrossentropy(y, x, { ...options, gamma: 0 }),
            binaryCrossentropy(y, x, options),
          );
        });
      }),
      seeded,
    );
  });

  it('weighs labels by classWeights: a mean of each label alone, by hand', () => {
    const y = [[1, 0, 0.3]];
    const p = [[0.4, 0.2, 0.7]];
    const [a, b] = binaryFocalCrossentropy(y, p, { axis: [] }).dataSync();
    const values = binaryFocalCrossentropy(y, p, { classWeights: [2, 0.5, 0] });
    expectClose(values, [(2 * a! + 0.5 * b!) / 3]);
  });

  it('is the same from logits and from their sigmoid, value and gradient', () => {
    const logits = tf.tensor2d([[-5, -1, 0, 2, 6]]);
    const labels = [[1, 0.3, 1, 0, 1]];
    for (const gamma of gammas) {
      const options = { gamma, alpha: 0.4, applyClassBalancing: true, labelSmoothing: 0.1 };
      const direct = (x: tf.Tensor) =>
        tf.sum(binaryFocalCrossentropy(labels, x, { ...options, fromLogits: true }));
      const through = (x: tf.Tensor) =>
        tf.sum(binaryFocalCrossentropy(labels, tf.sigmoid(x), options));
      expectClose(through(logits), direct(logits), { relative: 1e-5 });
      // 1 − σ(6) has an absolute error of 3e-8, which is 1e-5 of it.
      const tolerance = { relative: 1e-4, absolute: 1e-6 };
      expectClose(tf.grad(through)(logits), tf.grad(direct)(logits), tolerance);
    }
  });

  it('has second-order gradients, by central differences of the first', () => {
    const labels = [[1, 0, 0.3]];
    const x = tf.tensor2d([[0.5, -1, 2]]);
    for (const options of [fromLogits, { fromLogits: true, gamma: 0.5 }]) {
      const first = tf.grad((z) => tf.sum(binaryFocalCrossentropy(labels, z, options)));
      const second = tf.grad((z) => tf.sum(first(z)))(x);
      const difference = tf.div(tf.sub(first(tf.add(x, 1e-2)), first(tf.sub(x, 1e-2))), 2e-2);
      expectClose(second, difference, { relative: 1e-3, absolute: 1e-4 });
    }
  });

  it('rejects a negative gamma, an alpha outside [0, 1], shapes that differ', () => {
    expect(() => new BinaryFocalCrossentropy({ gamma: -1 })).toThrow(
      'BinaryFocalCrossentropy: gamma must be finite and at least 0. Received: -1.',
    );
    expect(() => new BinaryFocalCrossentropy({ gamma: '2' as never })).toThrow(TypeError);
    expect(() => new BinaryFocalCrossentropy({ alpha: 2 })).toThrow(RangeError);
    expect(() => binaryFocalCrossentropy([[1]], [[1, 2]])).toThrow(ShapeError);
  });
});
