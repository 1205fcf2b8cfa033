import {
  abs,
  add,
  exp,
  greater,
  mul,
  neg,
  onesLike,
  sigmoid,
  sub,
  tidy,
  where,
  zerosLike,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { plainSpec, rowValues } from '../core/fused.js';
import { sameShapeTensors, toFloat, type Input } from '../core/inputs.js';
import { elementwise, multiplyNoNan, type Op } from '../core/op.js';
import { log1p } from './log1p.js';

/**
 * Cross-entropy between labels and the sigmoid of logits, element by element, without computing the sigmoid.
 *
 *     loss     = −labels · log σ(logits) − (1 − labels) · log σ(−logits)
 *     dLogits  = (1 − labels) · σ(logits) − labels · σ(−logits)
 *     dLabels  = −logits
 *
 * Value and gradient keep full relative accuracy on both tails and are finite for all finite logits. An infinite logit
 * costs 0 where the label agrees and Infinity where it does not. Second-order gradients are exact too.
 *
 * @param labels - Labels in [0, 1], any shape.
 * @param logits - Logits, same shape.
 * @returns Loss in nats, same shape.
 * @throws {@link ShapeError} if the shapes differ.
 * @throws TypeError if an input is disposed or not numeric.
 * @example
 * ```ts
 * sigmoidCrossEntropyWithLogits([0, 1, 1], [-40, 0, -40]); // ≈ [4.2484e-18, 0.6931, 40]
 * ```
 * @see TensorFlow, `tf.nn.sigmoid_cross_entropy_with_logits`.
 */
export function sigmoidCrossEntropyWithLogits(labels: Input, logits: Input): Tensor {
  const who = 'sigmoidCrossEntropyWithLogits';
  return tidy(() => {
    const [y, x] = sameShapeTensors(who, ['labels', labels], ['logits', logits]);
    const spec = plainSpec('FusedSigmoidCrossEntropy', 1);
    return rowValues(who, spec, y, x, x.shape, (...pair) =>
      sigmoidCrossEntropy(toFloat(pair[0]), toFloat(pair[1])),
    );
  });
}

/**
 * The op behind {@link sigmoidCrossEntropyWithLogits} and `weightedCrossEntropyWithLogits`, on float32 tensors of one
 * shape. Without `posWeight` it counts as 1.
 *
 *     loss = |logits| · opposed + log1p(e^−|logits|) · total
 *
 * All terms are positive, so nothing cancels: the textbook max(x, 0) − x·y + log1p(e^−|x|) loses its digits where a soft
 * label nearly agrees with a large logit.
 *
 * @internal
 */
export const sigmoidCrossEntropy: Op<SigmoidInputs> = elementwise<SigmoidInputs>(
  'SigmoidCrossEntropy',
  ([labels, logits, posWeight]) => {
    const distance = abs(logits);
    const tail = log1p(exp(neg(distance)));
    return add(
      multiplyNoNan(distance, opposed(labels, logits, posWeight)),
      weighTail(tail, labels, posWeight),
    );
  },
  [
    ([, logits, posWeight]) =>
      posWeight === undefined
        ? neg(logits)
        : sub(
            mul(posWeight, sigmoidCrossEntropy(onesLike(logits), logits)),
            sigmoidCrossEntropy(zerosLike(logits), logits),
          ),
    (inputs) => sigmoidCrossEntropyGradient(...inputs),
    ([labels, logits]) => multiplyNoNan(sigmoidCrossEntropy(onesLike(logits), logits), labels),
  ],
)({});

type SigmoidInputs = [labels: Tensor, logits: Tensor, posWeight?: Tensor];

/**
 * dLogits, with its own gradient for second order. σ(−|x|) is the small one of σ(x) and 1 − σ(x): it has all digits.
 *
 * @internal
 */
export const sigmoidCrossEntropyGradient: Op<SigmoidInputs> = elementwise<SigmoidInputs>(
  'SigmoidCrossEntropyGradient',
  ([labels, logits, posWeight]) => {
    const tail = sigmoid(neg(abs(logits)));
    const outward = sub(opposed(labels, logits, posWeight), weighTail(tail, labels, posWeight));
    return where(greater(logits, 0), outward, neg(outward));
  },
  [
    ([, logits, posWeight]) =>
      posWeight === undefined
        ? neg(onesLike(logits))
        : neg(add(sigmoid(logits), mul(posWeight, sigmoid(neg(logits))))),
    ([labels, logits, posWeight]) =>
      weighTail(mul(sigmoid(logits), sigmoid(neg(logits))), labels, posWeight),
    ([labels, logits]) => neg(mul(labels, sigmoid(neg(logits)))),
  ],
)({});

/** The weight of the label that the sign of the logit speaks against. */
function opposed(labels: Tensor, logits: Tensor, posWeight?: Tensor): Tensor {
  const positive = posWeight === undefined ? labels : mul(labels, posWeight);
  return where(greater(logits, 0), sub(1, labels), positive);
}

/** tail · (1 − labels + posWeight · labels), the weight of both labels together. */
function weighTail(tail: Tensor, labels: Tensor, posWeight?: Tensor): Tensor {
  return posWeight === undefined ? tail : mul(tail, add(sub(1, labels), mul(labels, posWeight)));
}
