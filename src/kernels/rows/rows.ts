import type { TensorInfo } from '@tensorflow/tfjs-core';

import type { FusedAttrs } from '../../core/kernel_contract.js';
import type { Core } from './core.js';
import type { Workspace } from './workspace.js';

export interface FusedTensors {
  readonly labels: TensorInfo;
  readonly predictions: TensorInfo;
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

/** Some rows in the memory of a core: addresses, and how many rows there are. */
interface Chunk {
  readonly row: number;
  readonly count: number;
  /** Of predictions, and of the weights of rows, or 0. */
  readonly predictions: number;
  readonly weights: number;
  /** Where the values of rows and the gradient go, or 0. */
  readonly values: number;
  readonly gradient: number;
}

/**
 * Goes through the rows, as many at once as the backend likes. `place` puts what else a core needs beside a chunk, and says how it
 * computes that: in SIMD, and again in float64 where that left something.
 *
 * @param scale - What the sum of all rows is multiplied by.
 */
export function inChunks(
  space: Workspace,
  { predictions, weights }: FusedTensors,
  { rows, shape, reduction, spec: { rowLength: length }, gradient: isRecorded }: FusedAttrs,
  scale: number,
  place: (chunk: Chunk) => (core: Core) => number,
): TensorInfo[] {
  const values = reduction === 'none' ? space.output(shape) : undefined;
  const gradient = isRecorded ? space.output(predictions.shape) : undefined;
  const atOnce = space.rowsAtOnce(length);
  let sum = 0;
  for (let row = 0; row < rows; row += atOnce) {
    const count = Math.min(atOnce, rows - row);
    const [start, size] = [row * length, count * length];
    space.begin();
    const run = place({
      row,
      count,
      predictions: space.place(predictions, start, size),
      weights: weights === undefined ? 0 : space.place(weights, row, count),
      values: values?.place(row, count) ?? 0,
      gradient: gradient?.place(start, size) ?? 0,
    });
    const own = run(space.core);
    sum += Number.isFinite(own) ? own : run(space.exact);
    values?.take();
    gradient?.take();
  }
  const value = values?.tensor() ?? space.scalar(scale === 0 ? 0 : sum * scale);
  return gradient === undefined ? [value] : [value, gradient.tensor()];
}

/** What the sum of all rows is multiplied by. */
export function factorOf(
  space: Workspace,
  weights: TensorInfo | undefined,
  indices: Int32Array | undefined,
  { rows, reduction }: FusedAttrs,
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

/** The kernel that scales the rows of a gradient: see {@link SCALE_GRADIENT}. */
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
