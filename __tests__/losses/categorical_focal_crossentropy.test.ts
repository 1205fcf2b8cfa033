import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  categoricalFocalCrossentropy,
  categoricalCrossentropy,
  ShapeError,
} from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './categorical_focal_crossentropy.golden.json';

const eye = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

describe('categorical focal cross-entropy', () => {
  describeGolden(CategoricalFocalCrossentropy, golden);

  it('gives the values of Keras 3.15.1', () => {
    const hard = [
      [0, 1],
      [1, 0],
    ];
    const p = [
      [0.6, 0.4],
      [0.4, 0.6],
    ];
    expectClose(new CategoricalFocalCrossentropy()(hard, p), 0.08246616274118423);
    const options = { alpha: [0.25, 0.5, 1] };
    const third = tf.fill([3, 3], 1 / 3);
    const expected = [0.12206803, 0.24413605, 0.48827207];
    expectClose(categoricalFocalCrossentropy(eye, third, options), expected);
    expectClose(
      categoricalFocalCrossentropy(eye, tf.zeros([3, 3]), { ...options, fromLogits: true }),
      expected,
    );
  });

  it.each([0, 0.5, 1, 2, 5])('is finite everywhere for gamma %s, value and gradient', (gamma) => {
    const logits = tf.tensor2d([
      [1e4, -1e4, 0],
      [-1e4, 1e4, 0],
      [100, 0, 0],
      [0, 100, 99],
      [0, 0, 0],
    ]);
    const probabilities = tf.tensor2d([
      [1, 0, 0],
      [0, 1, 0],
      [0.5, 0.5, 0],
      [0, 0.5, 0.5],
      [0, 0, 0],
    ]);
    const labels = tf.tile([[1, 0, 0]], [5, 1]);
    for (const [output, fromLogits] of [
      [logits, true],
      [probabilities, false],
    ] as const) {
      const f = (z: tf.Tensor) => categoricalFocalCrossentropy(labels, z, { gamma, fromLogits });
      const gradient = tf.grad((z) => tf.sum(f(z)))(output);
      for (const tensor of [f(output), gradient]) {
        expect(Array.from(tensor.dataSync()).filter((v) => !Number.isFinite(v))).toEqual([]);
      }
    }
  });

  it('keeps the loss and the gradient of a row that is sure and wrong, where Keras clips', () => {
    // (1 − e⁻⁵⁰)² · 50 and its slope, 1 to 20 digits. Keras: 16.118, and a gradient of 0.
    const f = (x: tf.Tensor) =>
      categoricalFocalCrossentropy([[1, 0, 0]], x, { alpha: 1, fromLogits: true });
    const logits = tf.tensor2d([[0, 50, 0]]);
    expectClose(f(logits), [50]);
    expectClose(tf.grad((x) => tf.sum(f(x)))(logits), [[-1, 1, Math.exp(-50)]]);
  });

  it('keeps the digits of a row that is sure and right', () => {
    // rest = e⁻⁴⁰: (rest)² · rest, and three times that for the slope, by hand.
    const f = (x: tf.Tensor) =>
      categoricalFocalCrossentropy([[1, 0]], x, { alpha: 1, gamma: 1, fromLogits: true });
    const logits = tf.tensor2d([[40, 0]]);
    expectClose(f(logits), [Math.exp(-80)], { relative: 2e-6 });
    const slope = 2 * Math.exp(-80);
    expectClose(tf.grad((x) => tf.sum(f(x)))(logits), [[-slope, slope]], { relative: 4e-6 });
  });

  it('with gamma 0 and alpha 1 is categorical cross-entropy', () => {
    const logits = tf.randomNormal([3, 3], 0, 4, 'float32', 3);
    for (const fromLogits of [true, false]) {
      const output = fromLogits ? logits : tf.softmax(logits);
      expectClose(
        categoricalFocalCrossentropy(eye, output, { gamma: 0, alpha: 1, fromLogits }),
        categoricalCrossentropy(eye, output, { fromLogits }),
      );
    }
  });

  it('with gamma 0 and alpha per class weighs as classWeights do', () => {
    const alpha = [0.2, 1, 3];
    const logits = tf.randomNormal([3, 3], 0, 4, 'float32', 4);
    expectClose(
      new CategoricalFocalCrossentropy({ gamma: 0, alpha, fromLogits: true })(eye, logits),
      new CategoricalCrossentropy({ classWeights: alpha, fromLogits: true })(eye, logits),
    );
  });

  it('takes any axis, alpha per class along it', () => {
    const options = { alpha: [0.2, 1, 3], fromLogits: true };
    const logits = tf.randomNormal([2, 3, 3], 0, 4, 'float32', 4);
    const labels = tf.tensor3d([eye, eye]);
    const moved = (tensor: tf.Tensor) => tf.transpose(tensor, [0, 2, 1]);
    expectClose(
      categoricalFocalCrossentropy(moved(labels), moved(logits), { ...options, axis: 1 }),
      categoricalFocalCrossentropy(labels, logits, options),
    );
  });

  it('has second-order gradients, by central differences of the first', () => {
    const x = tf.tensor2d([[0.5, -1, 2]]);
    const direction = tf.tensor2d([[1, 2, -1]]);
    for (const gamma of [0.5, 2]) {
      const first = tf.grad((z) =>
        tf.sum(
          categoricalFocalCrossentropy([[0.2, 0.8, 0]], z, { gamma, alpha: 1, fromLogits: true }),
        ),
      );
      const second = tf.grad((z) => tf.sum(tf.mul(first(z), direction)))(x);
      const step = tf.mul(direction, 5e-3);
      const difference = tf.div(tf.sub(first(tf.add(x, step)), first(tf.sub(x, step))), 1e-2);
      expectClose(second, difference, { relative: 1e-3, absolute: 1e-3 });
    }
  });

  it('rejects a negative gamma, a negative alpha, alphas that are not one per class', () => {
    expect(() => new CategoricalFocalCrossentropy({ gamma: -0.1 })).toThrow(RangeError);
    expect(() => new CategoricalFocalCrossentropy({ alpha: [1, -1] })).toThrow(RangeError);
    expect(() => new CategoricalFocalCrossentropy({ alpha: null as never })).toThrow(
      'alpha must be a number or an array of numbers. Received: null.',
    );
    expect(() => categoricalFocalCrossentropy(eye, eye, { alpha: [1, 2] })).toThrow(ShapeError);
  });
});
