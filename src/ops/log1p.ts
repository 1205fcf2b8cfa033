import {
  abs,
  add,
  div,
  getBackend,
  greaterEqual,
  log,
  mul,
  square,
  log1p as tfLog1p,
  where,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { elementwise } from '../core/op.js';
import { polynomial } from './polynomial.js';

/** Backends whose Log1p kernel is a real log1p. The others (wasm, webgl, webgpu) compute log(1 + x). */
const EXACT = ['cpu', 'tensorflow'];

/** log(1 + x) that keeps the digits of a small x on every backend. */
export function log1p(x: Tensor): Tensor {
  return EXACT.includes(getBackend()) ? tfLog1p(x) : log1pBySeries(x);
}

// What is not small is the second choice, so that NaN goes through the series: the log of a GPU may swallow it.
const log1pBySeries = elementwise<[x: Tensor]>(
  'Log1p',
  ([x]) => where(greaterEqual(abs(x), 0.3), log(add(1, x)), series(x)),
  [([x]) => div(1, add(1, x))],
)({});

/**
 * log(1 + x) for |x| ≤ 0.3, right to 2e-8 of the value. There a GPU's own log is right to 2⁻²¹ and no better, which WGSL and
 * Vulkan allow.
 *
 *     log(1 + x) = t · (1 + z/3 + z²/5 + z³/7 + …), t = x / (1 + x/2), z = t²/4
 *
 * @see M. Abramowitz and I. Stegun, "Handbook of Mathematical Functions" (1964), 4.1.27.
 */
export function series(x: Tensor): Tensor {
  const t = div(x, add(1, mul(x, 0.5)));
  return mul(t, polynomial(square(t), [1 / 448, 1 / 80, 1 / 12, 1]));
}
