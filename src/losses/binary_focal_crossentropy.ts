import { add, mul, sub, type Tensor } from '@tensorflow/tfjs-core';

import { lossValues } from '../core/built_in_loss.js';
import { assertBoolean, assertFraction, assertNonNegative } from '../core/checks.js';
import type { Input } from '../core/inputs.js';
import { focalCrossEntropyWithProbabilities, sigmoidFocalCrossEntropy } from '../ops/focal.js';
import {
  binaryDefaults,
  BinaryLoss,
  crossEntropyWithProbabilities,
  type BinaryOptions,
} from './binary_loss.js';

/** Options of {@link binaryFocalCrossentropy}. */
export interface BinaryFocalCrossentropyOptions extends BinaryOptions {
  /** Weigh positive labels by `alpha` and negative ones by 1 − `alpha`. Default: `false`. */
  applyClassBalancing?: boolean;
  /** Weight of positive labels, in [0, 1]; without `applyClassBalancing` it has no effect. Default: `0.25`. */
  alpha?: number;
  /** How much less easy samples count: 0 not at all. At least 0. Default: `2`. */
  gamma?: number;
}

/**
 * Binary cross-entropy in which samples that are predicted well already count less, one value per sample: for labels of
 * which few are positive.
 *
 *     y      = yTrue · (1 − ε) + ε / 2
 *     p      = fromLogits ? σ(yPred) : yPred
 *     missed = y · (1 − p) + (1 − y) · p
 *     weight = classWeights · (applyClassBalancing ? y · alpha + (1 − y) · (1 − alpha) : 1)
 *     loss   = mean(weight · missed^gamma · binaryCrossentropy(y, p), axis)
 *
 * Prefer logits: they stay exact where σ(yPred) would round to 0 or 1.
 *
 * Differs from Keras: exact on both tails of the logits, with a finite gradient for every gamma, where Keras gives NaN for
 * gamma below 1 and sure predictions; a negative gamma is an error.
 *
 * @param yTrue - Labels in [0, 1], shape [batch, d₀, …, dₙ].
 * @param yPred - Logits or probabilities, same shape as `yTrue`.
 * @returns Loss in nats, in the shape of `yPred` without `axis`.
 * @throws {@link ShapeError} if the shapes differ.
 * @throws RangeError if an option is unknown or outside its range, TypeError if it or an input is of the wrong kind.
 * @example
 * ```ts
 * binaryFocalCrossentropy([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]); // ≈ [0.3299, 0.2058]
 * ```
 * @see Lin, Goyal, Girshick, He & Dollár, "Focal Loss for Dense Object Detection" (2017).
 */
export function binaryFocalCrossentropy(
  yTrue: Input,
  yPred: Input,
  options: BinaryFocalCrossentropyOptions = {},
): Tensor {
  return lossValues(BinaryFocalCrossentropy, yTrue, yPred, options);
}

/**
 * {@link binaryFocalCrossentropy} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * const focal = new BinaryFocalCrossentropy({ gamma: 2, applyClassBalancing: true });
 * focal([[0, 1], [1, 0]], [[0.6, 0.4], [0.4, 0.6]]); // ≈ 0.1649
 * ```
 */
export class BinaryFocalCrossentropy extends BinaryLoss<BinaryFocalCrossentropyOptions> {
  static override readonly className: string = 'BinaryFocalCrossentropy';
  static override readonly defaults: Required<BinaryFocalCrossentropyOptions> = {
    ...binaryDefaults,
    applyClassBalancing: false,
    alpha: 0.25,
    gamma: 2,
  };

  /** @internal */
  static override check(who: string, options: Required<BinaryFocalCrossentropyOptions>): void {
    super.check(who, options);
    assertBoolean(who, 'applyClassBalancing', options.applyClassBalancing);
    assertFraction(who, 'alpha', options.alpha);
    assertNonNegative(who, 'gamma', options.gamma);
  }

  /** @internal */
  protected override elements(labels: Tensor, predictions: Tensor, fromLogits: boolean): Tensor {
    const { applyClassBalancing, alpha, gamma, compat } = this.options;
    const focal = fromLogits
      ? sigmoidFocalCrossEntropy(gamma)
      : focalCrossEntropyWithProbabilities(gamma, crossEntropyWithProbabilities(compat));
    const elements = focal(labels, predictions);
    if (!applyClassBalancing) return elements;
    return mul(elements, add(mul(labels, alpha), mul(sub(1, labels), 1 - alpha)));
  }
}
