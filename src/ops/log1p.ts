import {
  add,
  div,
  equal,
  getBackend,
  log,
  mul,
  sub,
  log1p as tfLog1p,
  where,
  type Tensor,
} from '@tensorflow/tfjs-core';

/** Backends whose Log1p kernel is a real log1p. The others (wasm, webgl, webgpu) compute log(1 + x). */
const EXACT = ['cpu', 'tensorflow'];

/**
 * log(1 + x) that keeps the digits of a small x on every backend.
 *
 * Where 1 + x is rounded, log(u) / (u − 1) with the rounded u = 1 + x makes the same relative error above and below
 * the line, and it cancels.
 *
 * @see W. Kahan, as in D. Goldberg, "What every computer scientist should know about floating-point arithmetic" (1991),
 * theorem 4.
 */
export function log1p(x: Tensor): Tensor {
  if (EXACT.includes(getBackend())) return tfLog1p(x);
  const u = add(1, x);
  return where(equal(u, 1), x, div(mul(log(u), x), sub(u, 1)));
}
