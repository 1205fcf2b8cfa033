import {
  abs,
  add,
  cast,
  div,
  less,
  max,
  minimum,
  mul,
  neg,
  reshape,
  square,
  step,
  sub,
  where,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { spreadAlong, type Input } from '../core/inputs.js';
import { lossValues } from '../core/built_in_loss.js';
import type { NoOptions } from '../core/loss.js';
import { defineOp, multiplyNoNan } from '../core/op.js';
import { sumOver } from '../core/reduction.js';
import { clamp, epsilon } from '../ops/clip.js';
import { log } from '../ops/log.js';
import { logOfQuotient } from '../ops/log_ratio.js';
import { polynomial } from '../ops/polynomial.js';
import { broadcastBoth, RowwiseLoss, type FusedKernelOf } from './elementwise_loss.js';

/**
 * Kullback-Leibler divergence of the predicted distribution from that of the labels, one value per sample.
 *
 *     y    = clip(yTrue, 1e-7, 1)
 *     p    = clip(yPred, 1e-7, 1)
 *     loss = Σ y · log(y / p), over the last axis
 *
 * For soft labels: it is the categorical cross-entropy less the entropy of the labels, so a perfect prediction costs 0.
 *
 * Differs from Keras: distributions that are nearly equal keep their digits.
 *
 * @param yTrue - Probabilities that sum to 1 along the last axis, shape [batch, d₀, …, classes].
 * @param yPred - Probabilities, in a shape that broadcasts with that of `yTrue`.
 * @returns Loss in nats, in the shape of both without the last axis.
 * @throws {@link ShapeError} if the shapes do not broadcast, TypeError if an input is of the wrong kind.
 * @example
 * ```ts
 * klDivergence([[0.5, 0.5], [0, 1]], [[0.25, 0.75], [0.5, 0.5]]); // ≈ [0.1438, 0.6931]
 * ```
 * @see Kullback & Leibler, On information and sufficiency, Annals of Mathematical Statistics 22 (1951).
 */
export function klDivergence(yTrue: Input, yPred: Input, options: NoOptions = {}): Tensor {
  return lossValues(KLDivergence, yTrue, yPred, options);
}

/**
 * {@link klDivergence} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * new KLDivergence()([[0.5, 0.5], [0, 1]], [[0.25, 0.75], [0.5, 0.5]]); // ≈ 0.4185
 * ```
 */
export class KLDivergence extends RowwiseLoss {
  static override readonly className: string = 'KLDivergence';
  static override readonly aliases: readonly string[] = ['kld', 'KLD', 'kullbackLeiblerDivergence'];

  /** @internal */
  override values(yTrue: Tensor, yPred: Tensor): Tensor {
    // A single number is a row of its own.
    const asRow = (x: Tensor) => (x.rank === 0 ? reshape(x, [1]) : x);
    const [y, p] = broadcastBoth(yTrue, yPred);
    return divergence(asRow(y), asRow(p));
  }

  /** @internal */
  protected override fusedKernel(): FusedKernelOf {
    return { kernel: 'FusedKLDivergence', constant: epsilon(), rowReduction: 'sum' };
  }
}

/**
 * Σ y · log(y / p). The terms of nearly equal numbers are small and of both signs, and what is left of them is of second order; so
 * that is added up apart from their differences, of which subtraction loses nothing:
 *
 *     y · log(y / p) = (y · log(y / p) − y + p) + (y − p)
 */
const divergence = defineOp<[y: Tensor, p: Tensor], Record<string, never>>(
  'KLDivergence',
  ([labels, output]) => {
    // The largest of no numbers is −∞.
    if (labels.size === 0) return sumOver(labels, [labels.rank - 1]);
    const [y, p] = [clip(labels), clip(output)];
    const difference = sub(y, p);
    const share = div(difference, add(y, p));
    const isNear = less(abs(share), 0.2);
    const terms = where(isNear, secondOrder(difference, share), mul(y, log(div(y, p))));
    return add(
      sumOver(terms, [terms.rank - 1]),
      sumOfBothSigns(mul(difference, cast(isNear, 'float32'))),
    );
  },
  [
    (dy, [labels, output]) => {
      const [y, p] = [clip(labels), clip(output)];
      const slope = add(1, logOfQuotient(sub(y, p), minimum(y, p)));
      return multiplyNoNan(mul(slope, isInside(labels)), spreadAlong(labels, dy, -1));
    },
    (dy, [labels, output]) => {
      const slope = neg(div(clip(labels), clip(output)));
      return multiplyNoNan(mul(slope, isInside(output)), spreadAlong(output, dy, -1));
    },
  ],
)({});

/** y · log(y / p) − y + p, by its series in s = (y − p) / (y + p). */
function secondOrder(difference: Tensor, s: Tensor): Tensor {
  const series = polynomial(square(s), [1 / 11, 1 / 9, 1 / 7, 1 / 5, 1 / 3]);
  return mul(mul(difference, s), add(1, mul(add(s, square(s)), series)));
}

/** Σ x over the last axis, where much cancels: about 12 leading binary digits of each number add up without rounding, the rest apart. */
function sumOfBothSigns(x: Tensor): Tensor {
  const coarse = mul(max(abs(x), -1, true), 2 ** 12);
  const leading = sub(add(x, coarse), coarse);
  const last = [x.rank - 1];
  return add(sumOver(leading, last), sumOver(sub(x, leading), last));
}

function clip(x: Tensor): Tensor {
  return clamp(x, epsilon(), 1);
}

/** 1 where the clip leaves the number alone, else 0. */
function isInside(x: Tensor): Tensor {
  return mul(sub(1, step(sub(epsilon(), x))), sub(1, step(sub(x, 1))));
}
