import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { BinaryCrossentropy, SparseCategoricalCrossentropy } from '../../src/pure.js';
import { backend } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';
import { describeKernels, kernelsRun, startBackends } from '../support/kernels.js';

const { abs, exp, fround, log1p, max } = Math;

const fromLogits = { fromLogits: true } as const;
const binary = new BinaryCrossentropy(fromLogits);
const sparse = new SparseCategoricalCrossentropy(fromLogits);

/** The bytes of the wasm backend: it gets more as it needs them, and views of what it had before are dead then. */
function heapBytes(): number {
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return wasm.HEAPU8.byteLength;
}

/** Runs the function, which must make the heap grow. */
function growing<Result>(f: () => Result): Result {
  const before = heapBytes();
  const result = f();
  expect(heapBytes()).toBeGreaterThan(before);
  return result;
}

/** Tensors of another backend, which move when they are used. */
function onCpu<Result>(make: () => Result): Result {
  void tf.setBackend('cpu');
  const made = make();
  void tf.setBackend('wasm');
  return made;
}

/** Logits of 1 with labels of 0: a loss of log(1 + e) each, and the gradient σ(1) over their number. */
function expectRight({ value, grad }: { value: tf.Tensor; grad: tf.Tensor }): void {
  expectClose(value, log1p(exp(1)), { relative: 1e-6 });
  const numbers = grad.dataSync();
  const exact = 1 / (1 + exp(-1)) / numbers.length;
  let far = 0;
  for (const number of numbers) far = max(far, abs(number - fround(exact)));
  expect(far).toBeLessThan(5e-7 * exact);
}

const step = (y: tf.Tensor, x: tf.Tensor) => tf.valueAndGrad((z) => binary(y, z))(x);

beforeAll(async () => {
  await startBackends('cpu');
});

const describeWasm = backend === 'wasm' ? describeKernels : describe.skip;

describeWasm('on wasm, a fused loss is right', () => {
  it('after the heap has grown between two calls', () => {
    const [x, y] = [tf.ones([100, 7]), tf.zeros([100, 7])];
    step(y, x);
    growing(() => tf.zeros([heapBytes() / 4]));
    expectRight(step(y, x));
    expectClose(sparse(tf.zeros([100]), x), Math.log(7));
    const perLabel = new BinaryCrossentropy({ fromLogits: true, posWeight: [1, 2, 3, 4, 5, 6, 7] });
    expectClose(perLabel(tf.ones([100, 7]), x), 4 * log1p(exp(-1)));
  });

  it('when the heap grows for its inputs', () => {
    const size = heapBytes() / 4;
    const [x, y] = onCpu(() => [tf.ones([size, 1]), tf.zeros([size, 1])] as const);
    expectRight(growing(() => step(y, x)));
  });

  it('when the heap grows for labels that are class indices, and for weights', () => {
    const rows = heapBytes() / 4;
    const x = tf.ones([rows, 2]);
    const [y, w] = onCpu(() => [tf.zeros([rows]), tf.ones([rows])] as const);
    // As if the heap were full: what is allocated from here on is not there yet.
    const { value, grad } = growing(() => {
      const full = tf.zeros([heapBytes() / 8]);
      const result = tf.valueAndGrad((z) => sparse(y, z, w))(x);
      full.dispose();
      return result;
    });
    expectClose(value, Math.LN2, { relative: 1e-6 });
    expectClose(tf.slice(grad, [rows - 1, 0], [1, 2]), [[-0.5 / rows, 0.5 / rows]]);
  });

  it('after the backend was removed and registered again, which gives it another memory', async () => {
    const run = () => {
      const { value, grad } = tf.tidy(() =>
        tf.valueAndGrad((z: tf.Tensor) => sparse([0, 2], z, [1, 2]))(
          tf.tensor2d([
            [1, 2, 3],
            [3, 1, 2],
          ]),
        ),
      );
      const numbers = [value.arraySync(), grad.arraySync()];
      tf.dispose([value, grad]);
      return numbers;
    };
    const before = run();
    const factory = tf.findBackendFactory('wasm');
    const old = tf.backend();
    // Tensors of a backend that is gone cannot be disposed.
    tf.engine().endScope();
    tf.removeBackend('wasm');
    tf.registerBackend('wasm', factory, 2);
    await tf.setBackend('wasm');
    tf.engine().startScope();
    expect(tf.backend()).not.toBe(old);
    expect(run()).toEqual(before);
    // Room that the old backend had would be somebody else's in the new one.
    tf.ones([1000]);
    expect(run()).toEqual(before);
    expect(await kernelsRun(() => binary(tf.ones([2, 2]), tf.ones([2, 2])))).toEqual([
      'FusedSigmoidCrossEntropy',
    ]);
  });
});
