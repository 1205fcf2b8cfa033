import type { TensorInfo } from '@tensorflow/tfjs-core';

import {
  ELEMENTWISE_KERNELS,
  SIGNED_LABEL_KERNELS,
  type ElementwiseSpec,
  type FusedAttrs,
} from '../../core/kernel_contract.js';
import { factorOf, inChunks, type FusedTensors } from './rows.js';
import type { Workspace } from './workspace.js';

/** The kernel of a loss over pairs: see {@link FusedKernel}. */
export function pairRows(
  space: Workspace,
  tensors: FusedTensors,
  attrs: FusedAttrs<ElementwiseSpec>,
): TensorInfo[] {
  const { kernel, rowLength: length, constant, rowReduction } = attrs.spec;
  const { labels, weights } = tensors;
  const share = rowReduction === 'sum' ? 1 : 1 / length;
  const scale = factorOf(space, weights, undefined, attrs) * share;
  const isSigned = SIGNED_LABEL_KERNELS.includes(kernel) && isBinary(space.read(labels));
  const [labelScale, labelShift] = isSigned ? [2, -1] : [1, 0];
  const number = ELEMENTWISE_KERNELS.indexOf(kernel);
  return inChunks(space, tensors, attrs, scale, (chunk) => {
    const { row, count, predictions: x, weights: w, values: v, gradient: g } = chunk;
    const y = space.place(labels, row * length, count * length);
    const factors = [count, length, labelScale, labelShift, constant, scale, share] as const;
    return (core) => core.pairs(number, x, y, w, v, g, ...factors);
  });
}

function isBinary(labels: ArrayLike<number>): boolean {
  return Array.prototype.every.call(labels, (label) => label === 0 || label === 1);
}
