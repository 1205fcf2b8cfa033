import type { Tensor } from '@tensorflow/tfjs-core';

import { assertWeights, assertWeightsFit, resolveAxes } from '../core/checks.js';
import { sizeOf, type Input } from '../core/inputs.js';
import { Loss, lossValues, readsLogits, type LossClass, type Metric } from '../core/loss.js';
import type { KernelSpec } from '../core/kernel_contract.js';
import type { Metrics } from '../metrics/metrics.js';
import { sigmoidCrossEntropy } from '../ops/sigmoid_cross_entropy_with_logits.js';
import {
  binaryDefaults,
  binaryShape,
  checkBinaryOptions,
  crossEntropyWithProbabilities,
  meanOfLabels,
  perLabel,
  smoothBinary,
  type BinaryOptions,
} from './binary_options.js';

/** Options of {@link binaryCrossentropy}. */
export interface BinaryCrossentropyOptions extends BinaryOptions {
  /** Factor on the loss of positive labels, for all or one per entry of the last axis. Default: `null`, which is 1. */
  posWeight?: number | readonly number[] | null;
}

/**
 * Cross-entropy between labels and independent yes/no predictions, one value per sample.
 *
 *     y    = yTrue · (1 − ε) + ε / 2
 *     p    = fromLogits ? σ(yPred) : clip(yPred, 1e-7, 1 − 1e-7)
 *     loss = mean(classWeights · (−posWeight · y · log p − (1 − y) · log(1 − p)), axis)
 *
 * Prefer logits: they stay exact where σ(yPred) would round to 0 or 1.
 *
 * Differs from Keras: 1 − p keeps its digits where p is small; infinite logits cost 0 or Infinity instead of NaN; options
 * outside their range are errors; a single number is its own mean.
 *
 * @param yTrue - Labels in [0, 1], shape [batch, d₀, …, dₙ].
 * @param yPred - Logits or probabilities, same shape as `yTrue`.
 * @returns Loss in nats, in the shape of `yPred` without `axis`.
 * @throws {@link ShapeError} if the shapes differ.
 * @throws RangeError if an option is unknown or outside its range, TypeError if it or an input is of the wrong kind.
 * @example
 * ```ts
 * binaryCrossentropy([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]); // ≈ [0.9163, 0.7136]
 * ```
 * @example
 * ```ts
 * binaryCrossentropy([[0, 1]], [[-18.6, 0.51]], { fromLogits: true }); // ≈ [0.2352]
 * ```
 * @see Goodfellow, Bengio & Courville, Deep Learning (2016), §6.2.2.2.
 */
export function binaryCrossentropy(
  yTrue: Input,
  yPred: Input,
  options: BinaryCrossentropyOptions = {},
): Tensor {
  return lossValues(BinaryCrossentropy, yTrue, yPred, options);
}

/**
 * {@link binaryCrossentropy} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * const bce = new BinaryCrossentropy({ fromLogits: true, reduction: 'sum' });
 * bce([[0, 1], [0, 0]], [[-18.6, 0.51], [2.94, -12.8]]); // ≈ 1.7309
 * ```
 */
export class BinaryCrossentropy extends Loss<BinaryCrossentropyOptions> {
  static override readonly className: string = 'BinaryCrossentropy';
  static override readonly aliases: readonly string[] = ['bce', 'BCE'];
  static override readonly defaults: Required<BinaryCrossentropyOptions> = {
    ...binaryDefaults,
    posWeight: null,
  };
  static override readonly extensions: readonly string[] = ['posWeight', 'classWeights', 'compat'];
  static override readonly binaryLabels: boolean = true;
  static override readonly activation: string = 'sigmoid';
  static override readonly accuracy: Required<LossClass>['accuracy'] = (
    { fromLogits }: { fromLogits: boolean },
    { binaryAccuracy }: Metrics,
  ): Metric => binaryAccuracy({ fromLogits });

  static override readonly crossentropy: Required<LossClass>['crossentropy'] = ({
    fromLogits,
    axis,
  }: Required<BinaryCrossentropyOptions>): Loss => new BinaryCrossentropy({ fromLogits, axis });

  static override check(who: string, options: Required<BinaryCrossentropyOptions>): void {
    checkBinaryOptions(who, options);
    if (options.posWeight !== null) assertWeights(who, 'posWeight', options.posWeight);
  }

  static override valuesShape(
    who: string,
    options: Required<BinaryCrossentropyOptions>,
    yTrue: number[],
    yPred: number[],
  ): number[] {
    const shape = binaryShape(who, options, yTrue, yPred);
    assertWeightsFit(who, 'posWeight', options.posWeight, yPred);
    return shape;
  }

  override compute(
    yTrue: Tensor,
    yPred: Tensor,
    fromLogits = readsLogits(this),
    labelWeights?: Tensor,
  ): Tensor {
    const { labelSmoothing, posWeight, compat } = this.options;
    const crossEntropy = fromLogits ? sigmoidCrossEntropy : crossEntropyWithProbabilities(compat);
    const values = crossEntropy(
      smoothBinary(yTrue, labelSmoothing),
      yPred,
      posWeight === null ? undefined : perLabel(posWeight, yPred.shape),
    );
    return meanOfLabels(BinaryCrossentropy.className, this.options, values, labelWeights);
  }

  /** @internal */
  override rows(shape: number[]): KernelSpec | undefined {
    const { axis, labelSmoothing, posWeight, classWeights } = this.options;
    const axes = resolveAxes(BinaryCrossentropy.className, axis, shape);
    const first = shape.length - axes.length;
    // Rows lie behind one another only where they are the last axes.
    if (axes.length === 0 || axes.some((index) => index < first)) return undefined;
    if (classWeights !== null) return undefined;
    if (posWeight !== null && typeof posWeight !== 'number' && axes.length > 1) return undefined;
    return {
      kernel: 'FusedSigmoidCrossEntropy',
      rowLength: sizeOf(shape.slice(first)),
      labelScale: 1 - labelSmoothing,
      labelShift: labelSmoothing / 2,
      posWeight: posWeight ?? 1,
      classWeights: null,
      ignoreClass: null,
    };
  }
}
