import {
  add,
  div,
  equal,
  mul,
  neg,
  onesLike,
  sigmoid,
  sub,
  where,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { divideNoNan, elementwise, type Op } from '../core/op.js';
import { meanOver } from '../core/reduction.js';
import { product } from './product.js';

/** How yes/no predictions and labels overlap, as means over axes. */
interface Overlap {
  /** Of yes that was found: labels · p. */
  readonly hits: Tensor;
  /** Of yes that is none: (1 − labels) · p. */
  readonly falsePositives: Tensor;
  /** Of yes that was not found: labels · (1 − p). */
  readonly falseNegatives: Tensor;
}

/**
 * Means and not sums, which would overflow in float16. From logits 1 − p is σ(−logits): it has all digits.
 *
 * @internal
 */
export function overlap(
  labels: Tensor,
  output: Tensor,
  fromLogits: boolean,
  axes: number[],
): Overlap {
  const yes = fromLogits ? logistic(output) : output;
  const no = fromLogits ? logistic(neg(output)) : sub(1, output);
  return {
    hits: meanOver(product(labels, yes), axes),
    falsePositives: meanOver(product(sub(1, labels), yes), axes),
    falseNegatives: meanOver(product(labels, no), axes),
  };
}

/** σ(x), whose slope σ(x) · σ(−x) keeps its digits on both tails. */
const logistic: Op<[x: Tensor]> = elementwise<[x: Tensor]>('Logistic', ([x]) => sigmoid(x), [
  ([x]) => mul(logistic(x), logistic(neg(x))),
])({});

/**
 * The share that was missed: missed / (found + missed), and 1 where there is nothing at all. It is 1 − found / (found + missed)
 * without the difference, and neither slope has one.
 *
 * @internal
 */
export const missedShare: Op<Pair> = elementwise<Pair>(
  'MissedShare',
  ([found, missed]) => {
    const total = add(found, missed);
    return where(equal(total, 0), onesLike(total), div(missed, total));
  },
  [
    ([found, missed]) => neg(shareOf(missed, add(found, missed))),
    ([found, missed]) => shareOf(found, add(found, missed)),
  ],
)({});

type Pair = [found: Tensor, missed: Tensor];

/** part / total², whose square alone might overflow or vanish. */
function shareOf(part: Tensor, total: Tensor): Tensor {
  return divideNoNan(divideNoNan(part, total), total);
}
