import type { Tensor } from '@tensorflow/tfjs-core';

import type { Input } from '../core/inputs.js';
import {
  readClassOptions,
  type CategoricalCrossentropyOpOptions,
} from './categorical_crossentropy.js';
import { sparseClassCrossEntropy } from './class_cross_entropy.js';

/**
 * Keras's backend function: categorical cross-entropy with class indices, one value per row.
 *
 *     p    = fromLogits ? softmax(output) : clip(output / Σ output, 1e-7, 1 − 1e-7)
 *     loss = −log p of the class
 *
 * @param target - Class indices, in the shape of `output` without `axis`, or with 1 in its place.
 * @param output - Logits or probabilities, any shape.
 * @returns Loss in nats, in the shape of `output` without `axis`.
 * @throws {@link ShapeError} if the shapes do not fit.
 * @throws RangeError if `axis` is not one of the axes or a label is no class, TypeError if an input is disposed or not
 * numeric.
 * @example
 * ```ts
 * ops.sparseCategoricalCrossentropy([1], [[0.05, 0.95, 0]]); // ≈ [0.0513]
 * ```
 * @see Keras, `keras.ops.sparse_categorical_crossentropy`.
 */
export function sparseCategoricalCrossentropy(
  target: Input,
  output: Input,
  options: CategoricalCrossentropyOpOptions = {},
): Tensor {
  const who = 'ops.sparseCategoricalCrossentropy';
  const classes = readClassOptions(who, options);
  return sparseClassCrossEntropy(who, ['target', target], ['output', output], classes);
}
