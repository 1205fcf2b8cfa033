import { add, mul, type Tensor } from '@tensorflow/tfjs-core';

import { BuiltInLoss } from '../core/built_in_loss.js';
import {
  assertAxis,
  assertClassWeights,
  assertFraction,
  assertFromLogits,
  assertOneOf,
  assertWeightsFit,
  resolveAxes,
  withoutAxes,
  type Axis,
  type FromLogits,
} from '../core/checks.js';
import type { LabelForm, Reads } from '../core/description.js';
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

/** Their defaults. */
export const binaryDefaults: Required<BinaryOptions> = {
  fromLogits: false,
  labelSmoothing: 0,
  axis: -1,
  classWeights: null,
  compat: null,
};

/** A loss over predictions of which each is a yes or no of its own. The value of a sample is the mean of what its labels cost. */
export abstract class BinaryLoss<Options extends BinaryOptions> extends BuiltInLoss<Options> {
  static override readonly labels: LabelForm = 'binary';
  static override readonly reads: Reads = 'sigmoid';
  /** @internal */
  static override readonly weighsLabels: boolean = true;
  /** @internal */
  static override readonly extensions: readonly string[] = ['classWeights', 'compat'];

  /** @internal */
  static override check(who: string, options: Required<BinaryOptions>): void {
    assertFromLogits(who, options.fromLogits);
    assertFraction(who, 'labelSmoothing', options.labelSmoothing);
    assertAxis(who, 'axis', options.axis);
    assertClassWeights(who, 'classWeights', options.classWeights);
    assertOneOf(who, 'compat', options.compat, ['keras2', null]);
  }

  /**
   * What each label costs, without weights. Labels are smoothed already.
   *
   * @internal
   */
  protected abstract elements(labels: Tensor, predictions: Tensor, fromLogits: boolean): Tensor;

  /** @internal */
  override valuesShape(who: string, yTrue: number[], yPred: number[]): number[] {
    const { axis, classWeights } = this.options as unknown as Required<BinaryOptions>;
    assertSameShape(who, ['yTrue', yTrue], ['yPred', yPred]);
    assertWeightsFit(who, 'classWeights', classWeights, yPred);
    return withoutAxes(yPred, resolveAxes(who, axis, yPred));
  }

  /** @internal */
  override values(
    yTrue: Tensor,
    yPred: Tensor,
    fromLogits: boolean,
    labelWeights?: Tensor,
  ): Tensor {
    const { axis, classWeights, labelSmoothing } = this
      .options as unknown as Required<BinaryOptions>;
    const { shape } = yPred;
    let elements = this.elements(smooth(yTrue, labelSmoothing), yPred, fromLogits);
    // A weight of 0 excludes its label.
    if (labelWeights) elements = multiplyNoNan(elements, broadcast(labelWeights, shape));
    if (classWeights) elements = multiplyNoNan(elements, perLabel(classWeights, shape));
    return meanOver(elements, resolveAxes(this.name, axis, shape));
  }
}

/** labels · (1 − ε) + ε / 2 */
function smooth(labels: Tensor, share: number): Tensor {
  return share === 0 ? labels : add(mul(labels, 1 - share), share / 2);
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
