import {
  greater,
  less,
  logicalOr,
  maximum,
  minimum,
  where,
  zerosLike,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { isFloat16 } from '../core/float16.js';

/**
 * Keras's epsilon, the same on every backend: probabilities are clipped to [1e-7, 1 − 1e-7], of which the upper bound is
 * 1 − 2⁻²³ in float32. (TF.js's own depends on the backend, and says 1e-4 on WebGL.)
 */
export const EPSILON = 1e-7;

/** Where numbers are float16, 1 − 2⁻¹¹ is the largest one below 1, and 1 / 1e-7 is more than the largest of all. */
const EPSILON_FLOAT16 = 2 ** -11;

/** Keras's epsilon in float32, or what stands for it in float16. */
export function epsilon(): number {
  return Math.fround(isFloat16() ? EPSILON_FLOAT16 : EPSILON);
}

function bounds(): { lowest: number; highest: number } {
  return { lowest: epsilon(), highest: Math.fround(1 - epsilon()) };
}

/** Probabilities, clipped as in Keras. */
export function clip(probabilities: Tensor): Tensor {
  const { lowest, highest } = bounds();
  return clamp(probabilities, lowest, highest);
}

/** `clipByValue` turns NaN into a bound on wasm; maximum and minimum keep it, with the tensor as first argument. */
export function clamp(x: Tensor, lowest: number, highest: number): Tensor {
  return minimum(maximum(x, lowest), highest);
}

/** The gradient, but 0 where the clip acts, as in Keras. */
export function insideClip(probabilities: Tensor, gradient: Tensor): Tensor {
  const { lowest, highest } = bounds();
  const outside = logicalOr(less(probabilities, lowest), greater(probabilities, highest));
  return where(outside, zerosLike(gradient), gradient);
}
