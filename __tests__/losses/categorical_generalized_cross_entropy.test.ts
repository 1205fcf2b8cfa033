import { beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  CategoricalGeneralizedCrossEntropy,
  categoricalGeneralizedCrossEntropy,
  register,
  ShapeError,
  sparseCategoricalCrossentropy,
} from '../../src/index.js';
import { READABLE } from '../../src/core/kernel_contract.js';
import { backend } from '../support/backend.js';
import { expectClose, TAIL } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './categorical_generalized_cross_entropy.golden.json';

const fromLogits = { fromLogits: true };

describe('categorical generalized cross-entropy', () => {
  // Where 1 − p is a rounded number, as in [0.999, …], log p has its error: 1e-4 of the loss at 0.9999999.
  describeGolden(CategoricalGeneralizedCrossEntropy, golden);

  // mpmath 1.4, 60 digits.
  it.each<[string, number, number[], number, number, number[]]>([
    [
      'undecided',
      0.5,
      [1, -2, 0.5],
      2,
      0.789723641011,
      [0.365351507887, 0.0181897805015, -0.383541288389],
    ],
    [
      'right and sure',
      0.7,
      [40, 0, 1],
      0,
      1.57965784283e-17,
      [-1.57965784283e-17, 4.24835425529e-18, 1.1548224173e-17],
    ],
    [
      'right and sure, q near 0',
      0.01,
      [30, 0, 0],
      0,
      1.87152459377e-13,
      [-1.87152459377e-13, 9.35762296884e-14, 9.35762296884e-14],
    ],
    [
      'wrong and sure',
      0.7,
      [40, 0, 1],
      1,
      1.42857142857,
      [6.91440010694e-13, -6.91440010694e-13, 7.98490424569e-30],
    ],
    ['wrong and very sure', 0.5, [100, 0, 1], 1, 2, [1.92874984796e-22, -1.92874984796e-22, 0]],
  ])('from logits keeps all digits where it is %s', (_, q, x, label, loss, gradient) => {
    const f = (z: tf.Tensor) =>
      categoricalGeneralizedCrossEntropy([label], z, { q, fromLogits: true });
    const z = tf.tensor2d([x]);
    expectClose(f(z), [loss], TAIL);
    // A class that is neither expected nor the largest gets e⁻⁶⁸ and less, which GPUs round in their own way.
    expectClose(tf.grad((row) => tf.sum(f(row)))(z), [gradient], { ...TAIL, relative: 2e-5 });
  });

  it('is the same from logits as from their softmax', () => {
    const x = tf.randomNormal([4, 5], 0, 2, 'float32', 3);
    const y = [4, 0, 2, 1];
    const direct = (z: tf.Tensor) => tf.sum(categoricalGeneralizedCrossEntropy(y, z, fromLogits));
    const through = (z: tf.Tensor) =>
      tf.sum(categoricalGeneralizedCrossEntropy(y, tf.mul(tf.softmax(z), 1)));
    expectClose(through(x), direct(x), { relative: 5e-6 });
    expectClose(tf.grad(through)(x), tf.grad(direct)(x), { relative: 1e-4, absolute: 1e-6 });
    // Keras's way to find the logits: what went into tf.softmax while a gradient is recorded.
    const read = (z: tf.Tensor) => tf.sum(categoricalGeneralizedCrossEntropy(y, tf.softmax(z)));
    expectClose(tf.grad(read)(x), tf.grad(direct)(x), { relative: 0 });
  });

  it('tends to cross-entropy as q tends to 0, and is near 1 − p for q near 1', () => {
    const x = [
      [1, 3, 0],
      [2, 1, 4],
    ];
    expectClose(
      categoricalGeneralizedCrossEntropy([1, 0], x, { q: 1e-7, fromLogits: true }),
      sparseCategoricalCrossentropy([1, 0], x, fromLogits),
      { relative: 2e-6 },
    );
    const p = tf.softmax(tf.tensor2d(x)).dataSync();
    expectClose(
      categoricalGeneralizedCrossEntropy([1, 0], x, { q: 1 - 1e-7, fromLogits: true }),
      [1 - p[1]!, 1 - p[3]!],
      { relative: 1e-5 },
    );
  });

  it('keeps the digits of 1 − p where p is near 1, and q near 0', () => {
    // By series: (1 − p^q) / q = −log p + q · log² p / 2 − …; −log p = e + e² / 2 for p = 1 − e.
    const e = 2 ** -20;
    for (const q of [1e-6, 0.5, 0.9]) {
      const cost = e + (e * e) / 2;
      expectClose(categoricalGeneralizedCrossEntropy([0], [[1 - e, e]], { q }), [
        cost - (q * cost * cost) / 2,
      ]);
    }
  });

  it('costs 1 / q where p is 0, with a gradient that is finite, and 0 for the other classes', () => {
    // Keras 3.15.1: −Infinity and NaN.
    const f = (p: tf.Tensor) => tf.sum(categoricalGeneralizedCrossEntropy([0], p));
    const p = tf.tensor2d([[0, 1]]);
    expectClose(f(p), 2);
    const [wrong, right] = tf.grad(f)(p).dataSync();
    expectClose(tf.scalar(wrong!), -(1e-7 ** -0.5), { relative: 1e-5 });
    expect(right).toBe(0);
    // Behind a softmax that gives 0 nothing is left of it.
    expectClose(tf.grad((z) => f(tf.mul(tf.softmax(z), 1)))(tf.tensor2d([[-200, 0]])), [[0, 0]]);
  });

  it('takes probabilities that do not sum to 1 as they are, also above 1, as Keras does', () => {
    expectClose(
      categoricalGeneralizedCrossEntropy(
        [0, 1],
        [
          [4, 1],
          [0, 0.25],
        ],
      ),
      [-2, 1],
    );
  });

  it('takes labels [batch, 1] for indices, where Keras makes values [batch, batch] of them', () => {
    const p = [
      [0.7, 0.3],
      [0.2, 0.8],
      [0.6, 0.4],
    ];
    const expected = [0.32667994, 0.21114564, 0.45080662];
    expectClose(categoricalGeneralizedCrossEntropy([0, 1, 0], p), expected);
    expectClose(categoricalGeneralizedCrossEntropy([[0], [1], [0]], p), expected);
    expectClose(
      new CategoricalGeneralizedCrossEntropy({ reduction: 'none' })([[0], [1], [0]], p),
      expected,
    );
  });

  it('has gradients of second order, against differences of first order', () => {
    const x = tf.tensor2d([[0.5, -1, 2]]);
    const direction = tf.tensor2d([[1, 2, -1]]);
    for (const options of [{ q: 0.3, fromLogits: true }, { q: 0.3 }]) {
      const output = options.fromLogits ? x : tf.softmax(x);
      const first = tf.grad((z) => tf.sum(categoricalGeneralizedCrossEntropy([1], z, options)));
      const second = tf.grad((z) => tf.sum(tf.mul(first(z), direction)))(output);
      const size = options.fromLogits ? 5e-3 : 5e-4;
      const step = tf.mul(direction, size);
      const difference = tf.div(
        tf.sub(first(tf.add(output, step)), first(tf.sub(output, step))),
        2 * size,
      );
      expectClose(second, difference, { relative: 5e-3, absolute: 1e-3 });
    }
  });

  describe('in model.compile', () => {
    beforeEach(() => {
      register(tf);
    });

    it('is trained on the logits behind a final softmax, by name, with accuracy and class weights', async () => {
      const layer = tf.layers.dense({
        units: 2,
        inputShape: [2],
        activation: 'softmax',
        weights: [tf.eye(2), tf.zeros([2])],
      });
      const model = tf.sequential({ layers: [layer] });
      model.compile({
        optimizer: tf.train.sgd(0),
        loss: 'categorical_generalized_cross_entropy',
        metrics: ['accuracy', 'crossentropy'],
      });
      const xs = tf.tensor2d([
        [30, 0],
        [0, 1],
      ]);
      const ys = tf.tensor1d([0, 0], 'int32');
      const scalars = model.evaluate(xs, ys) as tf.Scalar[];
      const [loss, accuracy, crossentropy] = scalars.map((s) => s.dataSync()[0]!);
      // By hand, −log p: e⁻³⁰, and log(1 + e).
      const costs = [Math.exp(-30), Math.log1p(Math.E)];
      const each = costs.map((cost) => -Math.expm1(-cost / 2) * 2);
      expect(loss).toBeCloseTo((each[0]! + each[1]!) / 2, 5);
      expect(accuracy).toBe(0.5);
      expect(crossentropy).toBeCloseTo((costs[0]! + costs[1]!) / 2, 5);
      const [weighted] = (await model.trainOnBatch(xs, ys, { classWeight: { 0: 3 } })) as number[];
      expect(weighted).toBeCloseTo((3 * (each[0]! + each[1]!)) / 2, 5);
    });
  });

  describe('never takes a label out of range for a class', () => {
    it.each([2, -1, NaN])('but %d for an error or NaN', (label) => {
      const f = () =>
        categoricalGeneralizedCrossEntropy(
          [0, label],
          [
            [1, 0],
            [0.5, 0.5],
          ],
        );
      if (READABLE.includes(backend)) expect(f).toThrow(RangeError);
      else expect([...f().dataSync()]).toEqual([0, NaN]);
    });
  });

  it.each([0, 1, -0.5, 2, NaN, '0.5', null])('rejects q = %p', (q) => {
    const make = () => new CategoricalGeneralizedCrossEntropy({ q: q as never });
    expect(make).toThrow('CategoricalGeneralizedCrossEntropy: q must be ');
  });

  it('rejects one-hot labels', () => {
    const f = () => categoricalGeneralizedCrossEntropy([[0, 1]], [[0.5, 0.5]]);
    expect(f).toThrow(ShapeError);
    expect(f).toThrow('One-hot labels are for the categorical loss');
  });
});
