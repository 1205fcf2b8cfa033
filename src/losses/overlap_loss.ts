import { add, mul, type Tensor } from '@tensorflow/tfjs-core';

import { BuiltInLoss } from '../core/built_in_loss.js';
import {
  assertAxis,
  assertClassWeights,
  assertFromLogits,
  assertWeightsFit,
  resolveAxes,
  withoutAxes,
  type Axis,
  type FromLogits,
} from '../core/checks.js';
import { classOf, type Reads } from '../core/description.js';
import { formatShape, formatValue } from '../core/errors.js';
import { alongAxis, broadcast, sizeOf } from '../core/inputs.js';
import { multiplyNoNan } from '../core/op.js';
import { meanOver, sumOver } from '../core/reduction.js';
import { assertOneHotShape } from '../ops/class_labels.js';
import { EPSILON } from '../ops/clip.js';
import { missedShare, overlap } from '../ops/overlap.js';
import { product } from '../ops/product.js';

/** Options that all losses of overlaps share. */
export interface OverlapOptions {
  /**
   * Read `yPred` as logits (any real number) of a sigmoid, not probabilities: each entry is a yes or no of its own. `'auto'` lets
   * `model.compile` decide, by the activation of the output. Default: `false`.
   */
  fromLogits?: FromLogits;
  /** Axis or axes of what overlaps as a whole; `null` takes all. Default: `null`. */
  axis?: Axis;
  /**
   * Weight of each class, one per entry of the last axis: each class then has a loss of its own, and the loss is their weighted
   * mean. Default: `null`, all classes overlap as a whole.
   */
  classWeights?: readonly number[] | null;
}

export const overlapDefaults: Required<OverlapOptions> = {
  fromLogits: false,
  axis: null,
  classWeights: null,
};

/** How much errors count beside hits. */
interface Costs {
  /** Of false positives. */
  readonly alpha: number;
  /** Of false negatives. */
  readonly beta: number;
  /** Added, so that nothing at all against nothing costs 1, as in Keras. */
  readonly epsilon?: number;
}

/**
 * The loss by Tversky's index, for each class or all of them as a whole.
 *
 *     loss = missed / (hits + missed), missed = alpha · false positives + beta · false negatives + epsilon
 */
export abstract class OverlapLoss<Options extends OverlapOptions> extends BuiltInLoss<Options> {
  static override readonly reads: Reads = 'sigmoid';
  /** @internal */
  static override readonly extensions: readonly string[] = ['fromLogits', 'classWeights'];

  /** @internal */
  static override check(who: string, options: Required<OverlapOptions>): void {
    assertFromLogits(who, options.fromLogits);
    assertAxis(who, 'axis', options.axis);
    assertClassWeights(who, 'classWeights', options.classWeights);
  }

  /** @internal */
  override valuesShape(who: string, yTrue: number[], yPred: number[]): number[] {
    const { axis, classWeights } = this.options as unknown as Required<OverlapOptions>;
    const last = yPred.length - 1;
    assertOneHotShape(who, yTrue, yPred, last);
    const axes = resolveAxes(who, axis, yPred);
    if (classWeights !== null) {
      assertWeightsFit(who, 'classWeights', classWeights, yPred);
      if (!axes.includes(last)) {
        throw new RangeError(
          `${who}: with classWeights, axis must have the classes, the last axis of yPred ${formatShape(yPred)}. ` +
            `Received: ${formatValue(axis)}.`,
        );
      }
    }
    return withoutAxes(yPred, axes);
  }

  /**
   * What the errors cost.
   *
   * @internal
   */
  protected abstract costs(): Costs;

  /** @internal */
  override values(yTrue: Tensor, yPred: Tensor, fromLogits: boolean): Tensor {
    const { axis, classWeights } = this.options as unknown as Required<OverlapOptions>;
    const { alpha, beta, epsilon = EPSILON } = this.costs();
    const axes = resolveAxes(classOf(this).className, axis, yPred.shape);
    if (yPred.size === 0) return meanOver(product(yTrue, yPred), axes);
    const classAxis = yPred.rank - 1;
    const summed = classWeights === null ? axes : axes.filter((index) => index !== classAxis);
    const { hits, falsePositives, falseNegatives } = overlap(yTrue, yPred, fromLogits, summed);
    const errors = add(mul(falsePositives, alpha), mul(falseNegatives, beta));
    const entries = sizeOf(summed.map((index) => yPred.shape[index] ?? 1));
    const values = missedShare(hits, add(errors, epsilon / entries));
    return classWeights === null ? values : weightedMean(values, classWeights);
  }
}

/** The mean over the last axis by weights; a weight of 0 leaves its class out. */
function weightedMean(values: Tensor, weights: readonly number[]): Tensor {
  const total = weights.reduce((a, b) => a + b, 0);
  const shares = weights.map((weight) => (total === 0 ? 0 : weight / total));
  const last = values.rank - 1;
  return sumOver(
    multiplyNoNan(values, broadcast(alongAxis(shares, values.shape, last), values.shape)),
    [last],
  );
}
