import { abs, add, div, minimum, mul, neg, sub, type Tensor } from '@tensorflow/tfjs-core';

import { elementwise } from '../core/op.js';
import { log1p } from './log1p.js';
import { sign } from './sign.js';

/** log((1 + b) / (1 + a)) of numbers above −1, that keeps the digits of a small difference. */
export const logRatio = elementwise<[a: Tensor, b: Tensor]>(
  'LogRatio',
  ([a, b]) => logOfQuotient(sub(b, a), add(1, minimum(a, b))),
  [([a]) => neg(div(1, add(1, a))), ([, b]) => div(1, add(1, b))],
)({});

/** The logarithm of a quotient, from the difference of its two numbers and the smaller one of them. */
export function logOfQuotient(difference: Tensor, smaller: Tensor): Tensor {
  return mul(sign(difference), log1p(div(abs(difference), smaller)));
}
