import type { Tensor } from '@tensorflow/tfjs-core';

import { assertBoolean } from '../core/checks.js';
import { withDefaults } from '../core/config.js';
import type { Input } from '../core/inputs.js';
import { classCrossEntropy } from './class_cross_entropy.js';

/** Options of `ops.categoricalCrossentropy` and `ops.sparseCategoricalCrossentropy`. */
export interface CategoricalCrossentropyOpOptions {
  /** Read `output` as logits (any real number), not probabilities. Default: `false`. */
  fromLogits?: boolean;
  /** Axis of the classes. Default: `-1`, the last. */
  axis?: number;
}

/** The options, checked. */
export function readClassOptions(
  who: string,
  options: CategoricalCrossentropyOpOptions,
): Required<CategoricalCrossentropyOpOptions> {
  const read = withDefaults(who, { ...options }, { fromLogits: false, axis: -1 });
  assertBoolean(who, 'fromLogits', read.fromLogits);
  return read;
}

/**
 * Keras's backend function: categorical cross-entropy, one value per row.
 *
 *     p    = fromLogits ? softmax(output) : clip(output / Σ output, 1e-7, 1 − 1e-7)
 *     loss = −Σ target · log p, over axis
 *
 * @param target - One-hot or soft labels, any shape.
 * @param output - Logits or probabilities, same shape.
 * @returns Loss in nats, in the shape of `output` without `axis`.
 * @throws {@link ShapeError} if the shapes differ.
 * @throws RangeError if `axis` is not one of the axes, TypeError if an input is disposed or not numeric.
 * @example
 * ```ts
 * ops.categoricalCrossentropy([[0, 1, 0]], [[0.05, 0.95, 0]]); // ≈ [0.0513]
 * ```
 * @see Keras, `keras.ops.categorical_crossentropy`.
 */
export function categoricalCrossentropy(
  target: Input,
  output: Input,
  options: CategoricalCrossentropyOpOptions = {},
): Tensor {
  const who = 'ops.categoricalCrossentropy';
  const classes = readClassOptions(who, options);
  return classCrossEntropy(who, ['target', target], ['output', output], classes);
}
