import { add, mul, type Tensor } from '@tensorflow/tfjs-core';

import {
  assertFromLogits,
  assertFraction,
  assertWeightsFit,
  assertWhole,
  resolveAxis,
  withoutAxes,
  type FromLogits,
} from '../core/checks.js';
import { alongAxis, mismatch, sameShape } from '../core/inputs.js';
import type { CrossEntropySpec } from '../core/kernel_contract.js';
import { isIndexShape } from '../ops/class_labels.js';

/** Weights of the classes: one for all, or one per class; `null` is 1. */
type ClassWeights = number | readonly number[] | null;

/** Options that all losses over classes share. */
export interface ClassOptions {
  /**
   * Read `yPred` as logits (any real number), not probabilities. `'auto'` lets `model.compile` decide, by the activation of
   * the output. Default: `false`.
   */
  fromLogits?: FromLogits;
  /** Share ε of each label spread evenly over all classes, in [0, 1]. Default: `0`. */
  labelSmoothing?: number;
  /** Axis of the classes. Default: `-1`, the last. */
  axis?: number;
}

export const classDefaults: Required<ClassOptions> = {
  fromLogits: false,
  labelSmoothing: 0,
  axis: -1,
};

export function checkClassOptions(who: string, options: Required<ClassOptions>): void {
  assertFromLogits(who, options.fromLogits);
  assertFraction(who, 'labelSmoothing', options.labelSmoothing);
  assertWhole(who, 'axis', options.axis);
}

/** labels · (1 − ε) + ε / classes */
export function smoothClasses(labels: Tensor, share: number, axis: number): Tensor {
  if (share === 0) return labels;
  return add(mul(labels, 1 - share), share / (labels.shape[axis] ?? 1));
}

/** labels · weights, along the class axis */
export function weighClasses(labels: Tensor, weights: ClassWeights, axis: number): Tensor {
  if (weights === null) return labels;
  const factor = typeof weights === 'number' ? weights : alongAxis(weights, labels.shape, axis);
  return mul(labels, factor);
}

/** The shape of the per-sample values of a loss with one-hot or soft labels, after its checks. */
export function denseShape(
  who: string,
  axis: number,
  [option, weights]: readonly [string, ClassWeights],
  yTrue: number[],
  yPred: number[],
): number[] {
  const classAxis = resolveAxis(who, axis, ['yPred', yPred]);
  if (!sameShape(yTrue, yPred)) {
    const hint = isIndexShape(yTrue, yPred, classAxis)
      ? ' Class indices are for the sparse loss; tf.oneHot makes labels of them.'
      : '';
    throw mismatch(
      `${who}: yTrue and yPred must have the same shape.${hint}`,
      ['yTrue', yTrue],
      ['yPred', yPred],
    );
  }
  assertWeightsFit(who, option, weights, yPred, classAxis);
  return withoutAxes(yPred, [classAxis]);
}

/** How a kernel computes a loss over classes from logits of this shape: rows lie behind one another along the last axis alone. */
export function classRows(
  kernel: CrossEntropySpec['kernel'],
  options: Required<ClassOptions> &
    Pick<CrossEntropySpec, 'classWeights'> & { ignoreClass?: number | null },
  shape: number[],
): CrossEntropySpec | undefined {
  const { axis, labelSmoothing, classWeights, ignoreClass = null } = options;
  const length = shape.at(-1) ?? 0;
  if (axis !== -1 && axis !== shape.length - 1) return undefined;
  return {
    kernel,
    rowLength: length,
    labelScale: 1 - labelSmoothing,
    labelShift: labelSmoothing / length,
    posWeight: 1,
    classWeights,
    ignoreClass,
  };
}
