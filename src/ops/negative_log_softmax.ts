import {
  add,
  div,
  equal,
  exp,
  max,
  neg,
  onesLike,
  sub,
  where,
  zerosLike,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { spreadAlong, toFloat } from '../core/inputs.js';
import { defineOp, multiplyNoNan } from '../core/op.js';
import { sumAlong, sumOver } from '../core/reduction.js';
import { log1p } from './log1p.js';

/**
 * −log softmax(logits) along an axis: what each class would cost. From it all softmax cross-entropies are made.
 *
 *     rest = Σ e^(logits − largest) over all classes but one of the largest
 *     cost = log1p(rest) + (largest − logits)
 *
 * The largest class costs log1p(rest), to all digits: log Σ e^logits − largest would cancel them where the row is sure. An
 * infinite logit is sure too: it costs 0, and all others Infinity.
 *
 * @internal
 */
export function negativeLogSoftmax(logits: Tensor, axis: number): Tensor {
  return costs({ axis })(logits);
}

const costs = defineOp<[logits: Tensor], { axis: number }>(
  'NegativeLogSoftmax',
  ([logits], { axis }) => {
    const { behind, rest } = row(logits, axis);
    return sub(log1p(rest), behind);
  },
  [(dCosts, [logits], { axis }) => pullBack({ axis })(logits, dCosts)],
);

/**
 * The gradient of Σ weights · cost with respect to the logits, p the softmax:
 *
 *     p · (Σ weights − weights) − weights · (1 − p)
 *
 * It is p · Σ weights − weights, without the difference of nearly equal numbers where a row is sure and right.
 */
const pullBack = defineOp<[logits: Tensor, weights: Tensor], { axis: number }>(
  'NegativeLogSoftmaxGradient',
  ([logits, weights], { axis }) => {
    const { isLargest, others, rest } = row(logits, axis);
    const total = add(rest, 1);
    const p = div(where(isLargest, onesLike(logits), others), total);
    const notP = div(where(isLargest, add(zerosLike(logits), rest), sub(total, others)), total);
    const remaining = sub(sumAlong(weights, axis), weights);
    return sub(multiplyNoNan(p, remaining), multiplyNoNan(notP, weights));
  },
  [
    (dy, [logits, weights], { axis }) => {
      const p = exp(neg(negativeLogSoftmax(logits, axis)));
      const mean = sumAlong(multiplyNoNan(p, dy), axis);
      const total = spreadAlong(logits, sumOver(weights, [axis]), axis);
      return multiplyNoNan(multiplyNoNan(p, sub(dy, mean)), total);
    },
    (dy, [logits], { axis }) => {
      const p = exp(neg(negativeLogSoftmax(logits, axis)));
      return sub(sumAlong(multiplyNoNan(p, dy), axis), dy);
    },
  ],
);

/** Each logit's distance behind the largest one, ≤ 0, and e to the power of it. */
function row(x: Tensor, axis: number) {
  const largest = max(x, axis, true);
  const isLargest = equal(x, largest);
  const zeros = zerosLike(x);
  const behind = where(isLargest, zeros, sub(x, largest));
  const others = where(isLargest, zeros, expOfDifference(x, largest, behind));
  // Of several largest ones all but one belong to the rest, with e⁰ each.
  const ties = sub(sumAlong(toFloat(isLargest), axis), 1);
  return { isLargest, behind, others, rest: add(sumAlong(others, axis), ties) };
}

/**
 * e^(x − y), given the rounded difference. Its rounding error, up to 4e-6 at −80, is the exact sum of two differences
 * (T. J. Dekker, "A floating-point technique for extending the available precision", 1971), and corrects the power.
 */
function expOfDifference(x: Tensor, y: Tensor, difference: Tensor): Tensor {
  const power = exp(difference);
  const minusY = sub(difference, x);
  const error = sub(sub(x, sub(difference, minusY)), add(y, minusY));
  // An infinite difference has no error, but Infinity − Infinity.
  return add(power, multiplyNoNan(error, power));
}
