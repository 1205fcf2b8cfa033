import { fill, type Tensor } from '@tensorflow/tfjs-core';

import {
  assertAxis,
  assertBoolean,
  assertFraction,
  assertOneOf,
  assertWeights,
  assertWeightsFit,
  resolveAxes,
  withoutAxes,
  type Axis,
} from '../core/checks.js';
import { alongAxis, assertSameShape, broadcast, type Input } from '../core/inputs.js';
import { Loss, lossValues, type Metric } from '../core/loss.js';
import { meanOver } from '../core/reduction.js';
import { binaryAccuracy } from '../metrics/binary_accuracy.js';
import { sigmoidCrossEntropy } from '../ops/sigmoid_cross_entropy_with_logits.js';
import {
  sigmoidCrossEntropyWithProbabilities,
  sigmoidCrossEntropyWithProbabilitiesKeras2,
} from '../ops/sigmoid_cross_entropy_with_probabilities.js';
import { smoothBinary } from './binary_options.js';

/** Options of {@link binaryCrossentropy}. */
export interface BinaryCrossentropyOptions {
  /** Read `yPred` as logits (any real number), not probabilities. Default: `false`. */
  fromLogits?: boolean;
  /** Share ε of each label moved to ½, in [0, 1]. Default: `0`. */
  labelSmoothing?: number;
  /** Axis or axes that the mean is taken over; `null` takes all. Default: `-1`, the last. */
  axis?: Axis;
  /** Factor on the loss of positive labels, for all or one per entry of the last axis. Default: `null`, which is 1. */
  posWeight?: number | readonly number[] | null;
  /** `'keras2'` adds epsilon inside the logarithms of probabilities too, as tf.keras 2 did. Default: `null`, Keras 3. */
  compat?: 'keras2' | null;
}

/**
 * Cross-entropy between labels and independent yes/no predictions, one value per sample.
 *
 *     y    = yTrue · (1 − ε) + ε / 2
 *     p    = fromLogits ? σ(yPred) : clip(yPred, 1e-7, 1 − 1e-7)
 *     loss = mean(−posWeight · y · log p − (1 − y) · log(1 − p), axis)
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
    fromLogits: false,
    labelSmoothing: 0,
    axis: -1,
    posWeight: null,
    compat: null,
  };
  static override readonly extensions: readonly string[] = ['posWeight', 'compat'];
  static readonly activation: string = 'sigmoid';
  static readonly accuracy = ({ fromLogits }: Required<BinaryCrossentropyOptions>) =>
    binaryAccuracy({ fromLogits });

  static readonly crossentropy = ({
    fromLogits,
    axis,
  }: Required<BinaryCrossentropyOptions>): Metric =>
    new BinaryCrossentropy({ fromLogits, axis, reduction: 'none', name: 'ce' });

  static override check(who: string, options: Required<BinaryCrossentropyOptions>): void {
    assertBoolean(who, 'fromLogits', options.fromLogits);
    assertFraction(who, 'labelSmoothing', options.labelSmoothing);
    assertAxis(who, 'axis', options.axis);
    assertWeights(who, 'posWeight', options.posWeight);
    assertOneOf(who, 'compat', options.compat, ['keras2', null]);
  }

  static override valuesShape(
    who: string,
    { axis, posWeight }: Required<BinaryCrossentropyOptions>,
    yTrue: number[],
    yPred: number[],
  ): number[] {
    assertSameShape(who, ['yTrue', yTrue], ['yPred', yPred]);
    const axes = resolveAxes(who, axis, yPred);
    assertWeightsFit(who, 'posWeight', posWeight, yPred);
    return withoutAxes(yPred, axes);
  }

  override compute(yTrue: Tensor, yPred: Tensor, fromLogits = this.options.fromLogits): Tensor {
    const { labelSmoothing, axis, posWeight, compat } = this.options;
    const crossEntropy = fromLogits
      ? sigmoidCrossEntropy
      : compat === 'keras2'
        ? sigmoidCrossEntropyWithProbabilitiesKeras2
        : sigmoidCrossEntropyWithProbabilities;
    const values = crossEntropy(
      smoothBinary(yTrue, labelSmoothing),
      yPred,
      posWeight === null ? undefined : perLabel(posWeight, yPred.shape),
    );
    return meanOver(values, resolveAxes(BinaryCrossentropy.className, axis, yPred.shape));
  }
}

function perLabel(weights: number | readonly number[], shape: number[]): Tensor {
  return typeof weights === 'number'
    ? fill(shape, weights)
    : broadcast(alongAxis(weights, shape, shape.length - 1), shape);
}
