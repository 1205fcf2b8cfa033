import {
  abs,
  div,
  exp,
  getBackend,
  less,
  mul,
  square,
  sub,
  expm1 as tfExpm1,
  where,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { polynomial } from './polynomial.js';

/** Backends whose Expm1 kernel computes e^x − 1, as a difference that loses the digits of a small x. */
const ROUNDED = ['webgl', 'webgpu'];

/**
 * e^x − 1 that keeps the digits of a small x on every backend.
 *
 *     e^x − 1 = x / (1 − x/2 + x²/12 − x⁴/720 + x⁶/30240 − …)
 *
 * @see M. Abramowitz and I. Stegun, "Handbook of Mathematical Functions" (1964), 23.1.1.
 */
export function expm1(x: Tensor): Tensor {
  if (!ROUNDED.includes(getBackend())) return tfExpm1(x);
  const even = polynomial(square(x), [1 / 30240, -1 / 720, 1 / 12, 1]);
  return where(less(abs(x), 0.5), div(x, sub(even, mul(x, 0.5))), sub(exp(x), 1));
}
