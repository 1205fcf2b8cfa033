import { expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  binaryCrossentropy,
  BinaryCrossentropy,
  categoricalCrossentropy,
  CategoricalCrossentropy,
  sparseCategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  type Loss,
} from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeKernels, kernelsRun } from '../support/kernels.js';

const fromLogits = { fromLogits: true } as const;

const binary = (options = {}) => new BinaryCrossentropy({ ...fromLogits, ...options });
const dense = (options = {}) => new CategoricalCrossentropy({ ...fromLogits, ...options });
const sparse = (options = {}) => new SparseCategoricalCrossentropy({ ...fromLogits, ...options });

const SIGMOID = 'FusedSigmoidCrossEntropy';
const SOFTMAX = 'FusedSoftmaxCrossEntropy';
const SPARSE = 'FusedSparseSoftmaxCrossEntropy';

/** Losses with labels for logits of shape [2, 3, 4]. */
const CASES: Record<string, [kernel: string, loss: () => Loss, labels: () => tf.Tensor]> = {
  binary: [SIGMOID, () => binary(), () => tf.ones([2, 3, 4])],
  'binary, smoothed': [SIGMOID, () => binary({ labelSmoothing: 0.1 }), () => tf.ones([2, 3, 4])],
  'binary, posWeight': [SIGMOID, () => binary({ posWeight: 3 }), () => tf.ones([2, 3, 4])],
  'binary, posWeight per label': [
    SIGMOID,
    () => binary({ posWeight: [1, 2, 3, 4] }),
    () => tf.ones([2, 3, 4]),
  ],
  'binary over all axes': [SIGMOID, () => binary({ axis: null }), () => tf.ones([2, 3, 4])],
  'binary over the last axes': [SIGMOID, () => binary({ axis: [1, -1] }), () => tf.ones([2, 3, 4])],
  'binary, sum': [SIGMOID, () => binary({ reduction: 'sum' }), () => tf.ones([2, 3, 4])],
  'binary, none': [SIGMOID, () => binary({ reduction: 'none' }), () => tf.ones([2, 3, 4])],
  'one-hot': [SOFTMAX, () => dense(), () => tf.oneHot(tf.zeros([2, 3], 'int32'), 4)],
  'one-hot, smoothed': [SOFTMAX, () => dense({ labelSmoothing: 0.1 }), () => tf.ones([2, 3, 4])],
  'one-hot along the axis that is the last': [
    SOFTMAX,
    () => dense({ axis: 2 }),
    () => tf.ones([2, 3, 4]),
  ],
  sparse: [SPARSE, () => sparse(), () => tf.zeros([2, 3], 'int32')],
  'sparse, smoothed': [
    SPARSE,
    () => sparse({ labelSmoothing: 0.1 }),
    () => tf.zeros([2, 3], 'int32'),
  ],
  'sparse, ignoreClass': [
    SPARSE,
    () => sparse({ ignoreClass: 0 }),
    () => tf.zeros([2, 3], 'int32'),
  ],
  'sparse, float32 labels': [SPARSE, () => sparse(), () => tf.zeros([2, 3])],
};

describeKernels('one kernel computes the loss, and one more scales its gradient', () => {
  it.each(Object.keys(CASES))('%s', async (name) => {
    const [kernel, loss, labels] = CASES[name]!;
    const [f, y, logits] = [loss(), labels(), tf.randomNormal([2, 3, 4])];
    const forward = await tf.profile(() => f(y, logits));
    expect(forward.kernels.map((ran) => ran.name)).toEqual([`TfjsLosses${kernel}`]);
    const perRow = f.reduction === 'none';
    const both = await tf.profile(() => {
      const { value, grad } = tf.valueAndGrad((x) => (perRow ? tf.sum(f(y, x)) : f(y, x)))(logits);
      return [value, grad];
    });
    const names = both.kernels.map((ran) => ran.name);
    const ours = names.filter((ran) => ran.startsWith('TfjsLosses'));
    expect(ours).toEqual([`TfjsLosses${kernel}`, 'TfjsLossesScaleGradient']);
    // TF.js starts with a gradient of 1, and the gradient of its sum over rows fills them.
    const others = new Set(names.filter((ran) => !ours.includes(ran)));
    for (const ran of [
      'Fill',
      ...(perRow ? ['Identity', 'Sum', 'Reshape', 'Tile', 'Multiply'] : []),
    ])
      others.delete(ran);
    expect([...others]).toEqual([]);
  });

  const weights: Record<string, tf.TensorLike> = {
    'one per row': [
      [1, 2, 3],
      [0, 0.5, 1],
    ],
    'one per sample': [1, 2],
    'a number': 2,
  };

  it.each(
    Object.keys(CASES).flatMap((name) =>
      Object.keys(weights).map((of): [string, string] => [name, of]),
    ),
  )('%s, weights: %s', async (name, of) => {
    const [kernel, loss, labels] = CASES[name]!;
    const logits = tf.randomNormal([2, 3, 4]);
    const isOneRow = loss().options.constructor === Object && name === 'binary over all axes';
    const wide = name === 'binary over the last axes' && of === 'one per row';
    const weight = isOneRow ? 2 : wide ? [1, 2] : weights[of]!;
    const f = (x: tf.Tensor) => tf.sum(loss()(labels(), x, weight));
    expect(await kernelsRun(() => f(logits))).toEqual([kernel]);
    expect(await kernelsRun(() => tf.grad(f)(logits))).toEqual([kernel, 'ScaleGradient']);
  });

  it('without a tape no gradient is computed: the result alone takes memory', async () => {
    const logits = tf.randomNormal([100, 50]);
    const cases: [Loss, tf.Tensor][] = [
      [binary(), tf.ones([100, 50])],
      [dense(), tf.ones([100, 50])],
      [sparse(), tf.zeros([100], 'int32')],
    ];
    for (const [loss, labels] of cases) {
      const { newBytes, newTensors, kernels } = await tf.profile(() => loss(labels, logits));
      expect([newTensors, newBytes]).toEqual([1, 4]);
      expect(kernels.map(({ outputShapes }) => outputShapes)).toEqual([[[]]]);
    }
    const none = await tf.profile(() => binary({ reduction: 'none' })(tf.ones([100, 50]), logits));
    expect(none.kernels.at(-1)!.outputShapes).toEqual([[100]]);
  });
});

describeKernels('the formula runs instead of the kernel', () => {
  const logits = () =>
    tf.tensor2d([
      [1, -2, 3],
      [0, 1, 2],
    ]);

  it('where a subclass has a compute of its own', async () => {
    class Doubled extends BinaryCrossentropy {
      static override readonly className: string = 'Doubled';
      override compute(...[yTrue, yPred]: Parameters<BinaryCrossentropy['compute']>) {
        return tf.mul(super.compute(yTrue, yPred), 2);
      }
    }
    const loss = new Doubled(fromLogits);
    expectClose(loss(tf.ones([2, 3]), logits()), tf.mul(binary()(tf.ones([2, 3]), logits()), 2));
    expect(await kernelsRun(() => loss(tf.ones([2, 3]), logits()))).not.toContain(SIGMOID);
  });

  it('and the kernel where a subclass changes neither', async () => {
    class Named extends BinaryCrossentropy {
      static override readonly className: string = 'Named';
    }
    expect(await kernelsRun(() => new Named(fromLogits)(tf.ones([2, 3]), logits()))).toEqual([
      SIGMOID,
    ]);
  });

  it('where rows do not lie behind one another, and for probabilities', async () => {
    const cases: [Loss, tf.Tensor][] = [
      [binary({ axis: 0 }), tf.ones([2, 3])],
      [binary({ axis: [] }), tf.ones([2, 3])],
      [dense({ axis: 0 }), tf.ones([2, 3])],
      [sparse({ axis: 0 }), tf.zeros([3], 'int32')],
      [new BinaryCrossentropy(), tf.ones([2, 3])],
    ];
    for (const [loss, labels] of cases) {
      const ran = await kernelsRun(() => loss(labels, logits()));
      expect(ran.filter((name) => name.startsWith('Fused'))).toEqual([]);
    }
  });
});

describeKernels('the kernel runs also', () => {
  it('where classes have weights', async () => {
    const one = () => dense({ classWeights: [1, 2, 3] })(tf.ones([2, 3]), tf.zeros([2, 3]));
    expect(await kernelsRun(one)).toContain(SOFTMAX);
    const index = () =>
      sparse({ classWeights: [1, 2, 3] })(tf.zeros([2], 'int32'), tf.zeros([2, 3]));
    expect((await kernelsRun(index)).filter((name) => name.startsWith('Fused'))).toEqual([SPARSE]);
  });

  it('where probabilities were made from logits that are known', async () => {
    const x = tf.randomNormal([2, 3]);
    const y = tf.ones([2, 3]);
    const sigmoid = (z: tf.Tensor) => new BinaryCrossentropy()(y, tf.sigmoid(z));
    const softmax = (z: tf.Tensor) => new CategoricalCrossentropy()(y, tf.softmax(z));
    expect(await kernelsRun(() => tf.grad(sigmoid)(x))).toEqual([SIGMOID, 'ScaleGradient']);
    expect(await kernelsRun(() => tf.grad(softmax)(x))).toEqual([SOFTMAX, 'ScaleGradient']);
  });

  it('in the function forms', async () => {
    const x = tf.randomNormal([2, 3]);
    const run = () => [
      binaryCrossentropy(tf.ones([2, 3]), x, fromLogits),
      categoricalCrossentropy(tf.ones([2, 3]), x, fromLogits),
      sparseCategoricalCrossentropy([0, 1], x, fromLogits),
    ];
    expect(await kernelsRun(run)).toEqual([SIGMOID, SOFTMAX, SPARSE]);
  });
});
