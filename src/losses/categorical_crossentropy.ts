import type { Tensor } from '@tensorflow/tfjs-core';

import { lossValues } from '../core/built_in_loss.js';
import type { LabelForm } from '../core/description.js';
import type { Input } from '../core/inputs.js';
import type { CrossEntropyKernel } from '../core/kernel_contract.js';
import { classCosts } from '../ops/class_cross_entropy.js';
import { classDefaults, ClassLoss, type ClassOptions } from './class_loss.js';

/** Options of {@link categoricalCrossentropy}. */
export interface CategoricalCrossentropyOptions extends ClassOptions {
  /** Weight of each class, one per class. Default: `null`, all 1. */
  classWeights?: readonly number[] | null;
}

/**
 * Cross-entropy between one-hot (or soft) labels and predictions over classes, one value per sample.
 *
 *     y    = yTrue · (1 − ε) + ε / classes
 *     p    = fromLogits ? softmax(yPred) : clip(yPred / Σ yPred, 1e-7, 1 − 1e-7)
 *     loss = −Σ classWeights · y · log p, over axis
 *
 * Prefer logits: they stay exact where softmax(yPred) would round to 0 or 1.
 *
 * Differs from Keras: rows of logits that are sure and right keep their digits; a logit of −Infinity with label 0 costs
 * nothing; labels that do not sum to 1 get the true gradient; smoothing counts the classes of `axis`; a row of zero
 * probabilities costs −log 1e-7 instead of NaN.
 *
 * @param yTrue - Labels in [0, 1], shape [batch, d₀, …, classes].
 * @param yPred - Logits or probabilities, same shape as `yTrue`.
 * @returns Loss in nats, in the shape of `yPred` without `axis`.
 * @throws {@link ShapeError} if the shapes differ.
 * @throws RangeError if an option is unknown or outside its range, TypeError if it or an input is of the wrong kind.
 * @example
 * ```ts
 * categoricalCrossentropy([[0, 1, 0], [0, 0, 1]], [[0.05, 0.95, 0], [0.1, 0.8, 0.1]]); // ≈ [0.0513, 2.3026]
 * ```
 * @see Goodfellow, Bengio & Courville, Deep Learning (2016), §6.2.2.3.
 */
export function categoricalCrossentropy(
  yTrue: Input,
  yPred: Input,
  options: CategoricalCrossentropyOptions = {},
): Tensor {
  return lossValues(CategoricalCrossentropy, yTrue, yPred, options);
}

/**
 * {@link categoricalCrossentropy} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * const cce = new CategoricalCrossentropy({ fromLogits: true });
 * cce([[0, 1, 0], [0, 0, 1]], [[1, 3, 0], [2, 1, 4]]); // ≈ 0.1698
 * ```
 */
export class CategoricalCrossentropy extends ClassLoss<CategoricalCrossentropyOptions> {
  static override readonly className: string = 'CategoricalCrossentropy';
  static override readonly defaults: Required<CategoricalCrossentropyOptions> = {
    ...classDefaults,
    classWeights: null,
  };
  static override readonly labels: LabelForm = 'oneHot';
  /** @internal */
  static override readonly extensions: readonly string[] = ['classWeights'];

  /** @internal */
  protected override costs(predictions: Tensor, fromLogits: boolean, axis: number): Tensor {
    return classCosts(predictions, fromLogits, axis);
  }

  /** @internal */
  protected override fusedKernel(): CrossEntropyKernel {
    return 'FusedSoftmaxCrossEntropy';
  }
}
