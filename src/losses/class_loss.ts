import {
  add,
  expandDims,
  mul,
  reshape,
  where,
  zerosLike,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { BuiltInLoss } from '../core/built_in_loss.js';
import {
  assertClassWeights,
  assertFraction,
  assertFromLogits,
  assertWeightsFit,
  assertWhole,
  resolveAxis,
  withoutAxes,
  type FromLogits,
} from '../core/checks.js';
import { classOf, type Reads } from '../core/description.js';
import { alongAxis } from '../core/inputs.js';
import type { CrossEntropyKernel, CrossEntropySpec } from '../core/kernel_contract.js';
import { multiplyNoNan } from '../core/op.js';
import { sumOver } from '../core/reduction.js';
import { assertIndexShape, assertOneHotShape, oneHot, toIndices } from '../ops/class_labels.js';
import { differsFrom } from '../ops/differs_from.js';

/** Weights of the classes: one for all, or one per class; `null` is 1. */
type ClassWeights = number | readonly number[] | null;

/** Options that losses over classes share. */
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

/** Their defaults. */
export const classDefaults: Required<ClassOptions> = {
  fromLogits: false,
  labelSmoothing: 0,
  axis: -1,
};

/** All options that this family reads. A loss that does not have one of them has its default here. */
interface FamilyOptions extends Required<ClassOptions> {
  readonly ignoreClass: number | null;
  readonly classWeights: readonly number[] | null;
}

const FAMILY_DEFAULTS: FamilyOptions = { ...classDefaults, ignoreClass: null, classWeights: null };

/**
 * A loss over classes of which one is right: the sum of what each class costs, times its label. Labels are one-hot (or soft), or
 * class indices where the static field `labels` says so.
 */
export abstract class ClassLoss<Options extends object> extends BuiltInLoss<Options> {
  static override readonly reads: Reads = 'softmax';

  /** @internal */
  static override check(who: string, options: Partial<FamilyOptions>): void {
    const { fromLogits, labelSmoothing, axis, ignoreClass, classWeights } = {
      ...FAMILY_DEFAULTS,
      ...options,
    };
    assertFromLogits(who, fromLogits);
    assertFraction(who, 'labelSmoothing', labelSmoothing);
    assertWhole(who, 'axis', axis);
    if (ignoreClass !== null) assertWhole(who, 'ignoreClass', ignoreClass);
    assertClassWeights(who, 'classWeights', classWeights);
  }

  /**
   * What each class would cost if it were the right one, in the shape of the predictions.
   *
   * @internal
   */
  protected abstract costs(predictions: Tensor, fromLogits: boolean, axis: number): Tensor;

  /**
   * The weights of the classes, and the option that gives them.
   *
   * @internal
   */
  protected weights(): readonly [option: string, weights: ClassWeights] {
    return ['classWeights', optionsOf(this).classWeights];
  }

  /**
   * The kernel that computes `values` of logits along the last axis, if there is one.
   *
   * @internal
   */
  protected fusedKernel(): CrossEntropyKernel | undefined {
    return undefined;
  }

  /** @internal */
  override valuesShape(who: string, yTrue: number[], yPred: number[]): number[] {
    const axis = resolveAxis(who, optionsOf(this).axis, ['yPred', yPred]);
    if (hasIndices(this)) assertIndexShape(who, ['yTrue', yTrue], ['yPred', yPred], axis);
    else assertOneHotShape(who, yTrue, yPred, axis, FOR_INDICES);
    assertWeightsFit(who, ...this.weights(), yPred, axis);
    return withoutAxes(yPred, [axis]);
  }

  /** @internal */
  override values(yTrue: Tensor, yPred: Tensor, fromLogits: boolean): Tensor {
    const { axis: given, labelSmoothing, ignoreClass } = optionsOf(this);
    const { className } = classOf(this);
    const axis = resolveAxis(className, given, ['yPred', yPred.shape]);
    const counts = this.mask(yTrue, yPred);
    let labels = yTrue;
    if (hasIndices(this)) {
      const indices = toIndices(className, yTrue, yPred, axis, ignoreClass);
      const known = counts === undefined ? indices : where(counts, indices, zerosLike(indices));
      labels = oneHot(known, yPred, axis);
    }
    labels = weigh(smooth(labels, labelSmoothing, axis), this.weights()[1], axis);
    if (counts !== undefined) labels = mul(labels, expandDims(counts, axis));
    return sumOver(multiplyNoNan(this.costs(yPred, fromLogits, axis), labels), [axis]);
  }

  /** @internal */
  override mask(yTrue: Tensor, yPred: Tensor): Tensor | undefined {
    const { axis, ignoreClass } = optionsOf(this);
    if (ignoreClass === null) return undefined;
    const classAxis = resolveAxis(classOf(this).className, axis, ['yPred', yPred.shape]);
    return differsFrom(reshape(yTrue, withoutAxes(yPred.shape, [classAxis])), ignoreClass);
  }

  /** @internal */
  override kernel(
    _yTrue: number[],
    yPred: number[],
    fromLogits: boolean,
  ): CrossEntropySpec | undefined {
    const { axis, labelSmoothing, classWeights, ignoreClass } = optionsOf(this);
    const kernel = this.fusedKernel();
    const rowLength = yPred.at(-1) ?? 0;
    // The numbers of a row lie next to each other along the last axis alone.
    const isLast = axis === -1 || axis === yPred.length - 1;
    if (kernel === undefined || !fromLogits || !isLast) return undefined;
    return {
      kernel,
      rowLength,
      labelScale: 1 - labelSmoothing,
      labelShift: labelSmoothing / rowLength,
      posWeight: 1,
      classWeights,
      ignoreClass,
    };
  }
}

function optionsOf({ options }: { readonly options: object }): FamilyOptions {
  return { ...FAMILY_DEFAULTS, ...options };
}

function hasIndices<Options extends object>(loss: ClassLoss<Options>): boolean {
  return classOf(loss).labels === 'index';
}

/** What to do with class indices that come for one-hot labels. */
const FOR_INDICES = 'Class indices are for the sparse loss; tf.oneHot makes labels of them.';

/** labels · (1 − ε) + ε / classes */
function smooth(labels: Tensor, share: number, axis: number): Tensor {
  if (share === 0) return labels;
  return add(mul(labels, 1 - share), share / (labels.shape[axis] ?? 1));
}

/** labels · weights, along the class axis */
function weigh(labels: Tensor, weights: ClassWeights, axis: number): Tensor {
  if (weights === null) return labels;
  const factor = typeof weights === 'number' ? weights : alongAxis(weights, labels.shape, axis);
  return mul(labels, factor);
}
