import { maximum, mul, square, sub, type Tensor } from '@tensorflow/tfjs-core';

import type { Input } from '../core/inputs.js';
import { lossValues, type NoOptions } from '../core/loss.js';
import { elementwise } from '../core/op.js';
import type { PairForm } from '../kernels/names.js';
import { signedLabels } from './signed_labels.js';
import { ElementwiseLoss, meanOfRows } from './elementwise_loss.js';

/**
 * Squared hinge loss, one value per sample.
 *
 *     loss = mean(max(1 − yTrue · yPred, 0)², last axis)
 *
 * {@link hinge} that is smooth at the margin and harder on what lies far on the wrong side. Labels are −1 and 1; those of a batch
 * that holds nothing but 0 and 1 are read as such.
 *
 * @param yTrue - Labels −1 and 1, or 0 and 1, shape [batch, d₀, …, dₙ].
 * @param yPred - Predictions, any numbers (not probabilities), in a shape that broadcasts with that of `yTrue`.
 * @returns Loss, in the shape of both without the last axis.
 * @throws {@link ShapeError} if the shapes do not broadcast, TypeError if an input is of the wrong kind.
 * @example
 * ```ts
 * squaredHinge([[-1, 1], [1, 1]], [[0.5, 2], [-1, 0.25]]); // ≈ [1.125, 2.2813]
 * ```
 */
export function squaredHinge(yTrue: Input, yPred: Input, options: NoOptions = {}): Tensor {
  return lossValues(SquaredHinge, yTrue, yPred, options);
}

/**
 * {@link squaredHinge} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * new SquaredHinge()([[0, 1], [1, 1]], [[0.5, 2], [-1, 0.25]]); // ≈ 1.7031
 * ```
 */
export class SquaredHinge extends ElementwiseLoss {
  static override readonly className: string = 'SquaredHinge';

  protected override values(yTrue: Tensor, yPred: Tensor): Tensor {
    return meanOfRows(squaredHingeLoss(signedLabels(yTrue), yPred));
  }

  /** @internal */
  protected override form(): Pick<PairForm, 'op'> {
    return { op: 'SquaredHingeRows' };
  }
}

const squaredHingeLoss = elementwise<[y: Tensor, p: Tensor]>(
  'SquaredHingeLoss',
  ([y, p]) => square(missing(y, p)),
  [([y, p]) => mul(-2, mul(p, missing(y, p))), ([y, p]) => mul(-2, mul(y, missing(y, p)))],
)({});

/** What is missing to the margin. */
function missing(y: Tensor, p: Tensor): Tensor {
  return maximum(sub(1, mul(y, p)), 0);
}
