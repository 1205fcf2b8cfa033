import { notEqual, type Tensor } from '@tensorflow/tfjs-core';

import { steplike } from '../core/op.js';

/** Where a tensor differs from the given number, bool. */
export function differsFrom(x: Tensor, number: number): Tensor {
  return differs({ number })(x);
}

const differs = steplike<{ number: number }>('DiffersFrom', (x, { number }) => notEqual(x, number));
