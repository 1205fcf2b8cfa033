import { beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { Circle, circle, register, ShapeError } from '../../src/index.js';
import { isGpu } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import { expectTensorsKept } from '../support/memory.js';
import golden from './circle.golden.json';

const embeddings = [
  [1, 0],
  [0.8, 0.6],
  [0, 1],
  [-0.6, 0.8],
];
const alone = [0, 0, 1, 2];

// A product of two rows near 1 is rounded by 1e-7, and gamma, 80 and up to 256 here, multiplies that in the exponent.
const rounded = { relative: 5e-5 };

describe('Circle', () => {
  describeGolden(Circle, golden, rounded);

  it('gives the values of Keras 3.15.1', () => {
    const small = 6.7726614e-5;
    expectClose(circle([0, 0, 1, 1], embeddings), [small, 6.4016638, 6.4016638, small], rounded);
    expectClose(new Circle()([0, 0, 1, 1], embeddings), 3.2008657);
  });

  describe('leaves samples that cost 0 out of means, as Keras 3.15.1 does', () => {
    it('with and without weights', () => {
      expectClose(circle(alone, embeddings), [6.7726614e-5, 6.4016638, 0, 0], rounded);
      expectClose(new Circle()(alone, embeddings), 3.2008657);
      expectClose(new Circle()(alone, embeddings, [1, 2, 3, 4]), 6.4016976);
    });

    it('in a weighted mean', () => {
      const loss = new Circle({ reduction: 'mean_with_sample_weight' });
      expectClose(loss(alone, embeddings, [1, 2, 3, 4]), 4.2677984);
      expectClose(loss(alone, embeddings), 3.2008657);
    });

    it('also where all do, in the gradient too', () => {
      for (const labels of [
        [0, 0, 0, 0],
        [0, 1, 2, 3],
      ]) {
        expectClose(new Circle()(labels, embeddings), 0);
        const gradient = tf.grad((x) => new Circle()(labels, x))(tf.tensor2d(embeddings));
        expectClose(gradient, tf.zeros([4, 2]));
      }
    });

    it('but not those that are NaN', () => {
      const broken = [[NaN, 0], ...embeddings.slice(1)];
      // e^NaN is Infinity on webgpu.
      expect(Number.isFinite(new Circle()([0, 0, 1, 1], broken).dataSync()[0])).toBe(false);
    });
  });

  it('has finite gradients where embeddings coincide or are zero: those of Keras 3.15.1', () => {
    const gradient = (x: number[][]) =>
      tf.grad((z) => tf.sum(circle([0, 0, 1, 1], z)))(tf.tensor2d(x));
    const coincident = [
      [1, 0],
      [1, 0],
      [1, 0],
      [0, 1],
    ];
    expectClose(
      gradient(coincident),
      [
        [240, 0],
        [240, 0],
        [480, -320],
        [-320, 0],
      ],
      { absolute: 1e-3 },
    );
    const zeros = [
      [0, 0],
      [1, 0],
      [0, 0],
      [0, 1],
    ];
    expectClose(
      gradient(zeros),
      [
        [-320, 0],
        [0, 0],
        [0, -320],
        [0, 0],
      ],
      { absolute: 1e-3 },
    );
  });

  it('takes embeddings as they are: twice as long ones are others, as in Keras', () => {
    const [once, twice] = [embeddings, tf.mul(embeddings, 2)].map((x) =>
      circle(alone, x).dataSync(),
    );
    expect(Math.abs(once![1]! - twice![1]!)).toBeGreaterThan(1);
  });

  it('stays finite for embeddings of any length', () => {
    for (const length of [1e-6, 1e3, 1e6]) {
      const x = tf.mul(tf.tensor2d(embeddings), length);
      const gradient = tf.grad((z) => new Circle()([0, 0, 1, 1], z))(x);
      for (const tensor of [circle([0, 0, 1, 1], x), gradient]) {
        expect([...tensor.dataSync()].every(Number.isFinite)).toBe(true);
      }
    }
  });

  it('takes class indices [batch] and [batch, 1] of any dtype', () => {
    const expected = circle([0, 1, 1, 0], embeddings);
    for (const labels of [
      tf.tensor1d([0, 1, 1, 0], 'int32'),
      tf.tensor1d([0, 1, 1, 0], 'bool'),
      tf.tensor2d([0, 1, 1, 0], [4, 1], 'int32'),
      tf.tensor2d([0, 1, 1, 0], [4, 1]),
      [7, -3, -3, 7],
    ]) {
      expectClose(circle(labels, embeddings), expected, { relative: 0 });
      expectClose(new Circle({ reduction: 'none' })(labels, embeddings), expected, { relative: 0 });
    }
  });

  // GPUs of WebGL keep int32 in float32.
  (isGpu ? it.skip : it)('tells int32 class indices apart that float32 does not', () => {
    const large = tf.tensor1d([2 ** 24, 2 ** 24 + 1, 2 ** 24, 2 ** 24 + 1], 'int32');
    expectClose(circle(large, embeddings), circle([0, 1, 0, 1], embeddings), { relative: 0 });
  });

  it('does not depend on the order of the samples, nor on a rotation of the embeddings', () => {
    const values = circle([0, 0, 1, 1], embeddings);
    const order = [2, 0, 3, 1];
    const moved = circle(
      order.map((index) => [0, 0, 1, 1][index]!),
      order.map((index) => embeddings[index]!),
    );
    expectClose(moved, tf.gather(values, tf.tensor1d(order, 'int32')), rounded);
    const rotation = [
      [0.6, 0.8],
      [-0.8, 0.6],
    ];
    expectClose(circle([0, 0, 1, 1], tf.matMul(embeddings, rotation)), values, rounded);
  });

  it('has gradients of second order, against differences of first order', () => {
    const x = tf.tensor2d(embeddings);
    const direction = tf.tensor2d([
      [1, -1],
      [0.5, 2],
      [-1, 1],
      [0, -0.5],
    ]);
    const first = tf.grad((z) => tf.sum(circle([0, 0, 1, 1], z, { gamma: 4 })));
    const second = tf.grad((z) => tf.sum(tf.mul(first(z), direction)))(x);
    const step = tf.mul(direction, 2e-3);
    const difference = tf.div(tf.sub(first(tf.add(x, step)), first(tf.sub(x, step))), 4e-3);
    expectClose(second, difference, { relative: 1e-2, absolute: 1e-2 });
  });

  it('has a gradient of the labels, 0', () => {
    const [dLabels] = tf.grads((y, x) => new Circle()(y, x))([
      tf.tensor1d([0, 0, 1, 1]),
      tf.tensor2d(embeddings),
    ]);
    expectClose(dLabels!, [0, 0, 0, 0]);
  });

  it('of an empty batch is 0, or no values', () => {
    expectClose(new Circle()(tf.zeros([0]), tf.zeros([0, 3])), 0);
    expect(circle(tf.zeros([0, 1]), tf.zeros([0, 3])).shape).toEqual([0]);
  });

  it('leaves no tensor behind but its result', () => {
    const [y, x] = [tf.tensor1d(alone, 'int32'), tf.tensor2d(embeddings)];
    const loss = new Circle();
    expectTensorsKept(1, () => loss(y, x));
    expectTensorsKept(1, () => tf.grad((z) => loss(y, z).asScalar())(x));
  });

  describe('in model.compile', () => {
    beforeEach(() => {
      register(tf);
    });

    it('trains embeddings on class indices, weighs samples and classes, and is saved', async () => {
      const layer = tf.layers.dense({
        units: 2,
        inputShape: [2],
        weights: [tf.eye(2), tf.zeros([2])],
      });
      const model = tf.sequential({ layers: [layer] });
      model.compile({ optimizer: tf.train.sgd(0), loss: new Circle() });
      const [xs, ys] = [tf.tensor2d(embeddings), tf.tensor1d(alone, 'int32')];
      const value = (scalar: unknown) => (scalar as tf.Scalar).dataSync()[0]!;
      expect(value(model.evaluate(xs, ys))).toBeCloseTo(3.2008657, 4);
      const sampleWeight = tf.tensor1d([1, 2, 3, 4]);
      expect(value(model.evaluate(xs, ys, { sampleWeight }))).toBeCloseTo(6.4016976, 4);
      const trained = await model.trainOnBatch(xs, ys, { classWeight: { 0: 2 } });
      expect(trained as number).toBeCloseTo(6.4017314, 4);
    });
  });

  it.each<[string, () => unknown, new (...args: never[]) => Error, string]>([
    [
      'labels of another batch',
      () => circle([0, 1], embeddings),
      ShapeError,
      'circle: yTrue must be class indices [batch] or [batch, 1], and yPred embeddings [batch, size]. ' +
        'Received: yTrue [2] and yPred [4, 2].',
    ],
    ['one-hot labels', () => circle(embeddings, embeddings), ShapeError, 'yTrue [4, 2]'],
    ['embeddings of rank 3', () => circle([0], tf.zeros([1, 2, 3])), ShapeError, 'yPred [1, 2, 3]'],
    [
      'a negative gamma',
      () => new Circle({ gamma: -1 }),
      RangeError,
      'Circle: gamma must be finite and at least 0. Received: -1.',
    ],
    [
      'a margin that is no number',
      () => new Circle({ margin: NaN }),
      TypeError,
      'Circle: margin must be a finite number. Received: NaN.',
    ],
    [
      'removeDiagonal that is not a boolean',
      () => new Circle({ removeDiagonal: 1 as never }),
      TypeError,
      'Circle: removeDiagonal must be true or false. Received: 1.',
    ],
  ])('rejects %s', (_, f, error, text) => {
    expect(f).toThrow(error);
    expect(f).toThrow(text);
  });
});
