import { expect } from '@jest/globals';
import { Tensor, tensor, type TensorLike } from '@tensorflow/tfjs';

import { sameShape } from '../../src/core/inputs.js';
import { backend, float16 } from './backend.js';

// A global name is slow to look up in Jest.
const { abs } = Math;

/** How far a result may be from the expected one: relative · |expected| + absolute. */
export interface Tolerance {
  relative: number;
  absolute: number;
}

/**
 * Float32 results of a handful of operations: a few units in the last place (1 ulp is 6e-8 to 1.2e-7). On wasm the
 * kernels of exp, sigmoid and sum are a little less exact, and tfjs-node flushes numbers below 1e-38.
 */
const TOLERANCES: Record<string, Tolerance> = {
  cpu: { relative: 5e-7, absolute: 1e-37 },
  wasm: { relative: 1e-6, absolute: 1e-37 },
  tensorflow: { relative: 1e-6, absolute: 1e-37 },
  // Quotients and exponentials of GPUs may be off by 3 ulp and more, and numbers below 1e-38 are 0.
  webgl: { relative: 2e-6, absolute: 1e-37 },
  webgpu: { relative: 2e-6, absolute: 1e-37 },
  // 11 binary digits: 1 ulp is 5e-4 to 1e-3, and each of a handful of intermediate results is rounded; below 6e-5 digits get fewer.
  'webgl-float16': { relative: 5e-3, absolute: 2e-6 },
};

/**
 * Where e^−|x| is the result, |x| up to 104: WGSL and Vulkan allow the exp of a GPU an error of 3 + 2 · |x| units in the
 * last place, of which SwiftShader takes a quarter.
 */
export const TAIL: Partial<Tolerance> = backend.startsWith('webg') ? { relative: 1e-5 } : {};

/** The tolerance of the backend that runs. */
export function tolerance(): Tolerance {
  const name = float16 ? `${backend}-float16` : backend;
  const found = TOLERANCES[name];
  if (found === undefined) throw new Error(`No tolerance for backend ${name}.`);
  return found;
}

/** Shape and values agree; NaN equals NaN alone, and an infinity only itself. */
export function expectClose(
  actual: Tensor,
  expected: TensorLike | Tensor,
  { relative, absolute }: Partial<Tolerance> = {},
): void {
  const wanted = expected instanceof Tensor ? expected : tensor(expected, undefined, 'float32');
  // Jest's own comparison is for what fails: these run millions of times.
  if (!sameShape(actual.shape, wanted.shape)) expect(actual.shape).toEqual(wanted.shape);
  const limits = tolerance();
  const [share, rest] = [relative ?? limits.relative, absolute ?? limits.absolute];
  const [got, want] = [actual.dataSync(), wanted.dataSync()];
  const far = [];
  for (let index = 0; index < want.length; index++) {
    const [value, found] = [want[index]!, got[index]!];
    const isClose = abs(value - found) <= share * abs(value) + rest;
    if (!isClose && !Object.is(value, found)) far.push({ index, value, got: found });
  }
  if (far.length > 0) expect(far).toEqual([]);
}
