import {
  add,
  all,
  cast,
  equal,
  logicalOr,
  mul,
  scalar,
  sub,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { defineOp } from '../core/op.js';
import { positivePart } from '../ops/positive_part.js';
import { product } from '../ops/product.js';

/** What each prediction is short of the margin: max(1 − y · p, 0), with the slope −y at the margin itself, as in Keras. */
export function shortOfMargin(labels: Tensor, output: Tensor): Tensor {
  return positivePart(sub(1, product(signedLabels(labels), output)));
}

/** Labels of a batch that holds nothing but 0 and 1 as −1 and 1; all others as they are. */
const signedLabels = defineOp<[labels: Tensor], Record<string, never>>(
  'SignedLabels',
  ([labels]) => {
    const binary = areBinary(labels);
    return sub(mul(labels, add(1, binary)), binary);
  },
  [(dy, [labels]) => mul(dy, add(1, areBinary(labels)))],
)({});

/** 1 if all labels are 0 or 1, else 0. */
function areBinary(labels: Tensor): Tensor {
  // GPUs cannot reduce what is empty.
  if (labels.size === 0) return scalar(1);
  return cast(all(logicalOr(equal(labels, 0), equal(labels, 1))), 'float32');
}
