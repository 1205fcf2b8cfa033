import type { Tensor } from '@tensorflow/tfjs-core';

import { lossValues } from '../core/built_in_loss.js';
import { assertNonNegative, assertWeights } from '../core/checks.js';
import type { LabelForm } from '../core/description.js';
import type { Input } from '../core/inputs.js';
import { classCosts } from '../ops/class_cross_entropy.js';
import { focalCost } from '../ops/focal.js';
import { classDefaults, ClassLoss, type ClassOptions } from './class_loss.js';

/** Options of {@link categoricalFocalCrossentropy}. */
export interface CategoricalFocalCrossentropyOptions extends ClassOptions {
  /** Weight of all classes, or one per class; at least 0. Default: `0.25`. */
  alpha?: number | readonly number[];
  /** How much less easy samples count: 0 not at all. At least 0. Default: `2`. */
  gamma?: number;
}

/**
 * Categorical cross-entropy in which samples that are predicted well already count less, one value per sample: for classes
 * of which some are rare.
 *
 *     y    = yTrue · (1 − ε) + ε / classes
 *     p    = fromLogits ? softmax(yPred) : clip(yPred / Σ yPred, 1e-7, 1 − 1e-7)
 *     loss = −Σ alpha · (1 − p)^gamma · y · log p, over axis
 *
 * Prefer logits: they stay exact where softmax(yPred) would round to 0 or 1.
 *
 * Differs from Keras: from logits nothing is clipped, so that a sure and wrong row keeps its gradient, and every gradient is
 * finite; smoothing counts the classes of `axis`, and `alpha` per class runs along it; a negative gamma is an error.
 *
 * @param yTrue - Labels in [0, 1], shape [batch, d₀, …, classes].
 * @param yPred - Logits or probabilities, same shape as `yTrue`.
 * @returns Loss in nats, in the shape of `yPred` without `axis`.
 * @throws {@link ShapeError} if the shapes differ.
 * @throws RangeError if an option is unknown or outside its range, TypeError if it or an input is of the wrong kind.
 * @example
 * ```ts
 * categoricalFocalCrossentropy([[0, 1], [1, 0]], [[0.6, 0.4], [0.4, 0.6]]); // ≈ [0.0825, 0.0825]
 * ```
 * @see Lin, Goyal, Girshick, He & Dollár, "Focal Loss for Dense Object Detection" (2017).
 */
export function categoricalFocalCrossentropy(
  yTrue: Input,
  yPred: Input,
  options: CategoricalFocalCrossentropyOptions = {},
): Tensor {
  return lossValues(CategoricalFocalCrossentropy, yTrue, yPred, options);
}

/**
 * {@link categoricalFocalCrossentropy} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * const focal = new CategoricalFocalCrossentropy({ fromLogits: true, alpha: [0.25, 0.5, 1] });
 * focal([[0, 0, 1]], [[0, 0, 0]]); // ≈ 0.4883
 * ```
 */
export class CategoricalFocalCrossentropy extends ClassLoss<CategoricalFocalCrossentropyOptions> {
  static override readonly className: string = 'CategoricalFocalCrossentropy';
  static override readonly defaults: Required<CategoricalFocalCrossentropyOptions> = {
    ...classDefaults,
    alpha: 0.25,
    gamma: 2,
  };
  static override readonly labels: LabelForm = 'oneHot';

  /** @internal */
  static override check(who: string, options: Required<CategoricalFocalCrossentropyOptions>): void {
    super.check(who, options);
    assertWeights(who, 'alpha', options.alpha);
    assertNonNegative(who, 'gamma', options.gamma);
  }

  /** @internal */
  protected override costs(predictions: Tensor, fromLogits: boolean, axis: number): Tensor {
    return focalCost(this.options.gamma)(classCosts(predictions, fromLogits, axis));
  }

  /** @internal */
  protected override weights(): readonly [string, number | readonly number[]] {
    return ['alpha', this.options.alpha];
  }
}
