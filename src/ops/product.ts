import { mul, type Tensor } from '@tensorflow/tfjs-core';

import { elementwise, type Op } from '../core/op.js';

/** x · y, whose gradients are 0 where nobody uses the result, even if x or y is NaN or infinite there. */
export const product: Op<[x: Tensor, y: Tensor]> = elementwise<[x: Tensor, y: Tensor]>(
  'Product',
  ([x, y]) => mul(x, y),
  [([, y]) => y, ([x]) => x],
)({});
