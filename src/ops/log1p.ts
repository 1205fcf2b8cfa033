import {
  abs,
  add,
  div,
  getBackend,
  less,
  log,
  mul,
  square,
  log1p as tfLog1p,
  where,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { polynomial } from './polynomial.js';

/** Backends whose Log1p kernel is a real log1p. The others (wasm, webgl, webgpu) compute log(1 + x). */
const EXACT = ['cpu', 'tensorflow'];

/**
 * log(1 + x) that keeps the digits of a small x on every backend.
 *
 *     log(1 + x) = t · (1 + z/3 + z²/5 + z³/7 + …), t = x / (1 + x/2), z = t²/4
 *
 * Near 1 the logarithm of a GPU is right to 2⁻²¹ and no better (WGSL and Vulkan allow that), so there is no log where x is
 * small: the series is right to 2e-8 of the value.
 *
 * @see M. Abramowitz and I. Stegun, "Handbook of Mathematical Functions" (1964), 4.1.27.
 */
export function log1p(x: Tensor): Tensor {
  if (EXACT.includes(getBackend())) return tfLog1p(x);
  const t = div(x, add(1, mul(x, 0.5)));
  const series = mul(t, polynomial(square(t), [1 / 448, 1 / 80, 1 / 12, 1]));
  return where(less(abs(x), 0.3), series, log(add(1, x)));
}
