import { div, equal, max, sum, type Tensor } from '@tensorflow/tfjs-core';

import { spreadAlong, toFloat } from '../core/inputs.js';
import { defineOp, multiplyNoNan, steplike } from '../core/op.js';

/** The largest entry along an axis. Equal ones share its gradient, as in TensorFlow; `tf.max` gives each of them all of it. */
export function largest(x: Tensor, axis: number): Tensor {
  return largestAlong({ axis })(x);
}

const largestAlong = defineOp<[x: Tensor], { axis: number }>(
  'Largest',
  ([x], { axis }) => max(x, axis),
  [(dy, [x], { axis }) => multiplyNoNan(shares({ axis })(x), spreadAlong(x, dy, axis))],
);

/** What each entry has of the largest one: 0, or 1 divided by how many there are. */
const shares = steplike<{ axis: number }>('ShareOfLargest', (x, { axis }) => {
  const isLargest = toFloat(equal(x, max(x, axis, true)));
  return div(isLargest, sum(isLargest, axis, true));
});
