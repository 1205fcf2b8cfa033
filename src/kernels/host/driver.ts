import type { TensorInfo } from '@tensorflow/tfjs-core';

import type { FusedAttrs } from '../../core/kernel_contract.js';
import type { FusedTensors } from '../backend_kernels.js';
import type { KernelMemory } from './kernel_memory.js';
import type { RowKernels } from './row_kernels.js';

/** Rows that are computed at once. All but the first two fields are addresses; 0 stands for "none". */
interface Chunk {
  readonly firstRow: number;
  readonly rows: number;
  readonly predictions: number;
  /** One weight per row. */
  readonly weights: number;
  /** Where to write the losses of the rows. */
  readonly values: number;
  /** Where to write the gradient. */
  readonly gradient: number;
}

/**
 * Computes a fused kernel chunk by chunk.
 *
 * @param scale - Factor of the reduction: the loss is the sum over all rows times this.
 * @param prepare - Copies in what the kernel needs beside the chunk, such as labels. It returns the call of the row kernel, which
 * runs in SIMD first, and again in float64 if the sum was not finite.
 */
export function computeInChunks(
  memory: KernelMemory,
  { predictions, weights }: FusedTensors,
  { rows, shape, reduction, spec: { rowLength }, gradient: needsGradient }: FusedAttrs,
  scale: number,
  prepare: (chunk: Chunk) => (kernels: RowKernels) => number,
): TensorInfo[] {
  const values = reduction === 'none' ? memory.output(shape) : undefined;
  const gradient = needsGradient ? memory.output(predictions.shape) : undefined;
  const rowsPerChunk = memory.rowsPerChunk(rowLength);
  let sum = 0;
  for (let firstRow = 0; firstRow < rows; firstRow += rowsPerChunk) {
    const count = Math.min(rowsPerChunk, rows - firstRow);
    const [start, size] = [firstRow * rowLength, count * rowLength];
    memory.reset();
    const compute = prepare({
      firstRow,
      rows: count,
      predictions: memory.copyIn(predictions, start, size),
      weights: weights === undefined ? 0 : memory.copyIn(weights, firstRow, count),
      values: values?.addressFor(firstRow, count) ?? 0,
      gradient: gradient?.addressFor(start, size) ?? 0,
    });
    const chunkSum = compute(memory.simd);
    sum += Number.isFinite(chunkSum) ? chunkSum : compute(memory.float64);
    values?.copyOut();
    gradient?.copyOut();
  }
  const loss = values?.tensor() ?? memory.scalar(scale === 0 ? 0 : sum * scale);
  return gradient === undefined ? [loss] : [loss, gradient.tensor()];
}

/**
 * Factor of the reduction: what the sum over all rows is multiplied by.
 *
 * @param indices - The class of each row, where labels are class indices. A row with an index below 0 does not count.
 */
export function reductionFactor(
  memory: KernelMemory,
  weights: TensorInfo | undefined,
  indices: Int32Array | undefined,
  { rows, reduction }: FusedAttrs,
): number {
  if (reduction === 'none' || reduction === 'sum') return 1;
  const rowWeights =
    reduction === 'mean_with_sample_weight' && weights ? memory.read(weights) : undefined;
  if (rowWeights === undefined && indices === undefined) return 1 / rows;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    if (indices === undefined || indices[row]! >= 0) total += rowWeights?.[row] ?? 1;
  }
  // A mean over infinite weights is NaN, as ∞ / ∞ is. 1 / ∞ would make 0 of it.
  return total === 0 ? 0 : Number.isFinite(total) ? 1 / total : NaN;
}
