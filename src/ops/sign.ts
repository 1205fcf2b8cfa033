import { neg, step, sub, type Tensor } from '@tensorflow/tfjs-core';

/** −1, 0 or 1, and NaN for NaN. TF.js's own `sign` makes 0 of NaN, and on wasm of everything up to 1e-7. */
export function sign(x: Tensor): Tensor {
  return sub(step(x), step(neg(x)));
}
