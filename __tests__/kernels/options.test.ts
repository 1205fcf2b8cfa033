import { expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  type Reduction,
} from '../../src/pure.js';
import {
  classes,
  CLOSE,
  each,
  expectEqualBothWays,
  LOSSES,
  NAMES,
  random,
  yesNo,
} from '../support/fused.js';
import { expectClose } from '../support/expect_close.js';
import { bothWays, describeKernels, kernelsRun } from '../support/kernels.js';

const REDUCTIONS: Reduction[] = [
  'sum_over_batch_size',
  'mean',
  'sum',
  'mean_with_sample_weight',
  'none',
  null,
];

describeKernels(
  'fused losses equal the formulas in value and gradients to logits, labels and weights',
  () => {
    it.each(each(REDUCTIONS))('%s, reduction %j', (name, reduction) => {
      for (const shape of [
        [1, 1],
        [5, 3],
        [3, 2, 4],
        [2, 37],
      ]) {
        const given = LOSSES[name]!({ reduction }, random(shape, 6));
        expectEqualBothWays(given);
        const sampleWeight = tf.randomUniform(shape.slice(0, -1), 0, 2, 'float32', 7);
        expectEqualBothWays({ ...given, sampleWeight });
      }
    });

    const weights: Record<string, () => tf.Tensor> = {
      'a number': () => tf.scalar(0.7),
      '[batch]': () => tf.tensor1d([0.5, 2, 1.25]),
      '[batch, 1]': () => tf.tensor2d([0.5, 2, 1.25], [3, 1]),
      '[1, time]': () => tf.tensor2d([0.5, 2], [1, 2]),
      '[batch, time]': () => tf.tensor2d([0.5, 2, 0, 1, 3, 0.25], [3, 2]),
      '[batch, time, 1]': () => tf.tensor3d([0.5, 2, 0, 1, 3, 0.25], [3, 2, 1]),
      '[batch, time], int32': () => tf.tensor2d([1, 2, 0, 1, 3, 4], [3, 2], 'int32'),
      '[batch, time], bool': () => tf.tensor2d([1, 0, 0, 1, 1, 1], [3, 2], 'bool'),
      '[batch, time], zeros': () => tf.zeros([3, 2]),
      '[batch, time], of both signs': () => tf.tensor2d([1, -2, 0.5, -1, 3, 4], [3, 2]),
    };

    it.each(each(Object.keys(weights)))('%s, weights %s', (name, form) => {
      for (const reduction of REDUCTIONS) {
        const given = LOSSES[name]!({ reduction }, random([3, 2, 4], 8));
        expectEqualBothWays({ ...given, sampleWeight: weights[form]!() });
      }
    });

    it.each(each([0.1, 0.5, 1]))('%s, label smoothing %d', (name, labelSmoothing) => {
      for (const shape of [
        [5, 1],
        [5, 3],
        [2, 37],
      ]) {
        const given = LOSSES[name]!({ labelSmoothing }, random(shape, 9));
        expectEqualBothWays(given);
        expectEqualBothWays({
          ...given,
          sampleWeight: tf.tensor1d([1, 2, 0.5, 0, 3].slice(0, shape[0])),
        });
      }
    });

    it.each(REDUCTIONS)('ignored classes, reduction %j', (reduction) => {
      const logits = random([3, 2, 5], 10);
      for (const ignoreClass of [-1, 2, 255]) {
        const loss = new SparseCategoricalCrossentropy({
          fromLogits: true,
          reduction,
          ignoreClass,
        });
        for (const numbers of [
          [0, ignoreClass, 4, 1, ignoreClass, 3],
          Array<number>(6).fill(ignoreClass),
        ]) {
          for (const dtype of ['int32', 'float32'] as const) {
            const given = {
              loss,
              labels: tf.tensor2d(numbers, [3, 2], dtype),
              logits,
              isSparse: true,
            };
            expectEqualBothWays(given);
            expectEqualBothWays({ ...given, sampleWeight: tf.tensor1d([1, 0.5, 2]) });
            expectEqualBothWays({
              ...given,
              sampleWeight: tf.tensor2d([1, 0.5, 2, 0, 3, 4], [3, 2]),
            });
          }
        }
      }
    });

    it.each([0.3, 5, [3], [1, 0, 2.5, 7]])('posWeight %j', (posWeight) => {
      for (const axis of [-1, ...(Array.isArray(posWeight) ? [] : [null, [-2, -1]])]) {
        const width = Array.isArray(posWeight) ? posWeight.length : 4;
        const loss = new BinaryCrossentropy({
          fromLogits: true,
          posWeight,
          axis,
          labelSmoothing: 0.2,
        });
        const given = { loss, labels: yesNo([3, 2, width], 11), logits: random([3, 2, width], 12) };
        expectEqualBothWays({ ...given, isSparse: false });
        if (axis !== null) {
          const sampleWeight = tf.tensor1d([1, 0, 2.5]);
          expectEqualBothWays({ ...given, sampleWeight, isSparse: false });
        }
      }
    });

    it.each(['one-hot', 'sparse'])('class weights of %s labels', (labels) => {
      const classWeights = [0.5, 0, 2, 1, 3];
      const logits = random([3, 2, 5], 22);
      const sampleWeight = tf.tensor2d([1, 0.5, 2, 0, 3, 4], [3, 2]);
      for (const reduction of REDUCTIONS) {
        for (const labelSmoothing of [0, 0.2]) {
          const options = { fromLogits: true, reduction, classWeights, labelSmoothing };
          const given =
            labels === 'sparse'
              ? {
                  loss: new SparseCategoricalCrossentropy({ ...options, ignoreClass: 4 }),
                  labels: tf.tensor2d([0, 1, 2, 3, 4, 2], [3, 2], 'int32'),
                  isSparse: true,
                }
              : {
                  loss: new CategoricalCrossentropy(options),
                  labels: tf.softmax(random([3, 2, 5], 23)),
                  isSparse: false,
                };
          expectEqualBothWays({ ...given, logits });
          expectEqualBothWays({ ...given, logits, sampleWeight });
        }
      }
    });

    it.each([null, [-2, -1], [1, 2], [2, 1], [0, 1, 2], 0, 1, [0, 2]])(
      'axis %j of binary',
      (axis) => {
        for (const reduction of REDUCTIONS) {
          const given = LOSSES.BinaryCrossentropy!({ axis, reduction }, random([3, 2, 4], 13));
          expectEqualBothWays(given);
          if (reduction !== 'mean') expectEqualBothWays({ ...given, sampleWeight: tf.scalar(2) });
        }
      },
    );

    it('labels in other dtypes', () => {
      const logits = random([6, 3], 14);
      for (const dtype of ['int32', 'bool'] as const) {
        const labels = tf.cast(yesNo([6, 3], 15), dtype);
        for (const loss of [BinaryCrossentropy, CategoricalCrossentropy]) {
          expectEqualBothWays({
            loss: new loss({ fromLogits: true }),
            labels,
            logits,
            isSparse: true,
          });
        }
      }
    });

    it('labels and predictions whose ranks differ by a last axis of 1', () => {
      const loss = new BinaryCrossentropy({ fromLogits: true });
      for (const [labels, logits] of [
        [[4], [4, 1]],
        [[4, 1], [4]],
      ] as const) {
        const given = { loss, labels: yesNo([...labels], 16), logits: random([...logits], 17) };
        expectEqualBothWays({ ...given, isSparse: false });
      }
      const sparse = new SparseCategoricalCrossentropy({ fromLogits: true });
      const labels = classes([4, 1], 3, 18);
      expectEqualBothWays({ loss: sparse, labels, logits: random([4, 3], 19), isSparse: true });
    });
  },
);

describeKernels('fused losses take any incoming gradient', () => {
  it.each(each(['sum', 'none'] as Reduction[]))('%s, reduction %j', (name, reduction) => {
    const { loss, labels, logits } = LOSSES[name]!({ reduction }, random([4, 3], 20));
    const of = (x: tf.Tensor) => tf.sum(loss(labels, x));
    const functions: ((x: tf.Tensor) => tf.Tensor)[] = [
      (x) => tf.mul(of(x), 2),
      (x) => tf.add(of(x), tf.square(of(x))),
      (x) => tf.add(of(x), tf.sum(tf.square(x))),
      (x) => tf.neg(of(tf.mul(x, -3))),
      (x) => tf.mul(of(x), 0),
      (x) => tf.sum(tf.exp(tf.neg(loss(labels, x)))),
    ];
    for (const f of functions) {
      const { fast, formula } = bothWays(() => tf.valueAndGrad(f)(logits));
      expectClose(fast.value, formula.value, CLOSE);
      expectClose(fast.grad, formula.grad, { ...CLOSE, absolute: 2e-6 });
    }
  });

  it.each(NAMES)('%s: second-order gradients', async (name) => {
    const { loss, labels, logits } = LOSSES[name]!({}, random([4, 3], 21));
    const weights = tf.tensor1d([1, 0.5, 0, 2]);
    const once = tf.grad((x) => loss(labels, x, weights));
    const twice = (x: tf.Tensor) => tf.grad((z) => tf.sum(tf.square(once(z))))(x);
    const { fast, formula } = bothWays(() => twice(logits));
    expect(tf.max(tf.abs(formula)).arraySync()).toBeGreaterThan(1e-3);
    expectClose(fast, formula, CLOSE);
    // Only formulas have them.
    expect(await kernelsRun(() => twice(logits))).not.toContain('ScaleGradient');
  });
});
