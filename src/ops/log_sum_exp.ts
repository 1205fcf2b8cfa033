import {
  add,
  div,
  equal,
  exp,
  greater,
  log,
  logicalOr,
  max,
  min,
  sub,
  sum,
  where,
  zerosLike,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { spreadAlong } from '../core/inputs.js';
import { defineOp, multiplyNoNan, type Op } from '../core/op.js';
import { product } from './product.js';

type Chosen = [x: Tensor, chosen: Tensor];

/**
 * log Σ e^x over the entries of each row, [rows, entries], that are chosen: 1, and 0 for others. A row without any gives that of
 * all its entries, a finite number which the caller does not use.
 *
 * @internal
 */
export const logSumExpOf: Op<Chosen> = defineOp<Chosen, Record<string, never>>(
  'LogSumExpOf',
  (inputs) => {
    const { largest, powers } = row(...inputs);
    return add(sum(largest, 1), log(sum(powers, 1)));
  },
  [
    (dy, inputs) => multiplyNoNan(softmaxOf(...inputs), spreadAlong(inputs[0], dy, 1)),
    (_, [, chosen]) => zerosLike(chosen),
  ],
)({});

/** The softmax over the chosen entries of each row, and 0 for the others. */
const softmaxOf: Op<Chosen> = defineOp<Chosen, Record<string, never>>(
  'SoftmaxOf',
  (inputs) => {
    const { powers } = row(...inputs);
    return div(powers, sum(powers, 1, true));
  },
  [
    (dy, inputs) => {
      const p = softmaxOf(...inputs);
      return product(p, sub(dy, sum(product(p, dy), 1, true)));
    },
    (_, [, chosen]) => zerosLike(chosen),
  ],
)({});

/** e^(x − largest) of the chosen entries, and 0 for the others. */
function row(x: Tensor, chosen: Tensor) {
  const counts = logicalOr(greater(chosen, 0), equal(max(chosen, 1, true), 0));
  // −Infinity in the place of the others would be NaN in float16.
  const largest = max(where(counts, x, min(x, 1, true)), 1, true);
  return { largest, powers: where(counts, exp(sub(x, largest)), zerosLike(x)) };
}
