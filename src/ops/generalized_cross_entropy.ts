import {
  div,
  equal,
  exp,
  fill,
  mul,
  neg,
  pow,
  scalar,
  where,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { elementwise, type Op } from '../core/op.js';
import { clip } from './clip.js';
import { expm1 } from './expm1.js';
import { log } from './log.js';

interface Exponent extends Readonly<Record<string, number>> {
  readonly q: number;
}

/**
 * A cost −log p in its generalized form (1 − p^q) / q, without the difference: it would cancel where p is near 1, or q near 0.
 *
 * @internal
 */
export function generalizedCost(q: number): Op<[cost: Tensor]> {
  return fromCost({ q });
}

/**
 * The same, from p. Where p is 0, its slope is infinite; it is given that of 1e-7, and training goes on.
 *
 * @internal
 */
export function generalizedCostOf(q: number): Op<[p: Tensor]> {
  return fromProbability({ q });
}

const fromCost = elementwise<[cost: Tensor], Exponent>(
  'GeneralizedCost',
  ([cost], { q }) => div(neg(expm1(mul(cost, -q))), q),
  [([cost], { q }) => exp(mul(cost, -q))],
);

const fromProbability = elementwise<[p: Tensor], Exponent>(
  'GeneralizedCostOfProbability',
  // The log of a GPU is finite at 0.
  ([p], { q }) => where(equal(p, 0), fill(p.shape, 1 / q), div(neg(expm1(mul(log(p), q))), q)),
  [([p], { q }) => neg(power({ n: q - 1 })(p))],
);

/** p^n for n below 0, finite at 0. */
const power: (exponent: { n: number }) => Op<[p: Tensor]> = elementwise<[p: Tensor], { n: number }>(
  'PowerOfProbability',
  ([p], { n }) => pow(where(equal(p, 0), clip(p), p), scalar(n)),
  [([p], { n }) => mul(n, power({ n: n - 1 })(p))],
);
