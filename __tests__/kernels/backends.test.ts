import { afterEach, beforeAll, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  type Loss,
} from '../../src/pure.js';
import { backend } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';
import { describeKernels, kernelsRun, startBackends } from '../support/kernels.js';

/** The cpu backend under another name, where all kernels are but ours. */
const FOREIGN = 'cpu-without-our-kernels';

beforeAll(async () => {
  tf.registerBackend(FOREIGN, tf.findBackendFactory('cpu'));
  tf.copyRegisteredKernels('cpu', FOREIGN);
  for (const { kernelName } of tf.getKernelsForBackend(FOREIGN)) {
    if (kernelName.startsWith('TfjsLosses')) tf.unregisterKernel(kernelName, FOREIGN);
  }
  await startBackends('cpu', 'wasm', FOREIGN);
});

const setBackend = (name: string) => {
  void tf.setBackend(name);
  expect(tf.getBackend()).toBe(name);
};

afterEach(() => {
  setBackend(backend);
});

const OTHERS = ['cpu', 'wasm', FOREIGN].filter((name) => name !== backend);
const LABELS = [0, 2, 1];
/** `tf.oneHot` of TF.js 4.1 on cpu says int32 and holds floats, which wasm then reads as integers. */
const ONE_HOT = [1, 0, 0, 0, 0, 1, 0, 1, 0];
const LOGITS = [
  [1, -2, 0.5],
  [0, 3, -1],
  [4, 4, 4],
];
const WEIGHTS = [1, 0.5, 2];

const fromLogits = { fromLogits: true } as const;
const CASES: [string, Loss, () => tf.Tensor][] = [
  ['binary', new BinaryCrossentropy(fromLogits), () => tf.tensor2d(ONE_HOT, [3, 3], 'int32')],
  ['one-hot', new CategoricalCrossentropy(fromLogits), () => tf.tensor2d(ONE_HOT, [3, 3], 'int32')],
  ['sparse', new SparseCategoricalCrossentropy(fromLogits), () => tf.tensor1d(LABELS, 'int32')],
];
const pairs = OTHERS.flatMap((other) =>
  CASES.map((of): [string, string, Loss, () => tf.Tensor] => [of[0], other, of[1], of[2]]),
);

/** Value and gradients as they are where nothing is moved: see options.test.ts for what they must be. */
function expected(loss: Loss, labels: tf.Tensor) {
  const { value, grad } = tf.valueAndGrad((x) => loss(labels, x, WEIGHTS))(tf.tensor2d(LOGITS));
  const weights = tf.grad((w) => loss(labels, tf.tensor2d(LOGITS), w))(tf.tensor1d(WEIGHTS));
  return { value: value.arraySync(), gradient: grad.arraySync(), weights: weights.arraySync() };
}

const CLOSE = { relative: 2e-6, absolute: 1e-6 };

describeKernels('a fused loss is right', () => {
  it.each(pairs)('%s: tensors that live on %s', (_, other, loss, labels) => {
    const exact = expected(loss, labels());
    setBackend(other);
    const [x, y, w] = [tf.tensor2d(LOGITS), labels(), tf.tensor1d(WEIGHTS)];
    setBackend(backend);
    const { value, grad } = tf.valueAndGrad((z) => loss(y, z, w))(x);
    expectClose(value, exact.value, CLOSE);
    expectClose(grad, exact.gradient, CLOSE);
  });

  it.each(pairs)('%s: only the labels live on %s', (_, other, loss, labels) => {
    const exact = expected(loss, labels());
    setBackend(other);
    const y = labels();
    setBackend(backend);
    const { value, grad } = tf.valueAndGrad((z) => loss(y, z, WEIGHTS))(tf.tensor2d(LOGITS));
    expectClose(value, exact.value, CLOSE);
    expectClose(grad, exact.gradient, CLOSE);
  });

  it.each(pairs)('%s: moved to %s and back', (_, other, loss, labels) => {
    const exact = expected(loss, labels());
    const [x, y, w] = [tf.tensor2d(LOGITS), labels(), tf.tensor1d(WEIGHTS)];
    for (const name of [other, backend, other, backend]) {
      setBackend(name);
      const { value, grad } = tf.valueAndGrad((z) => loss(y, z, w))(x);
      expectClose(value, exact.value, CLOSE);
      expectClose(grad, exact.gradient, CLOSE);
    }
  });

  it('where the backend has no kernel of ours, by its formula', async () => {
    setBackend(FOREIGN);
    for (const [, loss, labels] of CASES) {
      const names = await kernelsRun(() => loss(labels(), tf.tensor2d(LOGITS)));
      expect(names.filter((name) => name.startsWith('Fused'))).toEqual([]);
    }
  });
});

describeKernels('gradients of a fused loss are right', () => {
  it.each(pairs)('%s: %s is set before the gradient is computed', (_, other, loss, labels) => {
    const exact = expected(loss, labels());
    const [x, y, w] = [tf.tensor2d(LOGITS), labels(), tf.tensor1d(WEIGHTS)];
    const { value, grad } = tf.valueAndGrad((z) => {
      const result = loss(y, z, w);
      setBackend(other);
      return tf.mul(result, 2);
    })(x);
    expect(tf.getBackend()).toBe(other);
    expectClose(value, tf.mul(exact.value, 2), CLOSE);
    expectClose(grad, tf.mul(exact.gradient, 2), CLOSE);
  });

  it.each(pairs)(
    '%s: %s is set before the gradient is computed, which is 1',
    (_, other, loss, labels) => {
      const exact = expected(loss, labels());
      const [x, y, w] = [tf.tensor2d(LOGITS), labels(), tf.tensor1d(WEIGHTS)];
      const gradient = tf.grad((z) => {
        const result = loss(y, z, w);
        setBackend(other);
        return result;
      })(x);
      expectClose(gradient, exact.gradient, CLOSE);
      setBackend(backend);
      const ofWeights = tf.grad((v) => {
        const result = loss(y, x, v);
        setBackend(other);
        return result;
      })(w);
      expectClose(ofWeights, exact.weights, CLOSE);
    },
  );
});
