import { expandDims, mean, mul, scalar, sum, type Tensor } from '@tensorflow/tfjs-core';

import type { KernelReduction } from './kernel_contract.js';
import { withoutAxes } from './checks.js';
import { divideNoNan } from './op.js';
import { toFloat, zerosFor } from './inputs.js';

/** How numbers are added up over axes, counted from the first; all by default. */
type Over = (values: Tensor, axes?: number[]) => Tensor;

/** Sums and means. */
export interface Sums {
  readonly sum: Over;
  readonly mean: Over;
}

let sums: Sums = { sum, mean };

/** Kernels bring better sums with them than TF.js's own. */
export function useSums(given: Sums): void {
  sums = given;
}

/** How per-sample values become one loss: see {@link LossOptions.reduction}. */
export type Reduction =
  'sum_over_batch_size' | 'mean' | 'sum' | 'mean_with_sample_weight' | 'none' | null;

/** All of them. */
export const REDUCTIONS: readonly Reduction[] = [
  'sum_over_batch_size',
  'mean',
  'sum',
  'mean_with_sample_weight',
  'none',
  null,
];

/** The reduction in the words of kernels, which have one for each. */
export function kernelReduction(reduction: Reduction): KernelReduction {
  if (reduction === null) return 'none';
  return reduction === 'sum_over_batch_size' ? 'mean' : reduction;
}

/** Reduces weighted per-sample values to a scalar, or leaves them as they are for `'none'`. */
export function reduce(values: Tensor, weights: Tensor | undefined, reduction: Reduction): Tensor {
  if (reduction === null || reduction === 'none' || values.rank === 0) return values;
  if (reduction === 'sum') return sumOver(values);
  if (reduction === 'mean_with_sample_weight' && weights !== undefined) {
    // Of means, as sums would overflow in float16.
    return divideNoNan(mul(meanOver(values), values.size / weights.size), meanOver(weights));
  }
  return meanOver(values);
}

/**
 * A mask as weights: 1 where a value counts, 0 where it does not. For a mean, which divides by the number of all values,
 * they are scaled up so that those that count have a mean of their own.
 *
 * @param others - Weights beside the mask. Without them, a weighted mean is the mean of what counts.
 */
export function maskWeights(mask: Tensor, reduction: Reduction, others?: Tensor): Tensor {
  const counts = toFloat(mask);
  const isMean =
    reduction === 'mean' ||
    reduction === 'sum_over_batch_size' ||
    (reduction === 'mean_with_sample_weight' && !others);
  // TF.js's GPU backends cannot add up the gradient of nothing.
  if (!isMean || mask.size === 0) return counts;
  return mul(counts, divideNoNan(scalar(1), meanOver(counts)));
}

/** Sum over the given axes, all by default; 0 where there is nothing to add up. */
export const sumOver: Over = over('sum');

/** Mean over the given axes, all by default; 0 where there is nothing to average. */
export const meanOver: Over = over('mean');

function over(how: keyof Sums): Over {
  return (values, axes) => {
    if (axes?.length === 0) return values;
    if (values.size > 0) return sums[how](values, axes);
    // TF.js's wasm backend leaves a sum of nothing uninitialised.
    return zerosFor(values, axes ? withoutAxes(values.shape, axes) : []);
  };
}

/** Sum along an axis, which stays, with the size 1. */
export function sumAlong(values: Tensor, axis: number): Tensor {
  return expandDims(sumOver(values, [axis]), axis);
}
