import type { TensorInfo } from '@tensorflow/tfjs-core';

import type { RowsAttrs } from '../names.js';
import { SCRATCH, type Core } from './core.js';
import type { Workspace } from './workspace.js';

export interface RowsTensors {
  readonly labels: TensorInfo;
  readonly logits: TensorInfo;
  readonly weights?: TensorInfo;
}

export interface ScaledTensors {
  readonly gradient: TensorInfo;
  readonly dy: TensorInfo;
}

/** The kernel of a loss over rows: see {@link RowsOp}. */
export function crossEntropyRows(
  space: Workspace,
  { labels, logits, weights }: RowsTensors,
  attrs: RowsAttrs,
): TensorInfo[] {
  const { rows, reduction, form } = attrs;
  const { op, length, labelScale, labelShift, posWeight } = form;
  space.begin();
  const isSparse = op === 'SparseSoftmaxCrossEntropyRows';
  const counted = isSparse ? countRows(space.read(labels), attrs) : rows;
  const factor = factorOf(counted, space, weights, isSparse ? labels : undefined, attrs);
  // Tensors first: placing one may move the others' memory.
  const x = space.place(logits);
  const w = weights === undefined ? 0 : space.place(weights);
  const y = isSparse ? space.reserve(rows * 4) : space.place(labels);
  const positive = typeof posWeight === 'number' ? 0 : space.reserve(length * 4);
  const scratch = space.reserve(SCRATCH);
  const values = reduction === 'none' ? space.output(attrs.shape) : undefined;
  const gradient = attrs.gradient ? space.output(logits.shape) : undefined;
  if (isSparse) writeIndices(space.read(labels), space.ints(y, rows), attrs);
  if (typeof posWeight !== 'number') space.floats(positive, length).set(posWeight);
  const [v, g] = [values?.address ?? 0, gradient?.address ?? 0];
  const sum = exactWhereNotFinite(space, (core) =>
    op === 'SigmoidCrossEntropyRows'
      ? core.sigmoid(
          x,
          y,
          positive,
          typeof posWeight === 'number' ? posWeight : 1,
          w,
          v,
          g,
          scratch,
          rows,
          length,
          labelScale,
          labelShift,
          factor / length,
        ) / length
      : core.softmax(
          x,
          y,
          isSparse ? 1 : 0,
          w,
          v,
          g,
          scratch,
          rows,
          length,
          labelScale,
          labelShift,
          factor,
        ),
  );
  const value =
    values === undefined ? space.scalar(factor === 0 ? 0 : sum * factor) : values.tensor();
  return gradient === undefined ? [value] : [value, gradient.tensor()];
}

function exactWhereNotFinite(space: Workspace, run: (core: Core) => number): number {
  const sum = run(space.core);
  return Number.isFinite(sum) ? sum : run(space.exact);
}

/** What the sum of all rows is multiplied by. */
function factorOf(
  counted: number,
  space: Workspace,
  weights: TensorInfo | undefined,
  labels: TensorInfo | undefined,
  { reduction, form: { ignored } }: RowsAttrs,
): number {
  if (reduction === 'none' || reduction === 'sum') return 1;
  let total = counted;
  if (reduction === 'mean_with_sample_weight' && weights !== undefined) {
    const given = space.read(weights);
    const classes = labels && space.read(labels);
    total = 0;
    for (let row = 0; row < given.length; row++) {
      if (ignored === null || classes?.[row] !== ignored) total += given[row]!;
    }
  }
  return total === 0 ? 0 : 1 / total;
}

/** How many labels are not the class that is ignored; throws where one is no class at all. */
function countRows(
  labels: ArrayLike<number>,
  { who, rows, form: { length, ignored } }: RowsAttrs,
): number {
  let counted = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    if (label === ignored) continue;
    if (!(label > -1 && label < length)) {
      throw new RangeError(
        `${who}: labels must be class indices in [0, ${length - 1}]. Received: ${label}.`,
      );
    }
    counted++;
  }
  return counted;
}

/** The labels as whole numbers, −1 for those that are ignored. */
function writeIndices(
  labels: ArrayLike<number>,
  indices: Int32Array,
  { form: { ignored } }: RowsAttrs,
): void {
  for (let row = 0; row < indices.length; row++) {
    indices[row] = labels[row] === ignored ? -1 : labels[row]!;
  }
}

/** The kernel that scales the rows of a gradient: see {@link SCALE_ROWS}. */
export function scaleRows(space: Workspace, { gradient, dy }: ScaledTensors): TensorInfo {
  const factors = space.read(dy);
  if (factors.length === 1 && factors[0] === 1) return space.alias(gradient);
  space.begin();
  const output = space.output(gradient.shape);
  const from = space.read(gradient);
  const to = space.floats(output.address, from.length);
  const scales = space.read(dy);
  const length = from.length / scales.length;
  for (let row = 0, i = 0; row < scales.length; row++) {
    const scale = scales[row]!;
    for (const end = i + length; i < end; i++) to[i] = scale === 0 ? 0 : from[i]! * scale;
  }
  return output.tensor();
}
