import { maximum, neg, step, sub, type Tensor } from '@tensorflow/tfjs-core';

import { elementwise, type Op } from '../core/op.js';

/** The larger one of x and 0, with slope 1 at 0 as in TensorFlow's `maximum(x, 0)`; that of `tf.relu` is 0. */
export const positivePart: Op<[x: Tensor]> = elementwise<[x: Tensor]>(
  'PositivePart',
  // The tensor comes first: then NaN stays NaN on all backends.
  ([x]) => maximum(x, 0),
  [([x]) => sub(1, step(neg(x)))],
)({});
