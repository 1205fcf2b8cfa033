import { div, neg, onesLike, square, type Tensor } from '@tensorflow/tfjs-core';

import { spreadAlong } from '../core/inputs.js';
import { divideNoNan, elementwise } from '../core/op.js';
import { sumOver } from '../core/reduction.js';
import { clip, insideClip } from './clip.js';
import { log } from './log.js';

/**
 * What each class would cost, from probabilities along an axis.
 *
 *     cost = −log clip(probabilities / Σ probabilities, 1e-7, 1 − 1e-7)
 *
 * A row of zeros costs −log 1e-7 for every class.
 *
 * @internal
 */
export function negativeLogProbabilities(probabilities: Tensor, axis: number): Tensor {
  const total = spreadAlong(probabilities, sumOver(probabilities, [axis]), axis);
  return cost(divideNoNan(probabilities, total));
}

const slope = elementwise<[Tensor]>(
  'NegativeLogClippedGradient',
  ([p]) => insideClip(p, neg(div(onesLike(p), clip(p)))),
  [([p]) => insideClip(p, div(onesLike(p), square(clip(p))))],
)({});

const cost = elementwise<[Tensor]>('NegativeLogClipped', ([p]) => neg(log(clip(p))), [
  ([p]) => slope(p),
])({});
