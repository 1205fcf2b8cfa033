import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  CategoricalCrossentropy,
  ops,
  ShapeError,
  SparseCategoricalCrossentropy,
  sparseCategoricalCrossentropy,
  sparseSoftmaxCrossEntropyWithLogits,
} from '../../src/pure.js';
import { READABLE } from '../../src/core/kernel_contract.js';
import { backend } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './sparse_categorical_crossentropy.golden.json';

const fromLogits = { fromLogits: true };
const p = [
  [0.6, 0.4],
  [0.4, 0.6],
];

describe('sparse categorical cross-entropy', () => {
  describeGolden(SparseCategoricalCrossentropy, golden);

  it('gives the values that Keras documents', () => {
    const scce = new SparseCategoricalCrossentropy();
    expectClose(scce([0, 0], p), 0.71355814);
    expectClose(scce([1, 0], p), 0.9162907);
  });

  it('leaves out the ignored class: the values of Keras 3.15.1', () => {
    const q = [
      [0.1, 0.7, 0.2],
      [0.3, 0.3, 0.4],
      [0.8, 0.1, 0.1],
    ];
    const options = { ignoreClass: 2 };
    expectClose(sparseCategoricalCrossentropy([1, 2, 0], q, options), [0.35667488, 0, 0.22314355]);
    expectClose(new SparseCategoricalCrossentropy(options)([1, 2, 0], q), 0.2899092137813568);
    const sum = new SparseCategoricalCrossentropy({ ...options, reduction: 'sum' });
    expectClose(sum([1, 2, 0], q), 0.5798184275627136);
    expectClose(new SparseCategoricalCrossentropy(options)([1, 2, 0], q, [2, 5, 1]), 0.4682466);
  });

  it('ignores NaN and out-of-range labels of the ignored class, also in the gradient', () => {
    const scce = new SparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: 255 });
    const logits = tf.tensor2d([
      [0, 0],
      [NaN, Infinity],
    ]);
    expectClose(scce([1, 255], logits), Math.LN2);
    expectClose(tf.grad((x) => scce([1, 255], x))(logits), [
      [0.5, -0.5],
      [0, 0],
    ]);
  });

  it('has a gradient with respect to the labels, 0, also where a class is ignored', () => {
    const scce = new SparseCategoricalCrossentropy({ ignoreClass: -1 });
    const [dLabels] = tf.grads((labels, output) => scce(labels, output))([
      tf.tensor1d([0, -1]),
      tf.tensor2d(p),
    ]);
    expectClose(dLabels!, [0, 0]);
  });

  it('takes int32, float32 and bool labels, with or without a last axis of 1, in all ranks', () => {
    const logits = tf.tensor2d([
      [0, 1],
      [2, 0],
    ]);
    const expected = sparseCategoricalCrossentropy([1, 0], logits, fromLogits);
    for (const labels of [
      tf.tensor1d([1, 0], 'int32'),
      tf.tensor1d([1, 0]),
      tf.tensor1d([1, 0], 'bool'),
      tf.tensor2d([[1], [0]], [2, 1], 'int32'),
    ]) {
      expectClose(sparseCategoricalCrossentropy(labels, logits, fromLogits), expected);
    }
    const [, second] = tf.unstack(expected);
    expectClose(sparseCategoricalCrossentropy(0, [2, 0], fromLogits), second!);
  });

  it('takes any axis, with the same values and gradient', () => {
    const logits = tf.randomNormal([2, 3, 4], 0, 3, 'float32', 5);
    const labels = tf.tensor2d(
      [
        [0, 1, 2],
        [3, 2, 1],
      ],
      [2, 3],
      'int32',
    );
    const last = (x: tf.Tensor) => sparseCategoricalCrossentropy(labels, x, fromLogits);
    const moved = (x: tf.Tensor) =>
      sparseCategoricalCrossentropy(labels, tf.transpose(x, [0, 2, 1]), {
        fromLogits: true,
        axis: 1,
      });
    expectClose(moved(logits), last(logits));
    const sum = (f: typeof last) => tf.grad((x) => tf.sum(f(x)))(logits);
    expectClose(sum(moved), sum(last), { absolute: 1e-7 });
    const withOne = tf.expandDims(labels, 1);
    const options = { fromLogits: true, axis: -2 };
    expectClose(
      sparseCategoricalCrossentropy(withOne, tf.transpose(logits, [0, 2, 1]), options),
      last(logits),
    );
  });

  it('smooths labels and weighs classes as the categorical loss does on one-hot labels', () => {
    const options = { fromLogits: true, labelSmoothing: 0.2, classWeights: [1, 2, 0.5] };
    const logits = [
      [1, -2, 0.5],
      [0, 3, -1],
    ];
    expectClose(
      new SparseCategoricalCrossentropy(options)([2, 1], logits),
      new CategoricalCrossentropy(options)(
        [
          [0, 0, 1],
          [0, 1, 0],
        ],
        logits,
      ),
    );
  });

  it('normalises probabilities, as the categorical loss does', () => {
    // Keras 3.15.1 on jax, torch and numpy: −log(2.5 / 3.5). Its TensorFlow backend clips first: 0.6931.
    expectClose(sparseCategoricalCrossentropy([0], [[2.5, 0.5, 0.5]]), [Math.log(1.4)]);
  });

  describe('never takes a label out of range for a loss of 0', () => {
    const f = (label: number) => () => sparseCategoricalCrossentropy([0, label], p);

    it.each([2, -1, NaN, 1e9])('but %d for an error or NaN', (label) => {
      if (READABLE.includes(backend)) expect(f(label)).toThrow(RangeError);
      else expect([...f(label)().dataSync()]).toEqual([f(0)().dataSync()[0], NaN]);
    });

    if (READABLE.includes(backend)) {
      it('and says what came in', () => {
        expect(f(7)).toThrow(
          'SparseCategoricalCrossentropy: labels must be class indices in [0, 1]. Received: 7.',
        );
      });
    }
  });

  it('is its own ops', () => {
    const logits = [
      [1, -2, 0.5],
      [0, 3, -1],
    ];
    const loss = sparseCategoricalCrossentropy([2, 1], logits, fromLogits);
    expectClose(sparseSoftmaxCrossEntropyWithLogits([2, 1], logits), loss);
    expectClose(ops.sparseCategoricalCrossentropy([2, 1], logits, fromLogits), loss);
    const q = tf.softmax(tf.tensor2d(logits));
    expectClose(ops.sparseCategoricalCrossentropy([2, 1], q), loss, { relative: 2e-6 });
  });

  it.each<[string, () => unknown, string]>([
    [
      'one-hot labels',
      () => sparseCategoricalCrossentropy(p, p),
      'sparseCategoricalCrossentropy: yTrue must have the shape of yPred without its class axis, [2], ' +
        'or with 1 in its place. One-hot labels are for the categorical loss; tf.argMax makes indices of them. Received: yTrue [2, 2] and yPred [2, 2].',
    ],
    [
      'labels of another batch',
      () => sparseCategoricalCrossentropy([0, 1, 0], p),
      'Received: yTrue [3] and yPred [2, 2].',
    ],
  ])('rejects %s', (_, f, text) => {
    expect(f).toThrow(ShapeError);
    expect(f).toThrow(text);
  });

  it('rejects an ignoreClass that is not whole', () => {
    expect(() => new SparseCategoricalCrossentropy({ ignoreClass: 0.5 })).toThrow(TypeError);
  });
});
