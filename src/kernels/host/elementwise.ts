import type { TensorInfo } from '@tensorflow/tfjs-core';

import {
  ELEMENTWISE_KERNELS,
  SIGNED_LABEL_KERNELS,
  type ElementwiseSpec,
  type FusedAttrs,
} from '../../core/kernel_contract.js';
import type { FusedTensors } from '../backend_kernels.js';
import { computeInChunks, reductionFactor } from './driver.js';
import type { KernelMemory } from './kernel_memory.js';

/** Computes an {@link ElementwiseKernel}. */
export function computeElementwise(
  memory: KernelMemory,
  tensors: FusedTensors,
  attrs: FusedAttrs<ElementwiseSpec>,
): TensorInfo[] {
  const { kernel, rowLength, constant, rowReduction } = attrs.spec;
  const { labels, weights } = tensors;
  const valueScale = rowReduction === 'sum' ? 1 : 1 / rowLength;
  const scale = reductionFactor(memory, weights, undefined, attrs) * valueScale;
  const isSigned = SIGNED_LABEL_KERNELS.includes(kernel) && isBinary(memory.read(labels));
  const [labelScale, labelShift] = isSigned ? [2, -1] : [1, 0];
  const position = ELEMENTWISE_KERNELS.indexOf(kernel);
  return computeInChunks(memory, tensors, attrs, scale, (chunk) => {
    const { firstRow, rows, predictions: x, weights: w, values: v, gradient: g } = chunk;
    const y = memory.copyIn(labels, firstRow * rowLength, rows * rowLength);
    const numbers = [rows, rowLength, labelScale, labelShift, constant, scale, valueScale] as const;
    return (kernels) => kernels.pairs(position, x, y, w, v, g, ...numbers);
  });
}

function isBinary(labels: ArrayLike<number>): boolean {
  return Array.prototype.every.call(labels, (label) => label === 0 || label === 1);
}
