import {
  abs,
  div,
  exp,
  getBackend,
  greaterEqual,
  mul,
  square,
  sub,
  expm1 as tfExpm1,
  where,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { elementwise } from '../core/op.js';
import { polynomial } from './polynomial.js';

/** Backends whose Expm1 kernel computes e^x − 1, as a difference that loses the digits of a small x. */
const ROUNDED = ['webgl', 'webgpu'];

/** e^x − 1 that keeps the digits of a small x on every backend. */
export function expm1(x: Tensor): Tensor {
  return ROUNDED.includes(getBackend()) ? expm1BySeries(x) : tfExpm1(x);
}

const expm1BySeries = elementwise<[x: Tensor]>(
  'Expm1',
  ([x]) => where(greaterEqual(abs(x), 0.5), sub(exp(x), 1), series(x)),
  [([x]) => exp(x)],
)({});

/**
 * e^x − 1 for |x| ≤ 0.5, right to 4e-9 of the value.
 *
 *     e^x − 1 = x / (1 − x/2 + x²/12 − x⁴/720 + x⁶/30240 − …)
 *
 * @see M. Abramowitz and I. Stegun, "Handbook of Mathematical Functions" (1964), 23.1.1.
 */
function series(x: Tensor): Tensor {
  const even = polynomial(square(x), [1 / 30240, -1 / 720, 1 / 12, 1]);
  return div(x, sub(even, mul(x, 0.5)));
}
