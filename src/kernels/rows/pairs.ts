import type { TensorInfo } from '@tensorflow/tfjs-core';

import { PAIR_OPS, SIGNED_OPS, type PairForm, type RowsAttrs } from '../names.js';
import { factorOf, inChunks, type RowsTensors } from './rows.js';
import type { Workspace } from './workspace.js';

/** The kernel of a loss over pairs: see {@link RowsOp}. */
export function pairRows(
  space: Workspace,
  tensors: RowsTensors,
  attrs: RowsAttrs<PairForm>,
): TensorInfo[] {
  const { op, length, parameter, isSum } = attrs.form;
  const { labels, weights } = tensors;
  const share = isSum ? 1 : 1 / length;
  const scale = factorOf(space, weights, undefined, attrs) * share;
  const isSigned = SIGNED_OPS.includes(op) && isBinary(space.read(labels));
  const [labelScale, labelShift] = isSigned ? [2, -1] : [1, 0];
  const number = PAIR_OPS.indexOf(op);
  return inChunks(space, tensors, attrs, scale, (chunk) => {
    const { row, count, logits: x, weights: w, values: v, gradient: g } = chunk;
    const y = space.place(labels, row * length, count * length);
    const factors = [count, length, labelScale, labelShift, parameter, scale, share] as const;
    return (core) => core.pairs(number, x, y, w, v, g, ...factors);
  });
}

function isBinary(labels: ArrayLike<number>): boolean {
  return Array.prototype.every.call(labels, (label) => label === 0 || label === 1);
}
