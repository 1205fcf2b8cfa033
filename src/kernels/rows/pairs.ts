import type { TensorInfo } from '@tensorflow/tfjs-core';

import { PAIR_OPS, type PairForm, type PairOp, type RowsAttrs } from '../names.js';
import { SCRATCH } from './core.js';
import { exactWhereNotFinite, factorOf, results, type RowsTensors } from './cross_entropy.js';
import type { Workspace } from './workspace.js';

/** Losses for which labels of 0 and 1, if they all are, are −1 and 1. */
const SIGNED: readonly PairOp[] = ['HingeRows', 'SquaredHingeRows'];

/** The kernel of a loss over pairs: see {@link RowsOp}. */
export function pairRows(
  space: Workspace,
  tensors: RowsTensors,
  attrs: RowsAttrs<PairForm>,
): TensorInfo[] {
  const { rows, shape, reduction, form } = attrs;
  const { op, length, parameter, isSum } = form;
  const { labels, logits, weights } = tensors;
  const share = isSum ? 1 : 1 / length;
  const scale = factorOf(space, weights, undefined, attrs) * share;
  const values = reduction === 'none' ? space.output(shape) : undefined;
  const gradient = attrs.gradient ? space.output(logits.shape) : undefined;
  const isSigned = SIGNED.includes(op) && isBinary(space.read(labels));
  const [labelScale, labelShift] = isSigned ? [2, -1] : [1, 0];
  const number = PAIR_OPS.indexOf(op);
  const atOnce = space.rowsAtOnce(length);
  let sum = 0;
  for (let row = 0; row < rows; row += atOnce) {
    const count = Math.min(atOnce, rows - row);
    const [start, size] = [row * length, count * length];
    space.begin();
    const x = space.place(logits, start, size);
    const y = space.place(labels, start, size);
    const w = weights === undefined ? 0 : space.place(weights, row, count);
    const scratch = space.reserve(SCRATCH);
    const v = values?.place(row, count) ?? 0;
    const g = gradient?.place(start, size) ?? 0;
    const factors = [count, length, labelScale, labelShift, parameter, scale, share] as const;
    sum += exactWhereNotFinite(space, (core) =>
      core.pairs(number, x, y, w, v, g, scratch, ...factors),
    );
    values?.take();
    gradient?.take();
  }
  return results(space, values, gradient, scale === 0 ? 0 : sum * scale);
}

function isBinary(labels: ArrayLike<number>): boolean {
  return Array.prototype.every.call(labels, (label) => label === 0 || label === 1);
}
