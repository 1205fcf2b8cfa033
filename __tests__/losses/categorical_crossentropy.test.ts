import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import {
  CategoricalCrossentropy,
  categoricalCrossentropy,
  ops,
  ShapeError,
  softmaxCrossEntropyWithLogits,
  sparseCategoricalCrossentropy,
} from '../../src/pure.js';
import { float, seeded } from '../support/arbitraries.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import { kernelsOf } from '../support/memory.js';
import golden from './categorical_crossentropy.golden.json';

const fromLogits = { fromLogits: true };
const y = [
  [0, 1, 0],
  [0, 0, 1],
];
const p = [
  [0.05, 0.95, 0],
  [0.1, 0.8, 0.1],
];

describe('categorical cross-entropy', () => {
  describeGolden(CategoricalCrossentropy, golden);

  it('gives the values that Keras documents', () => {
    const cce = new CategoricalCrossentropy();
    expectClose(cce(y, p), 1.1769392);
    expectClose(cce(y, p, [0.3, 0.7]), 0.8135988);
  });

  it('gives the values of Keras 3.15.1 with smoothed labels', () => {
    const q = [
      [0.1, 0.7, 0.2],
      [0.3, 0.3, 0.4],
      [0.8, 0.1, 0.1],
    ];
    const eye = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ];
    const expected = [2.0386794, 1.1752046, 2.094641];
    expectClose(categoricalCrossentropy(eye, q, { labelSmoothing: 0.3 }), expected);
    const smoothedLogits = { labelSmoothing: 0.3, fromLogits: true };
    expectClose(categoricalCrossentropy(eye, tf.log(q), smoothedLogits), expected);
  });

  it('stays exact for rows that are sure', () => {
    // log(1 + e⁻⁴⁰ + e⁻⁵⁰) and 40 + that, by hand.
    const tail = Math.exp(-40) + Math.exp(-50);
    const labels = [
      [1, 0, 0],
      [0, 1, 0],
    ];
    const logits = tf.tensor2d([
      [50, 10, 0],
      [50, 10, 0],
    ]);
    expectClose(categoricalCrossentropy(labels, logits, fromLogits), [tail, 40]);
    const gradient = tf.grad((x) => tf.sum(categoricalCrossentropy(labels, x, fromLogits)))(logits);
    expectClose(gradient, [
      [-tail, Math.exp(-40), Math.exp(-50)],
      [1, -1, Math.exp(-50)],
    ]);
  });

  it('does not count a logit of −Infinity with label 0, and an infinite one as sure', () => {
    // log(1 + e) = 1.3133, as the gradient of a softmax over the other two.
    const logits = tf.tensor2d([[-Infinity, 0, 1]]);
    expectClose(categoricalCrossentropy([[0, 1, 0]], logits, fromLogits), [1.3132616875182228]);
    const gradient = tf.grad((x) => tf.sum(categoricalCrossentropy([[0, 1, 0]], x, fromLogits)));
    const share = 1 / (1 + Math.E);
    expectClose(gradient(logits), [[0, share - 1, 1 - share]]);
    const infinite = [
      [Infinity, 0, 1],
      [Infinity, 0, 1],
    ];
    const labels = [
      [1, 0, 0],
      [0, 1, 0],
    ];
    expectClose(categoricalCrossentropy(labels, infinite, fromLogits), [0, Infinity]);
    expectClose(categoricalCrossentropy([[1, 0]], [[NaN, 0]], fromLogits), [NaN]);
  });

  it('has the true gradient for labels that do not sum to 1', () => {
    // softmax · Σ labels − labels, by hand; TensorFlow and Keras give softmax − labels.
    const gradient = tf.grad((x) => tf.sum(categoricalCrossentropy([[0.3, 0.1]], x, fromLogits)));
    expectClose(gradient(tf.tensor2d([[0, Math.log(3)]])), [[0.25 * 0.4 - 0.3, 0.75 * 0.4 - 0.1]], {
      relative: 2e-6,
    });
  });

  it('smooths over the classes of its axis, where Keras 3.15.1 counts the last axis', () => {
    // Keras issue: 1.9408 instead of log 4 · … = 1.3863 for uniform logits over 4 classes on axis 1.
    const labels = [
      [
        [1, 0],
        [0, 1],
        [0, 0],
        [0, 0],
      ],
    ];
    const loss = categoricalCrossentropy(labels, tf.zeros([1, 4, 2]), {
      fromLogits: true,
      axis: 1,
      labelSmoothing: 0.4,
    });
    expectClose(loss, [[Math.log(4), Math.log(4)]]);
  });

  it('weighs classes as PyTorch does, smoothed labels included', () => {
    // Uniform over 2 classes: (0.9 · 1 + 0.1 · 3) · log 2.
    const options = { fromLogits: true, classWeights: [1, 3], labelSmoothing: 0.2 };
    expectClose(categoricalCrossentropy([[1, 0]], [[0, 0]], options), [1.2 * Math.LN2]);
    const along1 = { fromLogits: true, classWeights: [1, 3], axis: 1 };
    const labels = tf.tensor3d([
      [
        [1, 0],
        [0, 1],
      ],
    ]);
    expectClose(categoricalCrossentropy(labels, tf.zeros([1, 2, 2]), along1), [
      [Math.LN2, 3 * Math.LN2],
    ]);
  });

  it('counts a row of zero probabilities as 1e-7 each, with a finite gradient', () => {
    expectClose(categoricalCrossentropy([[1, 0]], [[0, 0]]), [16.118095]);
    const gradient = tf.grad((q) => tf.sum(categoricalCrossentropy([[1, 0]], q)));
    expectClose(gradient(tf.tensor2d([[0, 0]])), [[0, 0]]);
  });

  it('has the gradient of tiny probabilities that do not sum to 1', () => {
    // −log(a / (a + b)): 1 / (a + b) − 1 / a and 1 / (a + b).
    const gradient = tf.grad((q) => tf.sum(categoricalCrossentropy([[1, 0]], q)));
    expectClose(gradient(tf.tensor2d([[1e-25, 3e-25]])), [[-7.5e24, 2.5e24]], { relative: 2e-6 });
  });

  it('has second-order gradients of 0 for excluded rows, though they be NaN', () => {
    const cce = new CategoricalCrossentropy(fromLogits);
    const loss = (x: tf.Tensor) =>
      cce(
        [
          [1, 0],
          [1, 0],
        ],
        x,
        [1, 0],
      );
    const second = tf.grad((x) => tf.sum(tf.square(tf.grad(loss)(x))));
    const [, excluded] = tf.split(
      second(
        tf.tensor2d([
          [1, 2],
          [NaN, 0],
        ]),
      ),
      2,
    );
    expectClose(excluded!, [[0, 0]]);
  });

  it('has second-order gradients: softmax_i · (δ_ij − softmax_j), by hand', () => {
    const logits = tf.tensor2d([[0, Math.log(3)]]);
    const first = (x: tf.Tensor) =>
      tf.grad((z) => tf.sum(categoricalCrossentropy([[1, 0]], z, fromLogits)))(x);
    const row = (index: number) =>
      tf.grad((x) => tf.sum(tf.mul(first(x), tf.oneHot([index], 2))))(logits);
    expectClose(row(0), [[0.1875, -0.1875]]);
    expectClose(row(1), [[-0.1875, 0.1875]]);
    const probabilities = (x: tf.Tensor) => tf.sum(categoricalCrossentropy([[1, 0]], x));
    const second = tf.grad((x) => tf.sum(tf.grad(probabilities)(x)))(tf.tensor2d([[0.25, 0.75]]));
    // −log(a / (a + b)): ∂²/∂a² = 1/a² − 1, ∂²/∂a∂b = −1, ∂²/∂b² = −1 where a + b = 1.
    expectClose(second, [[16 - 1 - 1, -1 - 1]], { relative: 2e-6 });
  });

  const logit = float(-30, 30);
  const rows = fc.array(
    fc.record({
      label: fc.integer({ min: 0, max: 3 }),
      logits: fc.tuple(logit, logit, logit, logit),
    }),
    { minLength: 1, maxLength: 8 },
  );

  it('does not change when a number is added to all logits, nor when classes change places', () => {
    fc.assert(
      fc.property(rows, (samples) => {
        tf.tidy(() => {
          const labels = tf.oneHot(
            samples.map(({ label }) => label),
            4,
          );
          // Whole numbers, whose sums are exact.
          const logits = tf.round(tf.tensor2d(samples.map(({ logits: row }) => row)));
          const loss = categoricalCrossentropy(labels, logits, fromLogits);
          expectClose(categoricalCrossentropy(labels, tf.add(logits, 64), fromLogits), loss);
          const [a, b] = [tf.reverse(labels, -1), tf.reverse(logits, -1)];
          expectClose(categoricalCrossentropy(a, b, fromLogits), loss, { relative: 2e-6 });
        });
      }),
      seeded,
    );
  });

  it('is the sparse loss on one-hot labels, and its own op', () => {
    fc.assert(
      fc.property(rows, (samples) => {
        tf.tidy(() => {
          const classes = samples.map(({ label }) => label);
          const logits = tf.tensor2d(samples.map(({ logits: row }) => row));
          const loss = categoricalCrossentropy(tf.oneHot(classes, 4), logits, fromLogits);
          expectClose(sparseCategoricalCrossentropy(classes, logits, fromLogits), loss);
          expectClose(softmaxCrossEntropyWithLogits(tf.oneHot(classes, 4), logits), loss);
          expectClose(ops.categoricalCrossentropy(tf.oneHot(classes, 4), logits, fromLogits), loss);
        });
      }),
      seeded,
    );
  });

  it.each<[string, () => unknown, new (...args: never[]) => Error, string]>([
    [
      'shapes that differ',
      () => categoricalCrossentropy([[1, 0]], [[1]]),
      ShapeError,
      'yTrue [1, 2] and yPred [1, 1]',
    ],
    [
      'an axis out of range',
      () => categoricalCrossentropy([[1, 0]], [[1, 0]], { axis: 2 }),
      RangeError,
      'categoricalCrossentropy: axis must be in [-2, 1] for yPred [1, 2]. Received: 2.',
    ],
    [
      'an axis that is not whole',
      () => new CategoricalCrossentropy({ axis: true as never }),
      TypeError,
      'axis must be a whole number. Received: true.',
    ],
    [
      'class weights that are not one per class',
      () => categoricalCrossentropy([[1, 0]], [[1, 0]], { classWeights: [1, 2, 3] }),
      ShapeError,
      'classWeights must have one weight per entry of axis 1 of yPred [1, 2]. Received: 3 weights.',
    ],
    [
      'a single number for class weights',
      () => new CategoricalCrossentropy({ classWeights: 2 as never }),
      TypeError,
      'classWeights must be an array with one number per class. Received: 2.',
    ],
  ])('rejects %s', (_, f, error, text) => {
    expect(f).toThrow(error);
    expect(f).toThrow(text);
    const kernels = kernelsOf(() => {
      expect(f).toThrow();
    });
    expect(kernels).toEqual([]);
  });
});
