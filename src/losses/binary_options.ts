import { add, mul, type Tensor } from '@tensorflow/tfjs-core';

import {
  assertAxis,
  assertFromLogits,
  assertFraction,
  assertOneOf,
  resolveAxes,
  withoutAxes,
  type Axis,
  type FromLogits,
} from '../core/checks.js';
import { assertSameShape, broadcast } from '../core/inputs.js';
import { multiplyNoNan } from '../core/op.js';
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
  /** `'keras2'` adds epsilon inside the logarithms of probabilities too, as tf.keras 2 did. Default: `null`, Keras 3. */
  compat?: 'keras2' | null;
}

export const binaryDefaults: Required<BinaryOptions> = {
  fromLogits: false,
  labelSmoothing: 0,
  axis: -1,
  compat: null,
};

export function checkBinaryOptions(who: string, options: Required<BinaryOptions>): void {
  assertFromLogits(who, options.fromLogits);
  assertFraction(who, 'labelSmoothing', options.labelSmoothing);
  assertAxis(who, 'axis', options.axis);
  assertOneOf(who, 'compat', options.compat, ['keras2', null]);
}

/** The shape of the per-sample values, after the check that labels and predictions have one shape. */
export function binaryShape(who: string, axis: Axis, yTrue: number[], yPred: number[]): number[] {
  assertSameShape(who, ['yTrue', yTrue], ['yPred', yPred]);
  return withoutAxes(yPred, resolveAxes(who, axis, yPred));
}

/** labels · (1 − ε) + ε / 2 */
export function smoothBinary(labels: Tensor, share: number): Tensor {
  return share === 0 ? labels : add(mul(labels, 1 - share), share / 2);
}

/** values · weights, where labels have weights; a weight of 0 excludes its label */
export function weighLabels(values: Tensor, weights: Tensor | undefined): Tensor {
  return weights === undefined ? values : multiplyNoNan(values, broadcast(weights, values.shape));
}

/** The cross-entropy of probabilities, in the way of Keras 3 or 2. */
export function crossEntropyWithProbabilities(compat: 'keras2' | null) {
  return compat === 'keras2'
    ? sigmoidCrossEntropyWithProbabilitiesKeras2
    : sigmoidCrossEntropyWithProbabilities;
}
