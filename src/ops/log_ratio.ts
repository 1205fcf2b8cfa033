import { abs, add, div, minimum, mul, neg, sub, type Tensor } from '@tensorflow/tfjs-core';

import { elementwise } from '../core/op.js';
import { log1p } from './log1p.js';
import { sign } from './sign.js';

/** log((1 + b) / (1 + a)) of numbers above −1, that keeps the digits of a small difference. */
export const logRatio = elementwise<[a: Tensor, b: Tensor]>(
  'LogRatio',
  ([a, b]) => {
    const difference = sub(b, a);
    const larger = div(abs(difference), add(1, minimum(a, b)));
    return mul(sign(difference), log1p(larger));
  },
  [([a]) => neg(div(1, add(1, a))), ([, b]) => div(1, add(1, b))],
)({});
