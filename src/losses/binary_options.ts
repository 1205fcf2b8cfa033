import { add, mul, type Tensor } from '@tensorflow/tfjs-core';

import {
  assertAxis,
  assertClassWeights,
  assertFromLogits,
  assertFraction,
  assertOneOf,
  assertWeightsFit,
  resolveAxes,
  withoutAxes,
  type Axis,
  type FromLogits,
} from '../core/checks.js';
import { alongAxis, assertSameShape, broadcast } from '../core/inputs.js';
import { multiplyNoNan } from '../core/op.js';
import { meanOver } from '../core/reduction.js';
import {
  sigmoidCrossEntropyWithProbabilities,
  sigmoidCrossEntropyWithProbabilitiesKeras2,
} from '../ops/sigmoid_cross_entropy_with_probabilities.js';

/** Options that all losses over yes/no predictions share. */
export interface BinaryOptions {
  /**
   * Read `yPred` as logits (any real number), not probabilities. `'auto'` lets `model.compile` decide, by the activation of
   * the output. Default: `false`.
   */
  fromLogits?: FromLogits;
  /** Share ε of each label moved to ½, in [0, 1]. Default: `0`. */
  labelSmoothing?: number;
  /** Axis or axes that the mean is taken over; `null` takes all. Default: `-1`, the last. */
  axis?: Axis;
  /** Weight of each label, one per entry of the last axis, for both answers. Default: `null`, which is 1 for all. */
  classWeights?: readonly number[] | null;
  /** `'keras2'` adds epsilon inside the logarithms of probabilities too, as tf.keras 2 did. Default: `null`, Keras 3. */
  compat?: 'keras2' | null;
}

export const binaryDefaults: Required<BinaryOptions> = {
  fromLogits: false,
  labelSmoothing: 0,
  axis: -1,
  classWeights: null,
  compat: null,
};

export function checkBinaryOptions(who: string, options: Required<BinaryOptions>): void {
  assertFromLogits(who, options.fromLogits);
  assertFraction(who, 'labelSmoothing', options.labelSmoothing);
  assertAxis(who, 'axis', options.axis);
  assertClassWeights(who, 'classWeights', options.classWeights);
  assertOneOf(who, 'compat', options.compat, ['keras2', null]);
}

/** The shape of the per-sample values, after the check that labels and predictions have one shape. */
export function binaryShape(
  who: string,
  { axis, classWeights }: Required<BinaryOptions>,
  yTrue: number[],
  yPred: number[],
): number[] {
  assertSameShape(who, ['yTrue', yTrue], ['yPred', yPred]);
  assertWeightsFit(who, 'classWeights', classWeights, yPred);
  return withoutAxes(yPred, resolveAxes(who, axis, yPred));
}

/** labels · (1 − ε) + ε / 2 */
export function smoothBinary(labels: Tensor, share: number): Tensor {
  return share === 0 ? labels : add(mul(labels, 1 - share), share / 2);
}

/** The mean of what labels cost, weighed by their classes and by weights of their own; a weight of 0 excludes its label. */
export function meanOfLabels(
  who: string,
  { axis, classWeights }: Required<BinaryOptions>,
  values: Tensor,
  labelWeights: Tensor | undefined,
): Tensor {
  const { shape } = values;
  let weighted = values;
  if (labelWeights) weighted = multiplyNoNan(weighted, broadcast(labelWeights, shape));
  if (classWeights) weighted = multiplyNoNan(weighted, perLabel(classWeights, shape));
  return meanOver(weighted, resolveAxes(who, axis, shape));
}

/** Numbers of the entries of the last axis, in this shape. */
export function perLabel(numbers: number | readonly number[], shape: number[]): Tensor {
  return broadcast(alongAxis([numbers].flat(), shape, shape.length - 1), shape);
}

/** The cross-entropy of probabilities, in the way of Keras 3 or 2. */
export function crossEntropyWithProbabilities(compat: 'keras2' | null) {
  return compat === 'keras2'
    ? sigmoidCrossEntropyWithProbabilitiesKeras2
    : sigmoidCrossEntropyWithProbabilities;
}
