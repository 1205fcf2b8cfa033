import type { TensorInfo } from '@tensorflow/tfjs-core';

import { assertClass } from '../../core/checks.js';
import type { CrossEntropyForm, RowsAttrs } from '../names.js';
import { SCRATCH } from './core.js';
import { factorOf, inChunks, type RowsTensors } from './rows.js';
import type { Workspace } from './workspace.js';

/** The kernel of a cross-entropy over rows: see {@link RowsOp}. */
export function crossEntropyRows(
  space: Workspace,
  tensors: RowsTensors,
  attrs: RowsAttrs<CrossEntropyForm>,
): TensorInfo[] {
  const { form } = attrs;
  const { op, length, labelScale, labelShift, posWeight, classWeights } = form;
  const { labels, weights } = tensors;
  const isSigmoid = op === 'SigmoidCrossEntropyRows';
  const indices =
    op === 'SparseSoftmaxCrossEntropyRows' ? indicesOf(space.read(labels), attrs) : undefined;
  const factor = factorOf(space, weights, indices, attrs);
  const scale = isSigmoid ? factor / length : factor;
  return inChunks(space, tensors, attrs, scale, (chunk) => {
    const { row, count, logits: x, weights: w, values: v, gradient: g } = chunk;
    const [start, size] = [row * length, count * length];
    const scratch = space.reserve(SCRATCH);
    const own = indices?.subarray(row, row + count);
    const y = classWeights
      ? space.placeCopy(weightedLabels(own ?? space.read(labels), start, size, form))
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
  { who, rows, form: { length, ignored } }: RowsAttrs<CrossEntropyForm>,
): Int32Array {
  const indices = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    assertClass(who, label, length, ignored);
    indices[row] = label === ignored ? -1 : label;
  }
  return indices;
}

/** `size` labels times the weights of their classes, from class indices or from numbers, of which the first is at `start`. */
function weightedLabels(
  labels: ArrayLike<number>,
  start: number,
  size: number,
  { op, length, labelScale, labelShift, classWeights }: CrossEntropyForm,
): Float32Array {
  const isSparse = op === 'SparseSoftmaxCrossEntropyRows';
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
