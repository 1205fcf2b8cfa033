import {
  add,
  exp,
  mul,
  neg,
  onesLike,
  pow,
  scalar,
  sigmoid,
  sub,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { divideNoNan, elementwise, multiplyNoNan, type Op } from '../core/op.js';
import { expm1 } from './expm1.js';
import {
  sigmoidCrossEntropy,
  sigmoidCrossEntropyGradient,
} from './sigmoid_cross_entropy_with_logits.js';

type Pair = [labels: Tensor, output: Tensor];

/**
 * Binary focal cross-entropy from logits, element by element.
 *
 *     missed = labels · σ(−logits) + (1 − labels) · σ(logits)
 *     loss   = missed^gamma · crossEntropy
 *
 * `missed` is the probability of the other label, 1 − p_t. In the gradient its derivative appears divided by itself, where
 * nothing overflows: for a hard label that quotient is p_t.
 *
 * @internal
 */
export function sigmoidFocalCrossEntropy(gamma: number): Op<Pair> {
  return gamma === 0
    ? (labels, logits) => sigmoidCrossEntropy(labels, logits)
    : sigmoidFocal({ gamma });
}

const sigmoidFocal = elementwise<Pair, { gamma: number }>(
  'SigmoidFocalCrossEntropy',
  ([labels, logits], { gamma }) =>
    multiplyNoNan(
      sigmoidCrossEntropy(labels, logits),
      power(gamma)(missed(labels, sigmoid(logits), sigmoid(neg(logits)))),
    ),
  [
    ([labels, logits], { gamma }) => {
      const [p, q] = [sigmoid(logits), sigmoid(neg(logits))];
      const m = missed(labels, p, q);
      const focus = mul(gamma, divideNoNan(sub(q, p), m));
      const loss = sigmoidCrossEntropy(labels, logits);
      return multiplyNoNan(sub(mul(focus, loss), logits), power(gamma)(m));
    },
    ([labels, logits], { gamma }) => {
      const [p, q] = [sigmoid(logits), sigmoid(neg(logits))];
      const m = missed(labels, p, q);
      const focus = mul(mul(gamma, sub(1, mul(2, labels))), divideNoNan(mul(p, q), m));
      const loss = sigmoidCrossEntropy(labels, logits);
      const slope = sigmoidCrossEntropyGradient(labels, logits);
      return multiplyNoNan(add(multiplyNoNan(loss, focus), slope), power(gamma)(m));
    },
  ],
);

/**
 * Binary focal cross-entropy from probabilities, element by element, given their cross-entropy: `missed` as above, from
 * probabilities that are not clipped, as in Keras.
 *
 * @internal
 */
export function focalCrossEntropyWithProbabilities(
  gamma: number,
  crossEntropy: Op<Pair>,
): Op<Pair> {
  if (gamma === 0) return crossEntropy;
  return (labels, probabilities) =>
    multiplyNoNan(
      crossEntropy(labels, probabilities),
      power(gamma)(missed(labels, probabilities, sub(1, probabilities))),
    );
}

/** The probability of the label that is not meant: 1 − p_t, without the difference. */
function missed(labels: Tensor, p: Tensor, q: Tensor): Tensor {
  return add(mul(labels, q), mul(sub(1, labels), p));
}

/**
 * The focal form of a cost −log p: (1 − p)^gamma · cost.
 *
 *     missed = 1 − e^−cost
 *     loss   = missed^gamma · cost
 *
 * @internal
 */
export function focalCost(gamma: number): Op<[cost: Tensor]> {
  return gamma === 0 ? (cost) => cost : focal({ gamma });
}

const focal = elementwise<[cost: Tensor], { gamma: number }>(
  'FocalCost',
  ([cost], { gamma }) => multiplyNoNan(cost, power(gamma)(missedOf(cost))),
  [
    ([cost], { gamma }) => {
      const m = missedOf(cost);
      const focus = mul(gamma, multiplyNoNan(divideNoNan(cost, m), exp(neg(cost))));
      return mul(power(gamma)(m), add(onesLike(cost), focus));
    },
  ],
);

function missedOf(cost: Tensor): Tensor {
  return neg(expm1(neg(cost)));
}

/** x^exponent with a gradient that is finite at 0, where that of `tf.pow` is not for exponents below 1. */
function power(exponent: number): Op<[x: Tensor]> {
  return powerOp({ exponent });
}

const powerOp = elementwise<[x: Tensor], { exponent: number }>(
  'Power',
  ([x], { exponent }) => raise(x, exponent),
  [([x], { exponent }) => powerSlope({ exponent })(x)],
);

const powerSlope = elementwise<[x: Tensor], { exponent: number }>(
  'PowerGradient',
  ([x], { exponent }) => mul(exponent, raise(x, exponent - 1)),
  [([x], { exponent }) => mul(exponent * (exponent - 1), divideNoNan(raise(x, exponent - 1), x))],
);

/** x^n; for n below 0, where it is infinite at 0, it is 0 there. */
function raise(x: Tensor, n: number): Tensor {
  return n >= 0 ? pow(x, scalar(n)) : divideNoNan(pow(x, scalar(n + 1)), x);
}
