import { expandDims, mul, reshape, where, zerosLike, type Tensor } from '@tensorflow/tfjs-core';

import {
  assertClassWeights,
  assertWeightsFit,
  assertWhole,
  resolveAxis,
  withoutAxes,
} from '../core/checks.js';
import { multiplyNoNan } from '../core/op.js';
import type { Input } from '../core/inputs.js';
import { Loss, lossValues, readsLogits, type LossClass, type Metric } from '../core/loss.js';
import { sumOver } from '../core/reduction.js';
import type { KernelSpec } from '../core/kernel_contract.js';
import type { Metrics } from '../metrics/metrics.js';
import { assertIndexShape, oneHot, toIndices } from '../ops/class_labels.js';
import { differsFrom } from '../ops/differs_from.js';
import { classCosts } from '../ops/class_cross_entropy.js';
import {
  checkClassOptions,
  classDefaults,
  classRows,
  smoothClasses,
  weighClasses,
  type ClassOptions,
} from './class_options.js';

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
export class SparseCategoricalCrossentropy extends Loss<SparseCategoricalCrossentropyOptions> {
  static override readonly className: string = 'SparseCategoricalCrossentropy';
  static override readonly defaults: Required<SparseCategoricalCrossentropyOptions> = {
    ...classDefaults,
    ignoreClass: null,
    classWeights: null,
  };
  static override readonly extensions: readonly string[] = ['labelSmoothing', 'classWeights'];
  static override readonly sparseLabels: boolean = true;
  static override readonly activation: string = 'softmax';
  static override readonly accuracy: Required<LossClass>['accuracy'] = (
    { axis }: { axis: number },
    { sparseCategoricalAccuracy }: Metrics,
  ): Metric => sparseCategoricalAccuracy({ axis });

  static override readonly crossentropy: Required<LossClass>['crossentropy'] = ({
    fromLogits,
    axis,
    ignoreClass,
  }: Required<SparseCategoricalCrossentropyOptions>): Loss =>
    new SparseCategoricalCrossentropy({
      fromLogits,
      axis,
      ignoreClass,
    });

  static override check(
    who: string,
    options: Required<SparseCategoricalCrossentropyOptions>,
  ): void {
    checkClassOptions(who, options);
    if (options.ignoreClass !== null) assertWhole(who, 'ignoreClass', options.ignoreClass);
    assertClassWeights(who, 'classWeights', options.classWeights);
  }

  static override valuesShape(
    who: string,
    { axis, classWeights }: Required<SparseCategoricalCrossentropyOptions>,
    yTrue: number[],
    yPred: number[],
  ): number[] {
    const classAxis = resolveAxis(who, axis, ['yPred', yPred]);
    assertIndexShape(who, ['yTrue', yTrue], ['yPred', yPred], classAxis);
    assertWeightsFit(who, 'classWeights', classWeights, yPred, classAxis);
    return withoutAxes(yPred, [classAxis]);
  }

  override compute(yTrue: Tensor, yPred: Tensor, fromLogits = readsLogits(this)): Tensor {
    const { labelSmoothing, axis, ignoreClass, classWeights } = this.options;
    const classAxis = resolveAxis(SparseCategoricalCrossentropy.className, axis, [
      'yPred',
      yPred.shape,
    ]);
    const valid = this.mask(yTrue, yPred);
    const indices = toIndices(
      SparseCategoricalCrossentropy.className,
      yTrue,
      yPred,
      classAxis,
      ignoreClass,
    );
    const known = valid === undefined ? indices : where(valid, indices, zerosLike(indices));
    const labels = smoothClasses(oneHot(known, yPred, classAxis), labelSmoothing, classAxis);
    const weighted = weighClasses(labels, classWeights, classAxis);
    const counted = valid === undefined ? weighted : mul(weighted, expandDims(valid, classAxis));
    return sumOver(multiplyNoNan(classCosts(yPred, fromLogits, classAxis), counted), [classAxis]);
  }

  override mask(yTrue: Tensor, yPred: Tensor): Tensor | undefined {
    const { axis, ignoreClass } = this.options;
    if (ignoreClass === null) return undefined;
    const classAxis = resolveAxis(SparseCategoricalCrossentropy.className, axis, [
      'yPred',
      yPred.shape,
    ]);
    return differsFrom(reshape(yTrue, withoutAxes(yPred.shape, [classAxis])), ignoreClass);
  }

  /** @internal */
  override rows(shape: number[]): KernelSpec | undefined {
    return classRows('FusedSparseSoftmaxCrossEntropy', this.options, shape);
  }
}
