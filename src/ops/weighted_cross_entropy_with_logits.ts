import { tidy, type Tensor } from '@tensorflow/tfjs-core';

import {
  assertBroadcasts,
  broadcast,
  labelsAndOutput,
  toTensor,
  type Input,
} from '../core/inputs.js';
import { sigmoidCrossEntropy } from './sigmoid_cross_entropy_with_logits.js';

/**
 * {@link sigmoidCrossEntropyWithLogits} with the loss of positive labels multiplied by `posWeight`: above 1 for recall,
 * below 1 for precision.
 *
 *     loss = −posWeight · labels · log σ(logits) − (1 − labels) · log σ(−logits)
 *
 * @param labels - Labels in [0, 1], any shape.
 * @param logits - Logits, same shape.
 * @param posWeight - Weight of positive labels, a shape that broadcasts to that of `logits`.
 * @returns Loss in nats, same shape as `logits`.
 * @throws {@link ShapeError} if the shapes do not fit.
 * @throws TypeError if an input is disposed or not numeric.
 * @example
 * ```ts
 * weightedCrossEntropyWithLogits([1, 0], [0, 0], 3); // ≈ [2.0794, 0.6931]
 * ```
 * @see TensorFlow, `tf.nn.weighted_cross_entropy_with_logits`.
 */
export function weightedCrossEntropyWithLogits(
  labels: Input,
  logits: Input,
  posWeight: Input,
): Tensor {
  const who = 'weightedCrossEntropyWithLogits';
  return tidy(() => {
    const x = toTensor(who, 'logits', logits);
    const weight = toTensor(who, 'posWeight', posWeight);
    assertBroadcasts(who, ['posWeight', weight.shape], ['logits', x.shape]);
    const pair = labelsAndOutput(who, ['labels', labels], ['logits', x]);
    return sigmoidCrossEntropy(...pair, broadcast(weight, x.shape));
  });
}
