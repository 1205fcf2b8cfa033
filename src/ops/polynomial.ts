import { add, mul, type Tensor } from '@tensorflow/tfjs-core';

/** … + a · x² + b · x + c, by Horner's rule; coefficients of high powers come first. */
export function polynomial(
  x: Tensor,
  [highest, ...lower]: readonly [number, number, ...number[]],
): Tensor {
  return lower.reduce<Tensor | number>((sum, next) => add(mul(x, sum), next), highest) as Tensor;
}
