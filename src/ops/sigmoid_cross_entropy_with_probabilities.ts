import { add, div, mul, neg, square, sub, type Tensor } from '@tensorflow/tfjs-core';

import { elementwise, type Op } from '../core/op.js';
import { clip, EPSILON, insideClip } from './clip.js';
import { log } from './log.js';
import { log1p } from './log1p.js';

type Inputs = [labels: Tensor, probabilities: Tensor, posWeight?: Tensor];

/**
 * Cross-entropy between labels and probabilities, element by element, on float32 tensors of one shape. Without
 * `posWeight` it counts as 1.
 *
 *     p    = clip(probabilities, 1e-7, 1 − 1e-7)
 *     loss = −posWeight · labels · log p − (1 − labels) · log1p(−p)
 *
 * The gradient is 0 where the clip acts, as in Keras. NaN stays NaN.
 *
 * @internal
 */
export const sigmoidCrossEntropyWithProbabilities = crossEntropy(
  'SigmoidCrossEntropyWithProbabilities',
  log,
  (p) => log1p(neg(p)),
  (p) => p,
);

/**
 * The same as tf.keras 2 computed it: epsilon is added inside the logarithms too.
 *
 *     loss = −posWeight · labels · log(p + 1e-7) − (1 − labels) · log(1 − p + 1e-7)
 *
 * @internal
 */
export const sigmoidCrossEntropyWithProbabilitiesKeras2 = crossEntropy(
  'SigmoidCrossEntropyWithProbabilitiesKeras2',
  (p) => log(add(p, EPSILON)),
  (p) => log(add(sub(1, p), EPSILON)),
  (p) => add(p, EPSILON),
);

/**
 * −posWeight · labels · log p − (1 − labels) · log(1 − p) for one way of taking the two logarithms; `denominator` is
 * what the first one takes the logarithm of.
 */
function crossEntropy(
  name: string,
  logOf: (p: Tensor) => Tensor,
  logOfComplement: (p: Tensor) => Tensor,
  denominator: (p: Tensor) => Tensor,
): Op<Inputs> {
  const slope = elementwise<Inputs>(
    `${name}Gradient`,
    ([labels, probabilities, posWeight]) => {
      const p = clip(probabilities);
      const negative = div(sub(1, labels), denominator(sub(1, p)));
      const positive = div(weigh(labels, posWeight), denominator(p));
      return insideClip(probabilities, sub(negative, positive));
    },
    [
      ([, probabilities, posWeight]) => {
        const p = clip(probabilities);
        const negative = div(-1, denominator(sub(1, p)));
        const positive = div(posWeight ?? 1, denominator(p));
        return insideClip(probabilities, sub(negative, positive));
      },
      ([labels, probabilities, posWeight]) => {
        const p = clip(probabilities);
        const negative = div(sub(1, labels), square(denominator(sub(1, p))));
        const positive = div(weigh(labels, posWeight), square(denominator(p)));
        return insideClip(probabilities, add(negative, positive));
      },
      ([labels, probabilities]) =>
        insideClip(probabilities, neg(div(labels, denominator(clip(probabilities))))),
    ],
  )({});
  return elementwise<Inputs>(
    name,
    ([labels, probabilities, posWeight]) => {
      const p = clip(probabilities);
      const positive = mul(weigh(labels, posWeight), logOf(p));
      return neg(add(positive, mul(sub(1, labels), logOfComplement(p))));
    },
    [
      ([, probabilities, posWeight]) => {
        const p = clip(probabilities);
        return sub(logOfComplement(p), weigh(logOf(p), posWeight));
      },
      (inputs) => slope(...inputs),
      ([labels, probabilities]) => neg(mul(labels, logOf(clip(probabilities)))),
    ],
  )({});
}

function weigh(x: Tensor, posWeight?: Tensor): Tensor {
  return posWeight === undefined ? x : mul(x, posWeight);
}
