import type { Tensor } from '@tensorflow/tfjs-core';

import { assertNonNegative } from '../core/checks.js';
import type { Input } from '../core/inputs.js';
import { lossValues } from '../core/built_in_loss.js';
import { overlapDefaults, OverlapLoss, type OverlapOptions } from './overlap_loss.js';

/** Options of {@link tversky}. */
export interface TverskyOptions extends OverlapOptions {
  /** Weight of false positives, at least 0. Default: `0.5`. */
  alpha?: number;
  /** Weight of false negatives, at least 0. Default: `0.5`. */
  beta?: number;
}

/**
 * Dice loss with weights for both kinds of errors: a `beta` above `alpha` finds more of the object, at the price of false alarms.
 *
 *     p    = fromLogits ? σ(yPred) : yPred
 *     hits = Σ yTrue · p
 *     loss = 1 − hits / (hits + alpha · Σ (1 − yTrue) · p + beta · Σ yTrue · (1 − p) + 1e-7), sums over axis
 *
 * `axis`, `classWeights` and `fromLogits` as in {@link dice}; alpha = beta = ½ is that loss.
 *
 * Differs from Keras 3.15: `alpha` weighs false positives, as Keras documents and later versions do; 3.15 has `alpha` and `beta`
 * the wrong way round. Weights below 0 are errors. Else as {@link dice}.
 *
 * @param yTrue - Labels in [0, 1], any shape, as [batch, height, width, classes].
 * @param yPred - Probabilities or logits, same shape as `yTrue`.
 * @returns Loss in [0, 1], in the shape of `yPred` without `axis`.
 * @throws {@link ShapeError} if the shapes differ, or `classWeights` are not one per class.
 * @throws RangeError if an option is unknown or outside its range, TypeError if it or an input is of the wrong kind.
 * @example
 * ```ts
 * tversky([1, 1, 0, 0], [0.9, 0.2, 0.6, 0.1], { alpha: 0.3, beta: 0.7 }); // ≈ 0.433
 * ```
 * @see Salehi, Erdogmus & Gholipour, "Tversky loss function for image segmentation using 3D fully convolutional deep networks"
 * (2017).
 */
export function tversky(yTrue: Input, yPred: Input, options: TverskyOptions = {}): Tensor {
  return lossValues(Tversky, yTrue, yPred, options);
}

/**
 * {@link tversky} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * const loss = new Tversky({ fromLogits: true, alpha: 0.3, beta: 0.7 });
 * loss([[1, 0, 1], [0, 0, 1]], [[2, -1, 3], [-2, 0, 1]]); // ≈ 0.1822
 * ```
 */
export class Tversky extends OverlapLoss<TverskyOptions> {
  static override readonly className: string = 'Tversky';
  static override readonly defaults: Required<TverskyOptions> = {
    ...overlapDefaults,
    alpha: 0.5,
    beta: 0.5,
  };

  /** @internal */
  static override check(who: string, options: Required<TverskyOptions>): void {
    super.check(who, options);
    assertNonNegative(who, 'alpha', options.alpha);
    assertNonNegative(who, 'beta', options.beta);
  }

  /** @internal */
  protected override costs(): { alpha: number; beta: number } {
    return this.options;
  }
}
