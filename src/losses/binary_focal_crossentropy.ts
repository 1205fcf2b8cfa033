import { add, mul, sub, type Tensor } from '@tensorflow/tfjs-core';

import { assertBoolean, assertFraction, assertNonNegative } from '../core/checks.js';
import type { Input } from '../core/inputs.js';
import { Loss, lossValues, readsLogits, type LossClass, type Metric } from '../core/loss.js';
import type { Metrics } from '../metrics/metrics.js';
import { focalCrossEntropyWithProbabilities, sigmoidFocalCrossEntropy } from '../ops/focal.js';
import { BinaryCrossentropy } from './binary_crossentropy.js';
import {
  binaryDefaults,
  binaryShape,
  checkBinaryOptions,
  crossEntropyWithProbabilities,
  smoothBinary,
  meanOfLabels,
  type BinaryOptions,
} from './binary_options.js';

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
export class BinaryFocalCrossentropy extends Loss<BinaryFocalCrossentropyOptions> {
  static override readonly className: string = 'BinaryFocalCrossentropy';
  static override readonly defaults: Required<BinaryFocalCrossentropyOptions> = {
    ...binaryDefaults,
    applyClassBalancing: false,
    alpha: 0.25,
    gamma: 2,
  };
  static override readonly extensions: readonly string[] = ['classWeights', 'compat'];
  static override readonly binaryLabels: boolean = true;
  static override readonly activation: string = 'sigmoid';
  static override readonly accuracy: Required<LossClass>['accuracy'] = (
    { fromLogits }: { fromLogits: boolean },
    { binaryAccuracy }: Metrics,
  ): Metric => binaryAccuracy({ fromLogits });

  static override readonly crossentropy: Required<LossClass>['crossentropy'] = ({
    fromLogits,
    axis,
  }: Required<BinaryFocalCrossentropyOptions>): Loss =>
    new BinaryCrossentropy({ fromLogits, axis });

  static override check(who: string, options: Required<BinaryFocalCrossentropyOptions>): void {
    checkBinaryOptions(who, options);
    assertBoolean(who, 'applyClassBalancing', options.applyClassBalancing);
    assertFraction(who, 'alpha', options.alpha);
    assertNonNegative(who, 'gamma', options.gamma);
  }

  static override valuesShape(
    who: string,
    options: Required<BinaryFocalCrossentropyOptions>,
    yTrue: number[],
    yPred: number[],
  ): number[] {
    return binaryShape(who, options, yTrue, yPred);
  }

  override compute(
    yTrue: Tensor,
    yPred: Tensor,
    fromLogits = readsLogits(this),
    labelWeights?: Tensor,
  ): Tensor {
    const { applyClassBalancing, alpha, gamma, labelSmoothing, compat } = this.options;
    const labels = smoothBinary(yTrue, labelSmoothing);
    const focal = fromLogits
      ? sigmoidFocalCrossEntropy(gamma)
      : focalCrossEntropyWithProbabilities(gamma, crossEntropyWithProbabilities(compat));
    const values = focal(labels, yPred);
    const balanced = applyClassBalancing
      ? mul(values, add(mul(labels, alpha), mul(sub(1, labels), 1 - alpha)))
      : values;
    return meanOfLabels(BinaryFocalCrossentropy.className, this.options, balanced, labelWeights);
  }
}
