import type { Tensor } from '@tensorflow/tfjs-core';

import type { Input } from '../core/inputs.js';
import { sparseClassCrossEntropy } from './class_cross_entropy.js';

/**
 * {@link softmaxCrossEntropyWithLogits} with class indices for labels: −log softmax of the logit of the class.
 *
 * @param labels - Class indices, in the shape of `logits` without `axis`, or with 1 in its place; int32, float32 or bool.
 * @param logits - Logits, any shape.
 * @param axis - Axis of the classes. Default: `-1`, the last.
 * @returns Loss in nats, in the shape of `logits` without `axis`.
 * @throws {@link ShapeError} if the shapes do not fit.
 * @throws RangeError if a label is no class; where the backend cannot tell in time, its loss is NaN.
 * @example
 * ```ts
 * sparseSoftmaxCrossEntropyWithLogits([0, 2], [[40, 0, 0], [40, 0, 0]]); // ≈ [8.4967e-18, 40]
 * ```
 * @see TensorFlow, `tf.nn.sparse_softmax_cross_entropy_with_logits`.
 */
export function sparseSoftmaxCrossEntropyWithLogits(
  labels: Input,
  logits: Input,
  axis = -1,
): Tensor {
  const who = 'sparseSoftmaxCrossEntropyWithLogits';
  const classes = { fromLogits: true, axis };
  return sparseClassCrossEntropy(who, ['labels', labels], ['logits', logits], classes);
}
