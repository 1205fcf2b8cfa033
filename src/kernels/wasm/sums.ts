import {
  backend_util,
  customGrad,
  div,
  getBackend,
  mean,
  reshape,
  sum,
  tensor,
  transpose,
  util,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { withoutAxes } from '../../core/checks.js';
import { broadcast, sizeOf } from '../../core/inputs.js';
import type { Sums } from '../../core/reduction.js';

/** Up to so many numbers are left to TF.js: float32 loses little of so short a sum. */
const SHORT = 64;

/**
 * Sums and means in float64 on wasm. TF.js's own sums there run in float32, one number after the other: a sum of 0.1 over four
 * million numbers is 4 % off.
 */
export const sums: Sums = {
  sum: (values, axes) => float64Sum(values, axes, false) ?? sum(values, axes),
  mean: (values, axes) => float64Sum(values, axes, true) ?? mean(values, axes),
};

/** The sum or the mean over axes; `undefined` where TF.js's own will do. */
function float64Sum(
  values: Tensor,
  axes: number[] | undefined,
  isMean: boolean,
): Tensor | undefined {
  const { shape } = values;
  const reduced = util.parseAxisParam(axes!, shape);
  const count = sizeOf(reduced.map((axis) => shape[axis]!));
  if (count <= SHORT || getBackend() !== 'wasm') return undefined;
  const kept = withoutAxes(shape, reduced);
  const permutation = backend_util.getAxesPermutation(reduced, values.rank);
  const divisor = isMean ? count : 1;
  return customGrad((x) => {
    const rows = permutation ? transpose(x as Tensor, permutation) : (x as Tensor);
    const numbers = rows.dataSync();
    const totals = Float32Array.from({ length: sizeOf(kept) }, (_, row) => {
      let rowTotal = 0;
      for (let i = row * count; i < (row + 1) * count; i++) rowTotal += numbers[i]!;
      return rowTotal / divisor;
    });
    const expanded = backend_util.expandShapeToKeepDim(kept, reduced);
    return {
      value: tensor(totals, kept),
      gradFunc: (dy) => broadcast(div(reshape(dy, expanded), divisor), shape),
    };
  })(values);
}
