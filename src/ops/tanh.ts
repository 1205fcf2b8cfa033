import { abs, add, div, mul, neg, square, sub, type Tensor } from '@tensorflow/tfjs-core';

import { elementwise, type Op } from '../core/op.js';
import { expm1 } from './expm1.js';
import { sign } from './sign.js';

/** Hyperbolic tangent that keeps the digits of a small x on every backend; those of GPUs compute a difference of powers. */
export const tanh: Op<[x: Tensor]> = elementwise<[x: Tensor]>(
  'Tanh',
  ([x]) => {
    const power = expm1(mul(-2, abs(x)));
    return mul(sign(x), div(neg(power), add(power, 2)));
  },
  [([x]) => sub(1, square(tanh(x)))],
)({});
