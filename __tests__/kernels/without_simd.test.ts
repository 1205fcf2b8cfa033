import { afterEach, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import * as tfCore from '@tensorflow/tfjs-core';

import { registerKernels } from '../../src/kernels/register.js';
import { BinaryCrossentropy, SparseCategoricalCrossentropy } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { sigmoidRow, softmaxRow, type Row } from '../support/float64.js';
import { describeKernels, kernelsRun } from '../support/kernels.js';
import { hot, joined, rowAt, rowsOf } from '../support/rows.js';

const each = { fromLogits: true, reduction: 'none' } as const;
const binary = new BinaryCrossentropy(each);
const sparse = new SparseCategoricalCrossentropy(each);

type Api = Record<'Memory' | 'Module' | 'Instance' | 'validate', unknown>;

const globals = globalThis as unknown as { WebAssembly: Api | undefined };
const { WebAssembly: real } = globals;

/** Environments in which no SIMD can run; `Instance` is what would have to be made for it. */
const ENVIRONMENTS: Record<string, (instance: jest.Mock) => Api | undefined> = {
  'there is no WebAssembly': () => undefined,
  'a Content-Security-Policy forbids to compile it': (Instance) => ({
    Memory: real!.Memory,
    Module: function () {
      throw new EvalError('WebAssembly.Module(): Wasm code generation disallowed by embedder');
    },
    Instance,
    validate: real!.validate,
  }),
  'WebAssembly has no SIMD': (Instance) => ({
    Memory: real!.Memory,
    Module: real!.Module,
    Instance,
    validate: () => false,
  }),
};

/** Puts kernels in the place of ours that are loaded for the first time, in the environment of the moment. */
function registerFreshKernels(): void {
  jest.isolateModules(() => {
    // The same TensorFlow.js: only what is ours is loaded again.
    jest.doMock('@tensorflow/tfjs-core', () => tfCore);
    const fresh = jest.requireActual<{ registerKernels: () => void }>('../../src/kernels/register');
    expect(fresh.registerKernels).not.toBe(registerKernels);
    fresh.registerKernels();
  });
}

afterEach(() => {
  jest.restoreAllMocks();
  jest.dontMock('@tensorflow/tfjs-core');
  registerKernels();
});

describeKernels.each(Object.keys(ENVIRONMENTS))(
  'where %s, fused losses are computed in float64',
  (name) => {
    const start = () => {
      const instance = jest.fn();
      jest.replaceProperty(globals, 'WebAssembly', ENVIRONMENTS[name]!(instance));
      registerFreshKernels();
      return instance;
    };

    const expectRows = (f: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, exact: Row[]) => {
      const { value, grad } = tf.valueAndGrad(f)(x);
      expectClose(
        value,
        exact.map(({ loss }) => loss),
        { relative: 1.2e-7, absolute: 1e-37 },
      );
      const gradient = tf.tensor(
        Float32Array.from(joined(exact.map((row) => row.gradient))),
        x.shape,
      );
      expectClose(grad, gradient, { relative: 1.2e-7, absolute: 1e-37 });
    };

    it.each([1, 3, 10, 13, 67])('%i numbers in a row', async (length) => {
      const instance = start();
      for (const { rows, logits, labels } of rowsOf(length, 'yes or no')) {
        const y = tf.tensor2d(Float32Array.from(labels), [rows, length]);
        const exact = Array.from({ length: rows }, (_, row) =>
          sigmoidRow(rowAt(logits, row, length), rowAt(labels, row, length)),
        );
        expectRows((x) => binary(y, x), tf.tensor2d(logits, [rows, length]), exact);
      }
      for (const { rows, logits, labels } of rowsOf(length, 'by class')) {
        const exact = Array.from({ length: rows }, (_, row) =>
          softmaxRow(rowAt(logits, row, length), hot(labels[row]!, length)),
        );
        const indices = tf.tensor1d(labels, 'int32');
        expectRows((x) => sparse(indices, x), tf.tensor2d(logits, [rows, length]), exact);
      }
      const one = tf.zeros([1, length]);
      expect(await kernelsRun(() => binary(one, one))).toEqual(['FusedSigmoidCrossEntropy']);
      expect(instance).not.toHaveBeenCalled();
    });

    it('a batch of 8 MB, which is more than there is room at first', () => {
      start();
      const [rows, length] = [2000, 1000];
      const { value, grad } = tf.valueAndGrad((x) => sparse(tf.zeros([rows], 'int32'), x))(
        tf.zeros([rows, length]),
      );
      expectClose(value, Array<number>(rows).fill(Math.log(length)));
      expectClose(tf.slice(grad, [rows - 1, 0], [1, 2]), [[1 / length - 1, 1 / length]]);
    });

    it('weights, smoothing and rows that are not finite', () => {
      start();
      const loss = new SparseCategoricalCrossentropy({
        fromLogits: true,
        labelSmoothing: 0.5,
        ignoreClass: 1,
      });
      const logits = tf.tensor2d([
        [0, 0],
        [NaN, 1],
        [Infinity, NaN],
        [0, 0],
      ]);
      const { value, grad } = tf.valueAndGrad((x) => loss([0, 0, 1, 0], x, [1, 0, 1, 3]))(logits);
      // Three rows count, of weights 1, 0 and 3; smoothed labels are ¾ and ¼.
      expectClose(value, (4 * Math.LN2) / 3);
      expectClose(grad, [
        [-0.25 / 3, 0.25 / 3],
        [0, 0],
        [0, 0],
        [-0.25, 0.25],
      ]);
    });
  },
);
