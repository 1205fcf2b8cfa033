import { beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { Dice, dice, register, ShapeError } from '../../src/index.js';
import { float, seeded } from '../support/arbitraries.js';
import { describeFloat32 } from '../support/backend.js';
import { expectClose, TAIL } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import { expectTensorsKept, kernelsOf } from '../support/memory.js';
import golden from './dice.golden.json';

const fromLogits = { fromLogits: true };

/** Three images of 2 × 2 pixels and 2 classes. */
const labels = tf.util.toTypedArray(
  [1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0],
  'float32',
) as Float32Array;
const images = () => tf.tensor4d(labels, [3, 2, 2, 2]);
const logits = () => tf.randomNormal([3, 2, 2, 2], 0, 2, 'float32', 3);
const perImage = { axis: [1, 2, 3] };

describe('Dice', () => {
  describeGolden(Dice, golden);

  it('gives the values that Keras documents', () => {
    const yTrue = [
      [
        [[1], [1]],
        [[0], [0]],
      ],
      [
        [[1], [1]],
        [[0], [0]],
      ],
    ];
    const yPred = [
      [
        [[0], [1]],
        [[0], [1]],
      ],
      [
        [[0.4], [0]],
        [[0], [0.9]],
      ],
    ];
    expectClose(dice(yTrue, yPred, perImage), [0.5, 0.75757575]);
    expectClose(dice(yTrue, yPred), 0.6164384);
  });

  it('of nothing expected and nothing predicted is 1, without a gradient', () => {
    expectClose(dice([0, 0], [0, 0]), 1);
    expectClose(tf.grad((p) => dice([0, 0], p))(tf.zeros([2])), [0, 0]);
  });

  describeFloat32('from logits', () => {
    // mpmath 1.4, 60 digits: p = 1 / (1 + e^−x) and Dice's formula with 1e-7.
    it.each<[string, number[], number[], number, number[]]>([
      [
        'right and sure',
        [1, 1, 0, 0],
        [20, 18, -20, -25],
        2.98415430407e-8,
        [-5.1528840794e-10, -3.80749485312e-9, 5.15288377186e-10, 3.47198578894e-12],
      ],
      [
        'right and very sure',
        [1, 1, 0, 0],
        [40, 38, -40, -45],
        2.4999999385e-8,
        [-1.06208856382e-18, -7.84783198012e-18, 1.06208851072e-18, 7.15629609356e-21],
      ],
      [
        'wrong and sure',
        [1, 0, 1, 0],
        [-30, 20, -40, 25],
        1,
        [-4.67881136988e-14, 2.41104663835e-23, -2.12417707564e-18, 1.6245504528e-25],
      ],
      [
        'half right',
        [1, 0, 1, 0],
        [60, -60, -50, 50],
        0.5000000125,
        [-3.28369148128e-27, 1.09456379061e-27, -7.23281180932e-23, 2.41093718941e-23],
      ],
      [
        'sure at some, undecided at others',
        [1, 0, 1, 0],
        [80, -80, 0, 0],
        0.25000001875,
        [-5.64016053062e-36, 3.38409618301e-36, -0.0781249992187, 0.0468749976563],
      ],
    ])('keeps all digits where it is %s', (_, y, x, loss, gradient) => {
      const f = (z: tf.Tensor) => dice(y, z, fromLogits);
      expectClose(f(tf.tensor1d(x)), loss);
      expectClose(tf.grad(f)(tf.tensor1d(x)), gradient, TAIL);
    });

    it('has a gradient at ±80, and none that is NaN at ±1e4 or where logits are infinite', () => {
      const f = (z: tf.Tensor) => dice([1, 0, 1, 0], z, fromLogits);
      const alive = tf
        .grad(f)(tf.tensor1d([80, -80, 80, -80]))
        .dataSync();
      expect([...alive].map(Math.sign)).toEqual([-1, 1, -1, 1]);
      for (const large of [1e4, Infinity]) {
        const x = tf.tensor1d([large, -large, -large, large]);
        expectClose(f(x), 0.5);
        expectClose(tf.grad(f)(x), [0, 0, 0, 0]);
      }
    });

    it('is the same from logits x as from probabilities σ(x), value and gradient', () => {
      fc.assert(
        fc.property(fc.array(fc.tuple(float(0, 1), float(-6, 6)), { minLength: 1 }), (pairs) => {
          tf.tidy(() => {
            const y = tf.tensor1d(pairs.map(([label]) => label));
            const x = tf.tensor1d(pairs.map(([, logit]) => logit));
            const direct = (z: tf.Tensor) => dice(y, z, fromLogits);
            const through = (z: tf.Tensor) => dice(y, tf.sigmoid(tf.mul(z, 1)).mul(1));
            expectClose(through(x), direct(x), { relative: 1e-5 });
            expectClose(tf.grad(through)(x), tf.grad(direct)(x), {
              relative: 1e-4,
              absolute: 1e-6,
            });
          });
        }),
        seeded,
      );
    });

    it('reads what went into tf.sigmoid, while a gradient is recorded', () => {
      const x = tf.tensor1d([30, -30]);
      const gradient = tf.grad((z) => dice([1, 0], tf.sigmoid(z)))(x);
      expectClose(gradient, tf.grad((z) => dice([1, 0], z, fromLogits))(x), { relative: 0 });
      expect(gradient.dataSync()[0]).toBeLessThan(0);
    });

    it('of a softmax is that of its probabilities', () => {
      const y = [[0, 1, 0]];
      const f = (z: tf.Tensor) => dice(y, tf.softmax(z));
      // By hand: p = e^[0, 1, 2] / Σ, loss = 1 − 2 · p₁ / (1 + 1 + 1e-7).
      const p = [0, 1, 2].map((logit) => Math.exp(logit) / (1 + Math.E + Math.E ** 2));
      expectClose(f(tf.tensor2d([[0, 1, 2]])), 1 - p[1]! / (1 + 5e-8));
      expectClose(tf.grad(f)(tf.tensor2d([[0, 1, 2]])), [
        [p[1]! * p[0]!, -p[1]! * (1 - p[1]!), p[1]! * p[2]!],
      ]);
    });
  });

  describe('with classWeights', () => {
    const each = (index: number, options = {}) =>
      dice(
        images().slice([0, 0, 0, index], [-1, -1, -1, 1]),
        logits().slice([0, 0, 0, index], [-1, -1, -1, 1]),
        {
          ...fromLogits,
          ...options,
        },
      );

    it('is the weighted mean of the losses of the classes', () => {
      const f = (classWeights: number[]) =>
        dice(images(), logits(), { ...fromLogits, classWeights });
      const [first, second] = [each(0), each(1)].map((loss) => loss.dataSync()[0]!);
      expectClose(f([1, 1]), (first! + second!) / 2);
      expectClose(f([1, 3]), (first! + 3 * second!) / 4);
      expectClose(f([0, 2]), second!);
      expectClose(f([0, 0]), 0);
    });

    it('and an axis, is that for each image', () => {
      const weighted = dice(images(), logits(), {
        ...fromLogits,
        ...perImage,
        classWeights: [1, 3],
      });
      const [first, second] = [each(0, perImage), each(1, perImage)];
      expectClose(weighted, tf.div(tf.add(first, tf.mul(second, 3)), 4));
    });

    it('leaves out a class of weight 0, though it be NaN, also in the gradient', () => {
      const y = [
        [1, NaN],
        [0, 1],
      ];
      const x = tf.tensor2d([
        [2, NaN],
        [-1, 3],
      ]);
      const f = (z: tf.Tensor) => dice(y, z, { ...fromLogits, classWeights: [1, 0] });
      const alone = (z: tf.Tensor) => dice([1, 0], z, fromLogits);
      const first = tf.tensor1d([2, -1]);
      expectClose(f(x), alone(first));
      const [a, b] = tf.grad(alone)(first).dataSync();
      expectClose(tf.grad(f)(x), [
        [a!, 0],
        [b!, 0],
      ]);
    });
  });

  it('has gradients of the labels, and of second order', () => {
    const y = tf.tensor1d([0.9, 0.2, 0.6]);
    const x = tf.tensor1d([0.5, -1, 2]);
    const direction = tf.tensor1d([1, -2, 0.5]);
    const along = (f: (z: tf.Tensor) => tf.Tensor, z: tf.Tensor1D) => {
      const step = tf.mul(direction, 5e-3);
      return tf.div(tf.sub(f(tf.add(z, step)), f(tf.sub(z, step))), 1e-2);
    };
    const ofLabels = (labels: tf.Tensor) => dice(labels, x, fromLogits);
    expectClose(tf.sum(tf.mul(tf.grad(ofLabels)(y), direction)), along(ofLabels, y), {
      relative: 1e-3,
      absolute: 1e-4,
    });
    for (const options of [fromLogits, {}]) {
      const output = options === fromLogits ? x : tf.sigmoid(x);
      const first = tf.grad((z) => dice(y, z, options));
      const second = tf.grad((z) => tf.sum(tf.mul(first(z), direction)))(output);
      expectClose(second, along(first, output), { relative: 2e-3, absolute: 2e-4 });
    }
  });

  it('excludes an image of weight 0, though it be NaN, from loss and gradient', () => {
    const x = tf.concat([tf.fill([1, 2, 2, 2], NaN), logits().slice(1)]);
    const sum = new Dice({ ...fromLogits, ...perImage, reduction: 'sum' });
    const rest = sum(images().slice(1), logits().slice(1));
    expectClose(sum(images(), x, [0, 1, 1]), rest);
    const gradient = tf.grad((z) => sum(images(), z, [0, 1, 1]))(x);
    expectClose(gradient.slice(0, 1), tf.zeros([1, 2, 2, 2]));
    expect(tf.any(tf.isNaN(gradient)).dataSync()[0]).toBe(0);
  });

  describe('in model.compile', () => {
    beforeEach(() => {
      register(tf);
    });

    const xs = () =>
      tf.tensor2d([
        [1, -2],
        [0.5, 1],
        [2, 2],
        [-1, -1.5],
      ]);
    const ys = () =>
      tf.tensor2d([
        [1, 0],
        [0, 1],
        [1, 1],
        [1, 0],
      ]);
    const build = (loss: Dice | string, activation: 'sigmoid' | 'linear' = 'sigmoid') => {
      const layer = tf.layers.dense({
        units: 2,
        inputShape: [2],
        activation,
        weights: [tf.eye(2), tf.zeros([2])],
      });
      const model = tf.sequential({ layers: [layer] });
      model.compile({ optimizer: tf.train.sgd(0), loss, metrics: ['accuracy'] });
      return model;
    };
    const values = (scalars: unknown) => (scalars as tf.Scalar[]).map((s) => s.dataSync()[0]!);

    // Keras 3.15.1, model.evaluate of the same model: the mean of what each batch gives as a whole.
    it.each([
      [4, 0.2582034468650818],
      [2, 0.2626730799674988],
      [3, 0.30027544498443604],
    ])('by name is evaluated in batches of %d as in Keras', (batchSize, loss) => {
      const [value, accuracy] = values(build('dice').evaluate(xs(), ys(), { batchSize }));
      expect(value).toBeCloseTo(loss, 5);
      expect(accuracy).toBe(1);
    });

    it('and weights, which act on a single number by their mean, as in Keras', async () => {
      const sampleWeight = tf.tensor1d([1, 2, 3, 4]);
      const [value] = values(build('dice').evaluate(xs(), ys(), { sampleWeight }));
      expect(value).toBeCloseTo(0.6455086469650269, 5);
      const classWeight = { 0: 1, 1: 3 };
      const [trained] = (await build('dice').trainOnBatch(xs(), ys(), { classWeight })) as number[];
      expect(trained).toBeCloseTo(0.38730520009994507, 5);
    });

    it('and weights, which weigh images where each has a value of its own', () => {
      const sampleWeight = tf.tensor1d([1, 0, 0, 2]);
      const [value] = values(build(new Dice({ axis: 1 })).evaluate(xs(), ys(), { sampleWeight }));
      const each = dice(ys(), tf.sigmoid(xs()), { axis: 1 }).dataSync();
      expect(value).toBeCloseTo((each[0]! + 2 * each[3]!) / 4, 5);
    });

    it("with accuracy of logits: of one number whether it is above 0, of several which is the largest, as Keras's of probabilities", () => {
      const several = build(new Dice({ fromLogits: 'auto' }), 'linear');
      expect(values(several.evaluate(xs(), ys()))[1]).toBe(1);
      const layer = tf.layers.dense({
        units: 1,
        inputShape: [2],
        weights: [tf.tensor2d([[1], [0]]), tf.zeros([1])],
      });
      const one = tf.sequential({ layers: [layer] });
      one.compile({ optimizer: 'sgd', loss: new Dice(fromLogits), metrics: ['accuracy'] });
      // Logits 1, 0.5, 2, −1; between 0 and 0.5 and above the threshold of probabilities differ.
      const y = tf.tensor2d([[1], [1], [1], [1]]);
      expect(values(one.evaluate(tf.mul(xs(), 0.3), y))[1]).toBe(0.75);
    });

    it('is trained on the logits behind a final sigmoid: a gradient where σ is 1', async () => {
      const layer = tf.layers.dense({
        units: 2,
        inputShape: [2],
        activation: 'sigmoid',
        weights: [tf.eye(2), tf.zeros([2])],
      });
      const model = tf.sequential({ layers: [layer] });
      const rate = 1e8;
      model.compile({ optimizer: tf.train.sgd(rate), loss: new Dice() });
      await model.fit(tf.tensor2d([[20, 3]]), tf.tensor2d([[0, 1]]), { verbose: 0 });
      // By hand: ∂L/∂x₀ = 2 · I / S² · σ(20) · σ(−20), I = σ(3), S = σ(20) + 1 + I.
      const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
      const slope = ((2 * sigmoid(3)) / (2 + sigmoid(3)) ** 2) * Math.exp(-20);
      const [kernel] = model.getWeights();
      expect(kernel!.dataSync()[0]).toBeCloseTo(1 - rate * slope * 20, 4);
    });

    it('trains with cross-entropy, image by image, and is saved with its options', async () => {
      const loss = new Dice({ fromLogits: true, axis: 1, classWeights: [1, 2] });
      const model = build(loss, 'linear');
      let saved: tf.io.ModelArtifacts | undefined;
      const handler = tf.io.withSaveHandler((artifacts) => {
        saved = artifacts;
        return Promise.resolve({
          modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts),
        });
      });
      await model.save(handler, { includeOptimizer: true });
      const again = await tf.loadLayersModel(tf.io.fromMemory(saved!));
      const [first] = values(model.evaluate(xs(), ys()));
      expect(values(again.evaluate(xs(), ys()))[0]).toBe(first);
    });
  });

  it('of a batch as a whole is not the mean of its images', () => {
    // By hand: 3 hits of 4 + 3, and images that are right and missed.
    const y = [
      [1, 1, 1],
      [1, 0, 0],
    ];
    const p = [
      [1, 1, 1],
      [0, 0, 0],
    ];
    expectClose(new Dice()(y, p), 1 - 6 / 7, { relative: 1e-6 });
    expectClose(new Dice({ axis: 1 })(y, p), 0.5);
  });

  it('leaves no tensor behind but its result', () => {
    const [y, x] = [images(), logits()];
    for (const options of [fromLogits, {}, perImage, { ...fromLogits, classWeights: [1, 2] }]) {
      expectTensorsKept(1, () => dice(y, x, options));
      expectTensorsKept(1, () => tf.grad((z) => tf.sum(dice(y, z, options)))(x));
    }
  });

  it.each<[string, () => unknown, new (...args: never[]) => Error, string]>([
    [
      'shapes that differ',
      () => dice([[1, 0]], [[0.5]]),
      ShapeError,
      'dice: yTrue and yPred must have the same shape. Received: yTrue [1, 2] and yPred [1, 1].',
    ],
    [
      'class indices',
      () => dice([[1, 0]], tf.zeros([1, 2, 3])),
      ShapeError,
      'tf.oneHot makes labels of class indices. Received: yTrue [1, 2] and yPred [1, 2, 3].',
    ],
    [
      'an axis out of range',
      () => dice([1], [0.5], { axis: [1, 2, 3] }),
      RangeError,
      'dice: axis must be in [-1, 0] for yPred [1]. Received: [1,2,3].',
    ],
    [
      'weights that are not one per class',
      () => dice([[1, 0]], [[0.5, 0.5]], { classWeights: [1, 2, 3] }),
      ShapeError,
      'dice: classWeights must have one weight per entry of axis 1 of yPred [1, 2]. Received: 3 weights.',
    ],
    [
      'classWeights with an axis that keeps classes apart',
      () => dice([[1, 0]], [[0.5, 0.5]], { classWeights: [1, 2], axis: 0 }),
      RangeError,
      'dice: with classWeights, axis must have the classes, the last axis of yPred [1, 2]. Received: 0.',
    ],
    [
      'classWeights that are no list',
      () => new Dice({ classWeights: 2 as never }),
      TypeError,
      'Dice: classWeights must be an array with one number per class. Received: 2.',
    ],
    [
      'fromLogits that is not a boolean',
      () => new Dice({ fromLogits: 1 as never }),
      TypeError,
      "Dice: fromLogits must be true, false or 'auto'. Received: 1.",
    ],
    [
      'an axis that is not whole',
      () => new Dice({ axis: 0.5 }),
      TypeError,
      'Dice: axis must be a whole number, a list of them, or null. Received: 0.5.',
    ],
  ])('rejects %s before any kernel runs', (_, f, error, text) => {
    expect(f).toThrow(error);
    expect(f).toThrow(text);
    const attempt = () => {
      try {
        f();
      } catch {
        // Thrown above.
      }
    };
    expect(kernelsOf(attempt).filter((name) => name !== 'Fill')).toEqual([]);
  });
});
