import {
  abs,
  div,
  max,
  maximum,
  mul,
  neg,
  sqrt,
  square,
  step,
  sub,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { assertWhole, resolveAxis, withoutAxes } from '../core/checks.js';
import {
  broadcast,
  broadcastShape,
  mismatch,
  sizeOf,
  spreadAlong,
  withShape,
  type Input,
} from '../core/inputs.js';
import { lossValues } from '../core/built_in_loss.js';
import { defineOp, multiplyNoNan } from '../core/op.js';
import { sumAlong, sumOver } from '../core/reduction.js';
import type { ElementwiseSpec } from '../core/kernel_contract.js';
import { epsilon } from '../ops/clip.js';
import { product } from '../ops/product.js';
import { RowwiseLoss, type FusedKernelOf } from './elementwise_loss.js';

/** Options of {@link cosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** Axis along which the vectors lie. Default: `-1`, the last. */
  axis?: number;
}

/**
 * Cosine of the angle between labels and predictions, with the opposite sign; one value per sample.
 *
 *     loss = −Σ (yTrue / max(‖yTrue‖, 1e-7)) · (yPred / max(‖yPred‖, 1e-7)), over axis
 *
 * −1 for vectors of one direction, 0 for orthogonal ones, 1 for opposite ones; lengths do not matter. For embeddings.
 *
 * Differs from Keras: norms of very long vectors do not overflow; the gradient at a vector of zeros is finite.
 *
 * @param yTrue - Vectors, any numbers, shape [batch, d₀, …, dimensions].
 * @param yPred - Vectors, in a shape that broadcasts with that of `yTrue`.
 * @returns Loss in [−1, 1], in the shape of both without `axis`.
 * @throws {@link ShapeError} if the shapes do not broadcast.
 * @throws RangeError if they have no such axis, TypeError if an option or an input is of the wrong kind.
 * @example
 * ```ts
 * cosineSimilarity([[0, 1], [3, 4]], [[1, 0], [4, 3]]); // ≈ [0, -0.96]
 * ```
 */
export function cosineSimilarity(
  yTrue: Input,
  yPred: Input,
  options: CosineSimilarityOptions = {},
): Tensor {
  return lossValues(CosineSimilarity, yTrue, yPred, options);
}

/**
 * {@link cosineSimilarity} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * new CosineSimilarity()([[0, 1], [3, 4]], [[1, 0], [4, 3]]); // ≈ -0.48
 * ```
 */
export class CosineSimilarity extends RowwiseLoss<CosineSimilarityOptions> {
  static override readonly className: string = 'CosineSimilarity';
  /** @internal */
  static override readonly negatedMetric: boolean = true;
  static override readonly aliases: readonly string[] = ['cosineProximity'];
  static override readonly defaults: Required<CosineSimilarityOptions> = { axis: -1 };

  /** @internal */
  static override check(who: string, { axis }: Required<CosineSimilarityOptions>): void {
    assertWhole(who, 'axis', axis);
  }

  /** @internal */
  override valuesShape(who: string, yTrue: number[], yPred: number[]): number[] {
    const { axis } = this.options;
    if (axis >= 0 && yTrue.length !== yPred.length) {
      throw mismatch(
        `${who}: with an axis counted from the first, yTrue and yPred must have as many axes.`,
        ['yTrue', yTrue],
        ['yPred', yPred],
      );
    }
    const shape = broadcastShape(who, yTrue, yPred);
    return withoutAxes(shape, [resolveAxis(who, axis, ['yPred', shape])]);
  }

  /** @internal */
  override values(yTrue: Tensor, yPred: Tensor): Tensor {
    const shape = broadcastShape(this.name, yTrue.shape, yPred.shape);
    const axis = resolveAxis(this.name, this.options.axis, ['yPred', shape]);
    // The largest of no numbers is −∞.
    if (sizeOf(shape) === 0) {
      return sumOver(product(broadcast(yTrue, shape), broadcast(yPred, shape)), [axis]);
    }
    // As in Keras a vector has its own length, before it broadcasts.
    const directions = [yTrue, yPred].map((x) => {
      const ofRank = [...shape.map(() => 1), ...x.shape].slice(-shape.length);
      return broadcast(direction({ axis })(withShape(x, ofRank)), shape);
    }) as [Tensor, Tensor];
    return neg(sumOver(product(...directions), [axis]));
  }

  /** @internal */
  override kernel(yTrue: number[], yPred: number[]): ElementwiseSpec | undefined {
    const { axis } = this.options;
    const isLast = axis === -1 || axis === yPred.length - 1;
    return isLast ? super.kernel(yTrue, yPred) : undefined;
  }

  /** @internal */
  protected override fusedKernel(): FusedKernelOf {
    return { kernel: 'FusedCosineSimilarity', constant: epsilon(), rowReduction: 'sum' };
  }
}

/** x / ‖x‖ along the axis. Below epsilon the length counts as epsilon, as in Keras. */
const direction = defineOp<[x: Tensor], { axis: number }>(
  'Direction',
  ([x], { axis }) => div(x, atLeastEpsilon(norm(x, axis))),
  [
    (dy, [x], { axis }) => {
      const length = norm(x, axis);
      const along = mul(div(x, atLeastEpsilon(length)), step(sub(length, epsilon())));
      const kept = sub(
        dy,
        multiplyNoNan(along, spreadAlong(x, sumOver(multiplyNoNan(along, dy), [axis]), axis)),
      );
      return multiplyNoNan(broadcast(div(1, atLeastEpsilon(length)), x.shape), kept);
    },
  ],
);

/** ‖x‖ along the axis, in units of the largest entry, whose square might overflow. */
function norm(x: Tensor, axis: number): Tensor {
  const unit = atLeastEpsilon(max(abs(x), axis, true));
  return mul(unit, sqrt(sumAlong(square(div(x, unit)), axis)));
}

function atLeastEpsilon(x: Tensor): Tensor {
  return maximum(x, epsilon());
}
