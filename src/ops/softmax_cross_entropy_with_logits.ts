import type { Tensor } from '@tensorflow/tfjs-core';

import type { Input } from '../core/inputs.js';
import { classCrossEntropy } from './class_cross_entropy.js';

/**
 * Cross-entropy between labels and the softmax of logits, one value per row, without computing the softmax.
 *
 *     loss      = −Σ labels · log softmax(logits)
 *     dLogits   = softmax(logits) · Σ labels − labels
 *     dLabels   = −log softmax(logits)
 *
 * Value and gradient keep full relative accuracy also for rows that are sure and right, and the gradient is the true one
 * for labels that do not sum to 1. A logit of −Infinity with label 0 costs nothing. Second-order gradients are exact too.
 *
 * @param labels - One-hot or soft labels, any shape.
 * @param logits - Logits, same shape.
 * @param axis - Axis of the classes. Default: `-1`, the last.
 * @returns Loss in nats, in the shape of `logits` without `axis`.
 * @throws {@link ShapeError} if the shapes differ.
 * @throws RangeError if `axis` is not one of the axes, TypeError if an input is disposed or not numeric.
 * @example
 * ```ts
 * softmaxCrossEntropyWithLogits([[1, 0, 0]], [[40, 0, 0]]); // ≈ [8.4967e-18]
 * ```
 * @see TensorFlow, `tf.nn.softmax_cross_entropy_with_logits`.
 */
export function softmaxCrossEntropyWithLogits(labels: Input, logits: Input, axis = -1): Tensor {
  const who = 'softmaxCrossEntropyWithLogits';
  const classes = { fromLogits: true, axis };
  return classCrossEntropy(who, ['labels', labels], ['logits', logits], classes);
}
