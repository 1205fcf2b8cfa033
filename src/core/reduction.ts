import { mean, mul, scalar, sum, type Tensor } from '@tensorflow/tfjs-core';

import type { RowsReduction } from '../kernels/names.js';
import { divideNoNan } from './op.js';
import { toFloat, zerosFor } from './inputs.js';

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
export function rowsReduction(reduction: Reduction): RowsReduction {
  if (reduction === null) return 'none';
  return reduction === 'sum_over_batch_size' ? 'mean' : reduction;
}

/** Reduces weighted per-sample values to a scalar, or leaves them as they are for `'none'`. */
export function reduce(values: Tensor, weights: Tensor | undefined, reduction: Reduction): Tensor {
  if (reduction === null || reduction === 'none' || values.rank === 0) return values;
  if (reduction === 'sum') return values.size === 0 ? zerosOver(values) : sum(values);
  if (reduction === 'mean_with_sample_weight' && weights !== undefined) {
    // Of means, as sums would overflow in float16.
    return divideNoNan(mul(meanOver(values), values.size / weights.size), meanOver(weights));
  }
  return meanOver(values);
}

/**
 * A mask as weights: 1 where a value counts, 0 where it does not. For a mean, which divides by the number of all values,
 * they are scaled up so that those that count have a mean of their own.
 */
export function maskWeights(mask: Tensor, reduction: Reduction): Tensor {
  const counts = toFloat(mask);
  if (reduction !== 'mean' && reduction !== 'sum_over_batch_size') return counts;
  return mul(counts, divideNoNan(scalar(1), meanOver(counts)));
}

/** Mean over the given axes, all by default; 0 where there is nothing to average. */
export function meanOver(values: Tensor, axes?: number[]): Tensor {
  if (axes?.length === 0) return values;
  return values.size === 0 ? zerosOver(values, axes) : mean(values, axes);
}

/** What a sum of nothing is. TF.js's wasm backend leaves such a result uninitialised. */
function zerosOver(values: Tensor, axes: number[] = values.shape.map((_, axis) => axis)): Tensor {
  return zerosFor(
    values,
    values.shape.filter((_, axis) => !axes.includes(axis)),
  );
}
