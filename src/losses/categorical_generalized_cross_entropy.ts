import type { Tensor } from '@tensorflow/tfjs-core';

import { lossValues } from '../core/built_in_loss.js';
import { assertInside, type FromLogits } from '../core/checks.js';
import type { LabelForm } from '../core/description.js';
import type { Input } from '../core/inputs.js';
import { generalizedCost, generalizedCostOf } from '../ops/generalized_cross_entropy.js';
import { negativeLogSoftmax } from '../ops/negative_log_softmax.js';
import { ClassLoss } from './class_loss.js';

/** Options of {@link categoricalGeneralizedCrossEntropy}. */
export interface CategoricalGeneralizedCrossEntropyOptions {
  /** Between cross-entropy (near 0) and 1 − p (near 1), which trusts labels less; in (0, 1). Default: `0.5`. */
  q?: number;
  /**
   * Read `yPred` as logits (any real number), not probabilities. `'auto'` lets `model.compile` decide, by the activation of
   * the output. Default: `false`.
   */
  fromLogits?: FromLogits;
}

/**
 * Cross-entropy that trusts labels less, one value per sample: for labels of which some are wrong. A sample whose class seems
 * impossible costs at most 1 / q, and pulls less than with {@link sparseCategoricalCrossentropy}.
 *
 *     p    = the probability of the class yTrue, of softmax(yPred) for fromLogits, else of yPred
 *     loss = (1 − p^q) / q
 *
 * Prefer logits: they stay exact where softmax(yPred) would round to 0 or 1.
 *
 * Differs from Keras: found by its name; `fromLogits` is ours; labels may be [batch, 1], of which Keras makes values
 * [batch, batch]; a label that is no class is an error; the gradient is finite also where p is 0.
 *
 * @param yTrue - Class indices, int32, float32 or bool, in the shape of `yPred` without its last axis, or with 1 in its place.
 * @param yPred - Probabilities or logits, shape [batch, d₀, …, classes].
 * @returns Loss in [0, 1 / q], in the shape of `yPred` without its last axis.
 * @throws {@link ShapeError} if the shapes do not fit.
 * @throws RangeError if an option is unknown or outside its range, or a label is no class (on webgl and webgpu, which
 * cannot tell in time, its loss is NaN); TypeError if an option or an input is of the wrong kind.
 * @example
 * ```ts
 * categoricalGeneralizedCrossEntropy([0, 1], [[0.7, 0.3], [0.2, 0.8]]); // ≈ [0.3267, 0.2111]
 * ```
 * @see Zhang & Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels" (2018).
 */
export function categoricalGeneralizedCrossEntropy(
  yTrue: Input,
  yPred: Input,
  options: CategoricalGeneralizedCrossEntropyOptions = {},
): Tensor {
  return lossValues(CategoricalGeneralizedCrossEntropy, yTrue, yPred, options);
}

/**
 * {@link categoricalGeneralizedCrossEntropy} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * const gce = new CategoricalGeneralizedCrossEntropy({ q: 0.7, fromLogits: true });
 * gce([2, 0], [[1, 0, 3], [0, 2, 1]]); // ≈ 0.6619
 * ```
 */
export class CategoricalGeneralizedCrossEntropy extends ClassLoss<CategoricalGeneralizedCrossEntropyOptions> {
  static override readonly className: string = 'CategoricalGeneralizedCrossEntropy';
  static override readonly defaults: Required<CategoricalGeneralizedCrossEntropyOptions> = {
    q: 0.5,
    fromLogits: false,
  };
  static override readonly labels: LabelForm = 'index';
  /** @internal */
  static override readonly extensions: readonly string[] = ['fromLogits'];

  /** @internal */
  static override check(
    who: string,
    options: Required<CategoricalGeneralizedCrossEntropyOptions>,
  ): void {
    super.check(who, options);
    assertInside(who, 'q', options.q, 'between 0 and 1', (x) => x > 0 && x < 1);
  }

  /** @internal */
  protected override costs(predictions: Tensor, fromLogits: boolean, axis: number): Tensor {
    const { q } = this.options;
    return fromLogits
      ? generalizedCost(q)(negativeLogSoftmax(predictions, axis))
      : generalizedCostOf(q)(predictions);
  }
}
