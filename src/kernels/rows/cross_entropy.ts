import type { TensorInfo } from '@tensorflow/tfjs-core';

import { assertClass } from '../../core/checks.js';
import type { CrossEntropySpec, FusedAttrs } from '../../core/kernel_contract.js';
import { SCRATCH } from './core.js';
import { factorOf, inChunks, type FusedTensors } from './rows.js';
import type { Workspace } from './workspace.js';

/** The kernel of a cross-entropy over rows: see {@link FusedKernel}. */
export function crossEntropyRows(
  space: Workspace,
  tensors: FusedTensors,
  attrs: FusedAttrs<CrossEntropySpec>,
): TensorInfo[] {
  const { spec } = attrs;
  const { kernel, rowLength: length, labelScale, labelShift, posWeight, classWeights } = spec;
  const { labels, weights } = tensors;
  const isSigmoid = kernel === 'FusedSigmoidCrossEntropy';
  const indices =
    kernel === 'FusedSparseSoftmaxCrossEntropy' ? indicesOf(space.read(labels), attrs) : undefined;
  const factor = factorOf(space, weights, indices, attrs);
  const scale = isSigmoid ? factor / length : factor;
  return inChunks(space, tensors, attrs, scale, (chunk) => {
    const { row, count, predictions: x, weights: w, values: v, gradient: g } = chunk;
    const [start, size] = [row * length, count * length];
    const scratch = space.reserve(SCRATCH);
    const own = indices?.subarray(row, row + count);
    const y = classWeights
      ? space.placeCopy(weightedLabels(own ?? space.read(labels), start, size, spec))
      : own
        ? space.placeCopy(own)
        : space.place(labels, start, size);
    const [all, positive] =
      typeof posWeight === 'number'
        ? [posWeight, 0]
        : [1, space.placeCopy(Float32Array.from(posWeight))];
    // Weighted labels are scaled and shifted already, and numbers for every class.
    const affine = classWeights ? ([1, 0] as const) : ([labelScale, labelShift] as const);
    const factors = [count, length, ...affine, scale] as const;
    const isSparse = own && !classWeights ? 1 : 0;
    return (core) =>
      isSigmoid
        ? core.sigmoid(x, y, positive, all, w, v, g, scratch, ...factors)
        : core.softmax(x, y, isSparse, w, v, g, scratch, ...factors);
  });
}

/** Labels as whole numbers, −1 where they are ignored; throws where one is no class at all. */
function indicesOf(
  labels: ArrayLike<number>,
  { who, rows, spec: { rowLength: length, ignoreClass } }: FusedAttrs<CrossEntropySpec>,
): Int32Array {
  const indices = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    assertClass(who, label, length, ignoreClass);
    indices[row] = label === ignoreClass ? -1 : label;
  }
  return indices;
}

/** `size` labels times the weights of their classes, from class indices or from numbers, of which the first is at `start`. */
function weightedLabels(
  labels: ArrayLike<number>,
  start: number,
  size: number,
  { kernel, rowLength: length, labelScale, labelShift, classWeights }: CrossEntropySpec,
): Float32Array {
  const isSparse = kernel === 'FusedSparseSoftmaxCrossEntropy';
  const weighted = new Float32Array(size);
  for (let i = 0, row = 0; i < size; row++) {
    for (let j = 0; j < length; j++, i++) {
      const label = isSparse ? Number(labels[row] === j) : labels[start + i]!;
      // A row that is ignored has no label at all.
      const isCounted = !isSparse || labels[row]! >= 0;
      weighted[i] = isCounted ? (labelScale * label + labelShift) * classWeights![j]! : 0;
    }
  }
  return weighted;
}
