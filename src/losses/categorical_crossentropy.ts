import type { Tensor } from '@tensorflow/tfjs-core';

import { assertClassWeights, resolveAxis } from '../core/checks.js';
import { multiplyNoNan } from '../core/op.js';
import type { Input } from '../core/inputs.js';
import { Loss, lossValues, readsLogits, type LossClass, type Metric } from '../core/loss.js';
import { sumOver } from '../core/reduction.js';
import type { KernelSpec } from '../core/kernel_contract.js';
import type { Metrics } from '../metrics/metrics.js';
import { classCosts } from '../ops/class_cross_entropy.js';
import {
  checkClassOptions,
  classDefaults,
  classRows,
  denseShape,
  smoothClasses,
  weighClasses,
  type ClassOptions,
} from './class_options.js';

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
export class CategoricalCrossentropy extends Loss<CategoricalCrossentropyOptions> {
  static override readonly className: string = 'CategoricalCrossentropy';
  static override readonly defaults: Required<CategoricalCrossentropyOptions> = {
    ...classDefaults,
    classWeights: null,
  };
  static override readonly extensions: readonly string[] = ['classWeights'];
  static override readonly activation: string = 'softmax';
  static override readonly accuracy: Required<LossClass>['accuracy'] = (
    { axis }: { axis: number },
    { categoricalAccuracy }: Metrics,
  ): Metric => categoricalAccuracy({ axis });

  static override readonly crossentropy: Required<LossClass>['crossentropy'] = ({
    fromLogits,
    axis,
  }: Required<CategoricalCrossentropyOptions>): Loss =>
    new CategoricalCrossentropy({ fromLogits, axis });

  static override check(who: string, options: Required<CategoricalCrossentropyOptions>): void {
    checkClassOptions(who, options);
    assertClassWeights(who, 'classWeights', options.classWeights);
  }

  static override valuesShape(
    who: string,
    { axis, classWeights }: Required<CategoricalCrossentropyOptions>,
    yTrue: number[],
    yPred: number[],
  ): number[] {
    return denseShape(who, axis, ['classWeights', classWeights], yTrue, yPred);
  }

  override compute(yTrue: Tensor, yPred: Tensor, fromLogits = readsLogits(this)): Tensor {
    const { labelSmoothing, axis, classWeights } = this.options;
    const classAxis = resolveAxis(CategoricalCrossentropy.className, axis, ['yPred', yPred.shape]);
    const labels = smoothClasses(yTrue, labelSmoothing, classAxis);
    const weighted = weighClasses(labels, classWeights, classAxis);
    return sumOver(multiplyNoNan(classCosts(yPred, fromLogits, classAxis), weighted), [classAxis]);
  }

  /** @internal */
  override rows(shape: number[]): KernelSpec | undefined {
    return classRows('FusedSoftmaxCrossEntropy', this.options, shape);
  }
}
