import type { TensorInfo } from '@tensorflow/tfjs-core';

import { assertClass } from '../../core/checks.js';
import type { CrossEntropySpec, FusedAttrs } from '../../core/kernel_contract.js';
import type { FusedTensors } from '../backend_kernels.js';
import { computeInChunks, reductionFactor } from './driver.js';
import type { KernelMemory } from './kernel_memory.js';
import { SCRATCH } from './row_kernels.js';

/** Computes a {@link CrossEntropyKernel}. */
export function computeCrossEntropy(
  memory: KernelMemory,
  tensors: FusedTensors,
  attrs: FusedAttrs<CrossEntropySpec>,
): TensorInfo[] {
  const { spec } = attrs;
  const { kernel, rowLength, labelScale, labelShift, posWeight, classWeights } = spec;
  const { labels, weights } = tensors;
  const isSigmoid = kernel === 'FusedSigmoidCrossEntropy';
  const indices =
    kernel === 'FusedSparseSoftmaxCrossEntropy'
      ? classIndices(memory.read(labels), attrs)
      : undefined;
  const factor = reductionFactor(memory, weights, indices, attrs);
  const scale = isSigmoid ? factor / rowLength : factor;
  return computeInChunks(memory, tensors, attrs, scale, (chunk) => {
    const { firstRow, rows, predictions: x, weights: w, values: v, gradient: g } = chunk;
    const [start, size] = [firstRow * rowLength, rows * rowLength];
    const scratch = memory.allocate(SCRATCH);
    const chunkIndices = indices?.subarray(firstRow, firstRow + rows);
    const y = classWeights
      ? memory.copyArrayIn(weightedLabels(chunkIndices ?? memory.read(labels), start, size, spec))
      : chunkIndices
        ? memory.copyArrayIn(chunkIndices)
        : memory.copyIn(labels, start, size);
    const [oneWeight, positive] =
      typeof posWeight === 'number'
        ? [posWeight, 0]
        : [1, memory.copyArrayIn(Float32Array.from(posWeight))];
    // Weighted labels are dense, scaled and shifted already.
    const affine = classWeights ? ([1, 0] as const) : ([labelScale, labelShift] as const);
    const numbers = [rows, rowLength, ...affine, scale] as const;
    const isSparse = chunkIndices && !classWeights ? 1 : 0;
    return (kernels) =>
      isSigmoid
        ? kernels.sigmoid(x, y, positive, oneWeight, w, v, g, scratch, ...numbers)
        : kernels.softmax(x, y, isSparse, w, v, g, scratch, ...numbers);
  });
}

/** The class of each row, −1 where it is ignored. Throws where a label is no class. */
function classIndices(
  labels: ArrayLike<number>,
  { who, rows, spec: { rowLength, ignoreClass } }: FusedAttrs<CrossEntropySpec>,
): Int32Array {
  const indices = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    assertClass(who, label, rowLength, ignoreClass);
    indices[row] = label === ignoreClass ? -1 : label;
  }
  return indices;
}

/**
 * The labels of a chunk, scaled, shifted, and times the weights of their classes.
 *
 * @param labels - Class indices of the chunk; or the labels of all rows, of which number `start` is the first of the chunk.
 * @param size - How many labels the chunk has, once they are dense.
 */
function weightedLabels(
  labels: ArrayLike<number>,
  start: number,
  size: number,
  { kernel, rowLength, labelScale, labelShift, classWeights }: CrossEntropySpec,
): Float32Array {
  const isSparse = kernel === 'FusedSparseSoftmaxCrossEntropy';
  const weighted = new Float32Array(size);
  for (let i = 0, row = 0; i < size; row++) {
    for (let j = 0; j < rowLength; j++, i++) {
      const label = isSparse ? Number(labels[row] === j) : labels[start + i]!;
      // An ignored row has no labels at all, so nothing is shifted there.
      const counts = !isSparse || labels[row]! >= 0;
      weighted[i] = counts ? (labelScale * label + labelShift) * classWeights![j]! : 0;
    }
  }
  return weighted;
}
