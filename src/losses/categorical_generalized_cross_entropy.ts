import type { Tensor } from '@tensorflow/tfjs-core';

import {
  assertFromLogits,
  assertInside,
  resolveAxis,
  withoutAxes,
  type FromLogits,
} from '../core/checks.js';
import type { Input } from '../core/inputs.js';
import { Loss, lossValues, readsLogits, type LossClass, type Metric } from '../core/loss.js';
import { multiplyNoNan } from '../core/op.js';
import { sumOver } from '../core/reduction.js';
import type { Metrics } from '../metrics/metrics.js';
import { assertIndexShape, oneHot, toIndices } from '../ops/class_labels.js';
import { generalizedCost, generalizedCostOf } from '../ops/generalized_cross_entropy.js';
import { negativeLogSoftmax } from '../ops/negative_log_softmax.js';
import { SparseCategoricalCrossentropy } from './sparse_categorical_crossentropy.js';

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
export class CategoricalGeneralizedCrossEntropy extends Loss<CategoricalGeneralizedCrossEntropyOptions> {
  static override readonly className: string = 'CategoricalGeneralizedCrossEntropy';
  static override readonly defaults: Required<CategoricalGeneralizedCrossEntropyOptions> = {
    q: 0.5,
    fromLogits: false,
  };
  static override readonly extensions: readonly string[] = ['fromLogits'];
  static override readonly sparseLabels: boolean = true;
  static override readonly activation: string = 'softmax';
  static override readonly accuracy: Required<LossClass>['accuracy'] = (
    _options: object,
    { sparseCategoricalAccuracy }: Metrics,
  ): Metric => sparseCategoricalAccuracy();

  static override readonly crossentropy: Required<LossClass>['crossentropy'] = ({
    fromLogits,
  }: Required<CategoricalGeneralizedCrossEntropyOptions>): Loss =>
    new SparseCategoricalCrossentropy({ fromLogits });

  static override check(
    who: string,
    { q, fromLogits }: Required<CategoricalGeneralizedCrossEntropyOptions>,
  ): void {
    assertFromLogits(who, fromLogits);
    assertInside(who, 'q', q, 'between 0 and 1', (x) => x > 0 && x < 1);
  }

  static override valuesShape(
    who: string,
    _options: object,
    yTrue: number[],
    yPred: number[],
  ): number[] {
    const classAxis = resolveAxis(who, -1, ['yPred', yPred]);
    assertIndexShape(who, ['yTrue', yTrue], ['yPred', yPred], classAxis);
    return withoutAxes(yPred, [classAxis]);
  }

  override compute(yTrue: Tensor, yPred: Tensor, fromLogits = readsLogits(this)): Tensor {
    const { q } = this.options;
    const last = yPred.rank - 1;
    const { className } = CategoricalGeneralizedCrossEntropy;
    const hot = oneHot(toIndices(className, yTrue, yPred, last), yPred, last);
    const costs = fromLogits
      ? generalizedCost(q)(negativeLogSoftmax(yPred, last))
      : generalizedCostOf(q)(yPred);
    return sumOver(multiplyNoNan(costs, hot), [last]);
  }
}
