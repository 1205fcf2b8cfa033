import { add, mul, type Tensor } from '@tensorflow/tfjs-core';

/** labels · (1 − ε) + ε / 2 */
export function smoothBinary(labels: Tensor, share: number): Tensor {
  return share === 0 ? labels : add(mul(labels, 1 - share), share / 2);
}
