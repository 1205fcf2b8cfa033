import type { Tensor } from '@tensorflow/tfjs-core';

import { lossValues } from '../core/built_in_loss.js';
import { assertWeights, assertWeightsFit, resolveAxes } from '../core/checks.js';
import { sizeOf, type Input } from '../core/inputs.js';
import type { CrossEntropySpec } from '../core/kernel_contract.js';
import { sigmoidCrossEntropy } from '../ops/sigmoid_cross_entropy_with_logits.js';
import {
  binaryDefaults,
  BinaryLoss,
  crossEntropyWithProbabilities,
  perLabel,
  type BinaryOptions,
} from './binary_loss.js';

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
export class BinaryCrossentropy extends BinaryLoss<BinaryCrossentropyOptions> {
  static override readonly className: string = 'BinaryCrossentropy';
  static override readonly aliases: readonly string[] = ['bce', 'BCE'];
  static override readonly defaults: Required<BinaryCrossentropyOptions> = {
    ...binaryDefaults,
    posWeight: null,
  };
  /** @internal */
  static override readonly extensions: readonly string[] = [...super.extensions, 'posWeight'];

  /** @internal */
  static override check(who: string, options: Required<BinaryCrossentropyOptions>): void {
    super.check(who, options);
    if (options.posWeight !== null) assertWeights(who, 'posWeight', options.posWeight);
  }

  /** @internal */
  override valuesShape(who: string, yTrue: number[], yPred: number[]): number[] {
    assertWeightsFit(who, 'posWeight', this.options.posWeight, yPred);
    return super.valuesShape(who, yTrue, yPred);
  }

  /** @internal */
  protected override elements(labels: Tensor, predictions: Tensor, fromLogits: boolean): Tensor {
    const { posWeight, compat } = this.options;
    const crossEntropy = fromLogits ? sigmoidCrossEntropy : crossEntropyWithProbabilities(compat);
    const weights = posWeight === null ? undefined : perLabel(posWeight, predictions.shape);
    return crossEntropy(labels, predictions, weights);
  }

  /** @internal */
  override kernel(
    _yTrue: number[],
    shape: number[],
    fromLogits: boolean,
  ): CrossEntropySpec | undefined {
    const { axis, labelSmoothing, posWeight, classWeights } = this.options;
    if (!fromLogits || classWeights !== null) return undefined;
    const axes = resolveAxes(this.name, axis, shape);
    const first = shape.length - axes.length;
    // The numbers of a row lie next to each other only where they are the last axes.
    if (axes.length === 0 || axes.some((index) => index < first)) return undefined;
    if (Array.isArray(posWeight) && axes.length > 1) return undefined;
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
