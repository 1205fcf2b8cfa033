/** Custom loops: a loss of `tf.sigmoid(x)` or `tf.softmax(x)` whose gradient is recorded reads x itself. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  binaryCrossentropy,
  BinaryFocalCrossentropy,
  binaryFocalCrossentropy,
  CategoricalCrossentropy,
  categoricalCrossentropy,
  CategoricalFocalCrossentropy,
  categoricalFocalCrossentropy,
  SparseCategoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';

type Loop = (labels: tf.TensorLike, output: tf.Tensor) => tf.Tensor;

/** Value and gradient of a step that makes probabilities of x. */
function step(loss: Loop, labels: tf.TensorLike, activation: (x: tf.Tensor) => tf.Tensor) {
  const f = (x: tf.Tensor) => tf.sum(loss(labels, activation(x)));
  return (x: tf.TensorLike) => tf.valueAndGrad(f)(tf.tensor(x));
}

const sum = { reduction: 'sum' } as const;
/** What a probability of nearly 0 costs where it should be 1. */
const CLIPPED = -Math.log(1e-7);

describe('binary losses of tf.sigmoid(x)', () => {
  const losses: [string, Loop][] = [
    ['BinaryCrossentropy', (y, p) => new BinaryCrossentropy(sum)(y, p)],
    ['binaryCrossentropy', (y, p) => binaryCrossentropy(y, p)],
    ['BinaryFocalCrossentropy', (y, p) => new BinaryFocalCrossentropy({ ...sum, gamma: 0 })(y, p)],
    ['binaryFocalCrossentropy', (y, p) => binaryFocalCrossentropy(y, p, { gamma: 0 })],
  ];

  describe.each(losses)('%s', (_, loss) => {
    it.each([
      // By hand: log(1 + exp(x)) − y · x, and σ(x) − y.
      [0, 40, 40, 1],
      [1, -40, 40, -1],
      [1, 40, Math.exp(-40), -Math.exp(-40)],
      [0, -40, Math.exp(-40), Math.exp(-40)],
      [0, 1e4, 1e4, 1],
      [1, -1e4, 1e4, -1],
      [1, 1e4, 0, 0],
      [0, -1e4, 0, 0],
      [1, 0, Math.LN2, -0.5],
    ])('has for label %p and x = %p the value %p and the gradient %p', (y, x, value, gradient) => {
      const got = step(loss, [[y]], tf.sigmoid)([[x]]);
      expectClose(got.value, value);
      expectClose(got.grad, [[gradient]]);
    });
  });

  // By hand, in float64: log p = x − log Σ e^x, log(1 − p) = log(Σ of the others) − log Σ e^x, and their derivatives.
  describe.each([
    [
      [1, 2, 3],
      [0, 1, 0],
    ],
    [
      [40, 0, -40],
      [0, 1, 0],
    ],
    [
      [100, 100, 0],
      [0, 1, 0],
    ],
    [
      [-50, 60, 1],
      [1, 1, 0],
    ],
    [
      [0, 0, 0],
      [1, 0, 1],
    ],
    [
      [12, -12],
      [0, 1],
    ],
  ])('of a softmax of %j, whose entries each are a yes or no, with labels %j', (x, y) => {
    const logSum = (values: number[]) => {
      const largest = Math.max(...values);
      return largest + Math.log(values.reduce((total, v) => total + Math.exp(v - largest), 0));
    };
    const without = (j: number) => x.filter((_, k) => k !== j);
    const cost = x.reduce(
      (total, xj, j) => total + logSum(x) - (y[j] === 1 ? xj : logSum(without(j))),
      0,
    );
    const slope = x.map((xk, k) =>
      x.reduce((total, _, j) => {
        const p = Math.exp(xk - logSum(x));
        if (y[j] === 1) return total + p - Number(j === k);
        return total + p - (j === k ? 0 : Math.exp(xk - logSum(without(j))));
      }, 0),
    );

    it.each(losses)('%s', (_, loss) => {
      const got = step(loss, [y], tf.softmax)([x]);
      expectClose(got.value, cost / x.length, { absolute: 1e-6 });
      expectClose(got.grad, [slope.map((each) => each / x.length)], { absolute: 1e-6 });
    });
  });

  it('of a softmax over one unit, are of its probability, which is 1 whatever the logit', () => {
    const bce = (y: tf.TensorLike, p: tf.Tensor) => binaryCrossentropy(y, p);
    // The largest float32 below 1 is 1 − 2⁻²⁴, and 1 − 1e-7 is rounded to the one before.
    expectClose(step(bce, [[0]], tf.softmax)([[3]]).value, -Math.log(2 ** -23), { relative: 1e-6 });
  });

  it('with options, weights and labels [batch], as from logits', () => {
    const options = { ...sum, labelSmoothing: 0.2, posWeight: 3 };
    const x = [[40], [-40], [0.5]];
    const [labels, weights] = [
      [0, 1, 1],
      [1, 2, 0.5],
    ];
    const probabilities = new BinaryCrossentropy(options);
    const logits = new BinaryCrossentropy({ ...options, fromLogits: true });
    const [got, expected] = [
      step((y, p) => probabilities(y, p, weights), labels, tf.sigmoid)(x),
      step(
        (y, p) => logits(y, p, weights),
        labels,
        (z) => z,
      )(x),
    ];
    expectClose(got.value, expected.value);
    expectClose(got.grad, expected.grad);
  });

  it('trains a variable from the wrong side of saturation, and leaves no tensor behind', () => {
    const kernel = tf.variable(tf.tensor2d([[40]]));
    const loss = new BinaryCrossentropy();
    const optimizer = tf.train.sgd(10);
    const [features, labels] = [tf.tensor2d([[1], [-1]]), tf.tensor2d([[0], [1]])];
    const train = () => {
      optimizer.minimize(() => loss(labels, tf.sigmoid(tf.matMul(features, kernel))), false, [
        kernel,
      ]);
    };
    train();
    const before = tf.memory().numTensors;
    train();
    train();
    expect(tf.memory().numTensors).toBe(before);
    // A slope of 1 as long as both are all wrong.
    expectClose(kernel, [[10]]);
    kernel.dispose();
  });

  it('has a second derivative: the slope of σ', () => {
    const slope = tf.grad((z: tf.Tensor) => tf.sum(binaryCrossentropy([[1]], tf.sigmoid(z))));
    const curvature = tf.grad((z: tf.Tensor) => tf.sum(slope(z)))(tf.tensor2d([[-20]]));
    expectClose(curvature, [[Math.exp(-20) / (1 + Math.exp(-20)) ** 2]], { relative: 1e-5 });
  });
});

describe('losses over classes of tf.softmax(x)', () => {
  const losses: [string, (options: { axis?: number }) => Loop, boolean][] = [
    [
      'CategoricalCrossentropy',
      (o) => (y, p) => new CategoricalCrossentropy({ ...sum, ...o })(y, p),
      false,
    ],
    ['categoricalCrossentropy', (o) => (y, p) => categoricalCrossentropy(y, p, o), false],
    [
      'CategoricalFocalCrossentropy',
      (o) => (y, p) => new CategoricalFocalCrossentropy({ ...sum, gamma: 0, alpha: 1, ...o })(y, p),
      false,
    ],
    [
      'categoricalFocalCrossentropy',
      (o) => (y, p) => categoricalFocalCrossentropy(y, p, { gamma: 0, alpha: 1, ...o }),
      false,
    ],
    [
      'SparseCategoricalCrossentropy',
      (o) => (y, p) => new SparseCategoricalCrossentropy({ ...sum, ...o })(y, p),
      true,
    ],
    [
      'sparseCategoricalCrossentropy',
      (o) => (y, p) => sparseCategoricalCrossentropy(y, p, o),
      true,
    ],
  ];

  describe.each(losses)('%s', (_, make, isSparse) => {
    const labels = isSparse ? [0] : [[1, 0, 0]];

    it.each([
      // The right class far behind, far ahead, and level with one of the two others.
      [[-40, 0, -1e4], 40, [-1, 1, 0]],
      [[-1e4, 0, -1e4], 1e4, [-1, 1, 0]],
      [[40, 0, -1e4], Math.exp(-40), [-Math.exp(-40), Math.exp(-40), 0]],
      [[1e4, 0, 0], 0, [0, 0, 0]],
      [[5, 5, -1e4], Math.LN2, [-0.5, 0.5, 0]],
    ])('has for %j the value %p and the gradient %j', (row, value, gradient) => {
      const got = step(make({}), labels, tf.softmax)([row]);
      expectClose(got.value, value);
      expectClose(got.grad, [gradient]);
    });

    it('reads probabilities where it runs along another axis than the softmax', () => {
      const square = [
        [0, -40],
        [-40, 0],
      ];
      // Along axis 0 all labels are on the class that has 4e-18: the clip.
      const wrong = isSparse
        ? [1, 0]
        : [
            [0, 1],
            [1, 0],
          ];
      const got = step(make({ axis: 0 }), wrong, tf.softmax)(square);
      expectClose(got.value, 2 * CLIPPED);
      expectClose(got.grad, tf.zeros([2, 2]), { absolute: 1e-6 });
      // And along the axis of the softmax it does not.
      expectClose(step(make({ axis: 1 }), wrong, tf.softmax)(square).value, 80);
    });
  });
});

describe('probabilities count as they are', () => {
  const loss = new BinaryCrossentropy(sum);
  const categorical = new CategoricalCrossentropy(sum);
  const row = [[40, 0]];

  it('outside of a gradient', () => {
    expectClose(loss([[1]], tf.sigmoid([[-40]])), CLIPPED);
    expectClose(binaryCrossentropy([[1]], tf.sigmoid([[-40]])), [CLIPPED]);
    expectClose(categorical([[0, 1]], tf.softmax(tf.tensor2d(row))), CLIPPED);
  });

  it('where the loss is told that they are logits', () => {
    const odd = new BinaryCrossentropy({ ...sum, fromLogits: true });
    // By hand: log(1 + exp(1)) for a probability of 1.
    expectClose(step(odd, [[0]], tf.sigmoid)([[40]]).value, Math.log1p(Math.E));
  });

  it('where x is gone', () => {
    const tidied = (activation: (x: tf.Tensor) => tf.Tensor) => (x: tf.Tensor) =>
      tf.tidy(() => activation(tf.mul(x, 1)));
    expectClose(step(loss, [[1]], tidied(tf.sigmoid))([[-40]]).value, CLIPPED);
    expectClose(step(categorical, [[0, 1]], tidied(tf.softmax))(row).value, CLIPPED);
  });

  it('where something was done to them since', () => {
    const scaled = (x: tf.Tensor) => tf.mul(tf.sigmoid(x), 1);
    expectClose(step(loss, [[1]], scaled)([[-40]]).value, CLIPPED);
    const swapped = (x: tf.Tensor) => tf.reverse(tf.softmax(x), -1);
    expectClose(step(categorical, [[1, 0]], swapped)(row).value, CLIPPED);
  });

  it("where another activation made them than the loss's own", () => {
    expectClose(step(categorical, [[0, 1]], tf.sigmoid)([[40, -40]]).value, CLIPPED);
  });

  it('of a step that is over', () => {
    let kept = tf.scalar(0) as tf.Tensor;
    tf.grad((x) => (kept = tf.keep(tf.sigmoid(x))))(tf.tensor2d([[-40]]));
    const { value } = tf.valueAndGrad((x) => tf.mul(x, loss([[1]], kept)))(tf.scalar(1));
    expectClose(value, CLIPPED);
    kept.dispose();
  });

  it('where an inner gradient asks for that of the probabilities themselves', () => {
    const x = tf.tensor2d([[0.5]]);
    const outer = tf.grad((logits) => {
      const p = tf.sigmoid(logits);
      return tf.sum(tf.mul(tf.grad((q) => loss([[1]], q))(p), p));
    });
    // The inner one is −1 / p, and times p it is −1, whatever the logits.
    expectClose(outer(x), [[0]], { absolute: 1e-6 });
  });
});
