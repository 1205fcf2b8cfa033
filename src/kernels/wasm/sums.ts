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

/** As many numbers TF.js may add up. */
const FEW = 64;

/**
 * Sums in float64. TF.js's wasm backend adds up in float32, one number after the other: of four million times 0.1 it loses 4 %.
 */
export const sums: Sums = {
  sum: (values, axes) => addUp(values, axes, false) ?? sum(values, axes),
  mean: (values, axes) => addUp(values, axes, true) ?? mean(values, axes),
};

function addUp(values: Tensor, axes: number[] | undefined, isMean: boolean): Tensor | undefined {
  const { shape } = values;
  const inner = util.parseAxisParam(axes!, shape);
  const count = sizeOf(inner.map((axis) => shape[axis]!));
  if (count <= FEW || getBackend() !== 'wasm') return undefined;
  const left = withoutAxes(shape, inner);
  const permutation = backend_util.getAxesPermutation(inner, values.rank);
  const divisor = isMean ? count : 1;
  return customGrad((x) => {
    const rows = permutation ? transpose(x as Tensor, permutation) : (x as Tensor);
    const numbers = rows.dataSync();
    const totals = Float32Array.from({ length: sizeOf(left) }, (_, row) => {
      let rowTotal = 0;
      for (let i = row * count; i < (row + 1) * count; i++) rowTotal += numbers[i]!;
      return rowTotal / divisor;
    });
    const kept = backend_util.expandShapeToKeepDim(left, inner);
    return {
      value: tensor(totals, left),
      gradFunc: (dy) => broadcast(div(reshape(dy, kept), divisor), shape),
    };
  })(values);
}
