import type { Tensor } from '@tensorflow/tfjs-core';

import { lossValues } from '../core/built_in_loss.js';
import type { LabelForm } from '../core/description.js';
import type { Input } from '../core/inputs.js';
import type { CrossEntropyKernel } from '../core/kernel_contract.js';
import { classCosts } from '../ops/class_cross_entropy.js';
import { classDefaults, ClassLoss, type ClassOptions } from './class_loss.js';

/** Options of {@link sparseCategoricalCrossentropy}. */
export interface SparseCategoricalCrossentropyOptions extends ClassOptions {
  /** Label whose samples do not count: they cost 0, and means leave them out. Default: `null`, none. */
  ignoreClass?: number | null;
  /** Weight of each class, one per class. Default: `null`, all 1. */
  classWeights?: readonly number[] | null;
}

/**
 * Cross-entropy between class indices and predictions over classes, one value per sample.
 *
 *     y    = oneHot(yTrue) · (1 − ε) + ε / classes
 *     p    = fromLogits ? softmax(yPred) : clip(yPred / Σ yPred, 1e-7, 1 − 1e-7)
 *     loss = −Σ classWeights · y · log p, over axis; 0 where yTrue is ignoreClass
 *
 * Prefer logits: they stay exact where softmax(yPred) would round to 0 or 1.
 *
 * Differs from Keras: as {@link categoricalCrossentropy}; `axis` may be any axis; labels may be smoothed; probabilities are
 * normalised before the clip, as in the categorical loss.
 *
 * @param yTrue - Class indices, int32, float32 or bool, in the shape of `yPred` without `axis`, or with 1 in its place.
 * @param yPred - Logits or probabilities, shape [batch, d₀, …, classes].
 * @returns Loss in nats, in the shape of `yPred` without `axis`.
 * @throws {@link ShapeError} if the shapes do not fit.
 * @throws RangeError if an option is unknown or outside its range, or a label is no class (on webgl and webgpu, which
 * cannot tell in time, its loss is NaN); TypeError if an option or an input is of the wrong kind.
 * @example
 * ```ts
 * sparseCategoricalCrossentropy([1, 2], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]]); // ≈ [0.0513, 2.3026]
 * ```
 * @see Goodfellow, Bengio & Courville, Deep Learning (2016), §6.2.2.3.
 */
export function sparseCategoricalCrossentropy(
  yTrue: Input,
  yPred: Input,
  options: SparseCategoricalCrossentropyOptions = {},
): Tensor {
  return lossValues(SparseCategoricalCrossentropy, yTrue, yPred, options);
}

/**
 * {@link sparseCategoricalCrossentropy} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * const scce = new SparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: -1 });
 * scce([1, -1, 2], [[1, 3, 0], [9, 9, 9], [2, 1, 4]]); // ≈ 0.1698
 * ```
 */
export class SparseCategoricalCrossentropy extends ClassLoss<SparseCategoricalCrossentropyOptions> {
  static override readonly className: string = 'SparseCategoricalCrossentropy';
  static override readonly defaults: Required<SparseCategoricalCrossentropyOptions> = {
    ...classDefaults,
    ignoreClass: null,
    classWeights: null,
  };
  static override readonly labels: LabelForm = 'index';
  /** @internal */
  static override readonly extensions: readonly string[] = ['labelSmoothing', 'classWeights'];

  /** @internal */
  protected override costs(predictions: Tensor, fromLogits: boolean, axis: number): Tensor {
    return classCosts(predictions, fromLogits, axis);
  }

  /** @internal */
  protected override fusedKernel(): CrossEntropyKernel {
    return 'FusedSparseSoftmaxCrossEntropy';
  }
}
