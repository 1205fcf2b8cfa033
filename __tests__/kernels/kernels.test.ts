import { afterAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { negativeLogSoftmax } from '../../src/ops/negative_log_softmax.js';
import { sigmoidCrossEntropy } from '../../src/ops/sigmoid_cross_entropy_with_logits.js';
import { oneHot } from '../../src/ops/class_labels.js';
import { registerKernels, unregisterKernels } from '../../src/kernels/register.js';
import { seeded } from '../support/arbitraries.js';
import { composed, isGpu } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';
import { expectTensorsKept } from '../support/memory.js';

/** Any float32 at all, often a special one. */
const anything = fc.oneof(
  fc.float(),
  fc.float({ min: -50, max: 50 }),
  fc.constantFrom(0, -0, Infinity, -Infinity, NaN, 1e-45, 3.4028234663852886e38),
);

/** The op and its gradient with respect to its last input, with kernels and as formulas. */
function bothWays(op: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor) {
  const run = () => ({ value: op(x), gradient: tf.grad((z) => tf.sum(op(z)))(x) });
  registerKernels();
  const fast = run();
  unregisterKernels();
  return { fast, formula: run() };
}

afterAll(() => {
  if (composed) unregisterKernels();
  else registerKernels();
});

// On a GPU these ops are their formulas.
const describeJavaScript = isGpu ? describe.skip : describe;

describeJavaScript('kernels equal the formulas', () => {
  const shapes: [number[], number][] = [
    [[1, 1], 1],
    [[3, 1], 1],
    [[1, 3], 1],
    [[5, 7], 1],
    [[5, 7], 0],
    [[2, 3, 4], 0],
    [[2, 3, 4], 1],
    [[2, 3, 4], 2],
    [[0, 3], 1],
  ];

  it.each(shapes)('softmax costs of shape %j along axis %i', (shape, axis) => {
    for (const scale of [0.1, 5, 60]) {
      const x = tf.randomNormal(shape, 0, scale, 'float32', 7);
      const weights = tf.randomUniform(shape, 0, 1, 'float32', 8);
      const op = (z: tf.Tensor) => tf.mul(negativeLogSoftmax(z, axis), weights);
      const { fast, formula } = bothWays(op, x);
      expectClose(fast.value, formula.value, { relative: 2e-6, absolute: 1e-30 });
      expectClose(fast.gradient, formula.gradient, { relative: 2e-6, absolute: 2e-6 });
    }
  });

  it.each(shapes)('one-hot labels for shape %j along axis %i', (shape, axis) => {
    const output = tf.zeros(shape);
    const rest = shape.filter((_, i) => i !== axis);
    const indices = tf.floor(tf.randomUniform(rest, -1, (shape[axis] ?? 0) + 1, 'float32', 9));
    const { fast, formula } = bothWays(() => oneHot(indices, output, axis), indices);
    expectClose(fast.value, formula.value);
  });

  it('for any numbers at all: NaN and infinities where the formula has them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anything, anything), { minLength: 2, maxLength: 6 }),
        (pairs) => {
          tf.tidy(() => {
            const x = tf.tensor1d(pairs.map(([value]) => value));
            const labels = tf.tensor1d(pairs.map(([, label]) => (label > 0 ? 1 : 0)));
            const sigmoid = bothWays((z) => sigmoidCrossEntropy(labels, z), x);
            expectClose(sigmoid.fast.value, sigmoid.formula.value, { relative: 2e-6 });
            expectClose(sigmoid.fast.gradient, sigmoid.formula.gradient, { relative: 2e-6 });
            const softmax = bothWays((z) => negativeLogSoftmax(z, 0), x);
            expectClose(softmax.fast.value, softmax.formula.value, { relative: 2e-6 });
          });
        },
      ),
      seeded,
    );
  });

  it('and leave no tensor behind', () => {
    registerKernels();
    const x = tf.randomNormal([4, 3]);
    expectTensorsKept(1, () => negativeLogSoftmax(x, 1));
    expectTensorsKept(1, () => tf.grad((z) => tf.sum(negativeLogSoftmax(z, 1)))(x));
  });

  it('are taken back, and may be registered twice', () => {
    const x = tf.tensor1d([1, 2]);
    registerKernels();
    registerKernels();
    const value = negativeLogSoftmax(x, 0);
    unregisterKernels();
    unregisterKernels();
    expectClose(negativeLogSoftmax(x, 0), value, { relative: 1e-6 });
    expect(value.shape).toEqual([2]);
    unregisterKernels();
    const names = tf.getKernelsForBackend(tf.getBackend()).map(({ kernelName }) => kernelName);
    expect(names.filter((name) => name.startsWith('TfjsLosses'))).toEqual([]);
    expect(tf.getGradient('TfjsLossesNegativeLogSoftmax')).toBeUndefined();
  });
});
