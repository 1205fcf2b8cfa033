import { tidy, type Tensor } from '@tensorflow/tfjs-core';

import { assertBoolean } from '../core/checks.js';
import { withDefaults } from '../core/config.js';
import { labelsAndOutput, type Input } from '../core/inputs.js';
import { logitsBehind } from '../core/trace.js';
import { sigmoidCrossEntropy } from './sigmoid_cross_entropy_with_logits.js';
import { sigmoidCrossEntropyWithProbabilities } from './sigmoid_cross_entropy_with_probabilities.js';

/** Options of `ops.binaryCrossentropy`. */
export interface BinaryCrossentropyOpOptions {
  /** Read `output` as logits (any real number), not probabilities. Default: `false`. */
  fromLogits?: boolean;
}

/**
 * Keras's backend function: binary cross-entropy element by element, without a mean.
 *
 *     p    = fromLogits ? σ(output) : clip(output, 1e-7, 1 − 1e-7)
 *     loss = −target · log p − (1 − target) · log(1 − p)
 *
 * @param target - Labels in [0, 1], any shape.
 * @param output - Logits or probabilities, same shape.
 * @returns Loss in nats, same shape.
 * @throws {@link ShapeError} if the shapes differ.
 * @throws TypeError if an input is disposed or not numeric.
 * @example
 * ```ts
 * ops.binaryCrossentropy([0, 1], [0.6, 0.4]); // ≈ [0.9163, 0.9163]
 * ```
 * @see Keras, `keras.ops.binary_crossentropy`.
 */
export function binaryCrossentropy(
  target: Input,
  output: Input,
  options: BinaryCrossentropyOpOptions = {},
): Tensor {
  const who = 'ops.binaryCrossentropy';
  const { fromLogits } = withDefaults(who, { ...options }, { fromLogits: false });
  assertBoolean(who, 'fromLogits', fromLogits);
  return tidy(() => {
    const [y, x] = labelsAndOutput(who, ['target', target], ['output', output]);
    const logits = fromLogits ? x : logitsBehind(x, 'sigmoid');
    return logits === undefined
      ? sigmoidCrossEntropyWithProbabilities(y, x)
      : sigmoidCrossEntropy(y, logits);
  });
}
