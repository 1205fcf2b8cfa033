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

/**
 * Keras's epsilon, the same on every backend: probabilities are clipped to [1e-7, 1 − 1e-7], of which the upper bound is
 * 1 − 2⁻²³ in float32. (TF.js's own depends on the backend, and says 1e-4 on WebGL.)
 */
export const EPSILON = 1e-7;
const LOWEST = Math.fround(EPSILON);
const HIGHEST = Math.fround(1 - EPSILON);

/** `clipByValue` turns NaN into a bound on wasm; maximum and minimum keep it, with the tensor as first argument. */
export function clip(probabilities: Tensor): Tensor {
  return minimum(maximum(probabilities, LOWEST), HIGHEST);
}

/** The gradient, but 0 where the clip acts, as in Keras. */
export function insideClip(probabilities: Tensor, gradient: Tensor): Tensor {
  const outside = logicalOr(less(probabilities, LOWEST), greater(probabilities, HIGHEST));
  return where(outside, zerosLike(gradient), gradient);
}
