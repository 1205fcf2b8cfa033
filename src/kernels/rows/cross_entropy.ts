import type { TensorInfo } from '@tensorflow/tfjs-core';

import { assertClass } from '../../core/checks.js';
import type { CrossEntropyForm, RowsAttrs } from '../names.js';
import { SCRATCH, type Core } from './core.js';
import type { Output, Workspace } from './workspace.js';

export interface RowsTensors {
  readonly labels: TensorInfo;
  readonly logits: TensorInfo;
  readonly weights?: TensorInfo;
}

export interface ScaledTensors {
  readonly gradient: TensorInfo;
  readonly dy: TensorInfo;
}

/** A backend, which counts the tensors that share numbers. */
export interface CountingBackend {
  incRef(dataId: object): void;
}

/** The kernel of a loss over rows: see {@link RowsOp}. */
export function crossEntropyRows(
  space: Workspace,
  tensors: RowsTensors,
  attrs: RowsAttrs<CrossEntropyForm>,
): TensorInfo[] {
  const { rows, reduction, form } = attrs;
  const { op, length, labelScale, labelShift, posWeight, classWeights } = form;
  const { logits, labels, weights } = tensors;
  const isSigmoid = op === 'SigmoidCrossEntropyRows';
  const indices =
    op === 'SparseSoftmaxCrossEntropyRows' ? indicesOf(space.read(labels), attrs) : undefined;
  const factor = factorOf(space, weights, indices, attrs);
  const scale = isSigmoid ? factor / length : factor;
  const values = reduction === 'none' ? space.output(attrs.shape) : undefined;
  const gradient = attrs.gradient ? space.output(logits.shape) : undefined;
  const atOnce = space.rowsAtOnce(length);
  let sum = 0;
  for (let row = 0; row < rows; row += atOnce) {
    const count = Math.min(atOnce, rows - row);
    const [start, size] = [row * length, count * length];
    space.begin();
    const x = space.place(logits, start, size);
    const w = weights === undefined ? 0 : space.place(weights, row, count);
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
    const scratch = space.reserve(SCRATCH);
    const v = values?.place(row, count) ?? 0;
    const g = gradient?.place(start, size) ?? 0;
    // Weighted labels are scaled and shifted already, and numbers for every class.
    const affine = classWeights ? ([1, 0] as const) : ([labelScale, labelShift] as const);
    const factors = [count, length, ...affine, scale] as const;
    const isSparse = own && !classWeights ? 1 : 0;
    sum += exactWhereNotFinite(space, (core) =>
      isSigmoid
        ? core.sigmoid(x, y, positive, all, w, v, g, scratch, ...factors)
        : core.softmax(x, y, isSparse, w, v, g, scratch, ...factors),
    );
    values?.take();
    gradient?.take();
  }
  return results(space, values, gradient, scale === 0 ? 0 : sum * scale);
}

/** The values of the rows or, without them, one for all, and the gradient if there is one. */
export function results(
  space: Workspace,
  values: Output | undefined,
  gradient: Output | undefined,
  sum: number,
): TensorInfo[] {
  const value = values?.tensor() ?? space.scalar(sum);
  return gradient === undefined ? [value] : [value, gradient.tensor()];
}

/** In SIMD, and again in float64 where that left something. */
export function exactWhereNotFinite(space: Workspace, run: (core: Core) => number): number {
  const sum = run(space.core);
  return Number.isFinite(sum) ? sum : run(space.exact);
}

/** What the sum of all rows is multiplied by. */
export function factorOf(
  space: Workspace,
  weights: TensorInfo | undefined,
  indices: Int32Array | undefined,
  { rows, reduction }: RowsAttrs,
): number {
  if (reduction === 'none' || reduction === 'sum') return 1;
  const given =
    reduction === 'mean_with_sample_weight' && weights ? space.read(weights) : undefined;
  if (given === undefined && indices === undefined) return 1 / rows;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    if (indices === undefined || indices[row]! >= 0) total += given?.[row] ?? 1;
  }
  // A share of infinitely many is NaN, as ∞ / ∞ is.
  return total === 0 ? 0 : Number.isFinite(total) ? 1 / total : NaN;
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

/** The kernel that scales the rows of a gradient: see {@link SCALE_ROWS}. */
export function scaleRows(
  space: Workspace,
  { gradient, dy }: ScaledTensors,
  backend: CountingBackend,
): TensorInfo {
  const given = space.read(dy);
  const same = unscaled(backend, gradient, given);
  if (same) return same;
  const scales = Float32Array.from(given);
  const output = space.output(gradient.shape);
  const from = space.read(gradient);
  const to = output.numbers();
  const length = to.length / scales.length;
  for (let row = 0, i = 0; row < scales.length; row++) {
    const scale = scales[row]!;
    for (const end = i + length; i < end; i++) to[i] = scale === 0 ? 0 : from[i]! * scale;
  }
  return output.tensor();
}

/** The gradient itself where it is scaled by 1: the same numbers for one more tensor, not a copy of them. */
export function unscaled(
  backend: CountingBackend,
  { dataId, shape, dtype }: TensorInfo,
  scales: ArrayLike<number> | null | undefined,
): TensorInfo | undefined {
  if (scales?.length !== 1 || scales[0] !== 1) return undefined;
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}
