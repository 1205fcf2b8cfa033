import { mul, squaredDifference, sub, type Tensor } from '@tensorflow/tfjs-core';

import type { Input } from '../core/inputs.js';
import { lossValues } from '../core/built_in_loss.js';
import type { NoOptions } from '../core/loss.js';
import { elementwise } from '../core/op.js';
import { ElementwiseLoss, type FusedKernelOf } from './elementwise_loss.js';

/**
 * Mean squared error, one value per sample.
 *
 *     loss = mean((yPred − yTrue)², last axis)
 *
 * The loss for numbers whose errors are of one size; an outlier counts with its square: see {@link huber}.
 *
 * @param yTrue - Labels, any numbers, shape [batch, d₀, …, dₙ].
 * @param yPred - Predictions, in a shape that broadcasts with that of `yTrue`.
 * @returns Loss in squared units of the labels, in the shape of both without the last axis.
 * @throws {@link ShapeError} if the shapes do not broadcast, TypeError if an input is of the wrong kind.
 * @example
 * ```ts
 * meanSquaredError([[0, 1], [0, 0]], [[1, 1], [1, 0.5]]); // ≈ [0.5, 0.625]
 * ```
 * @see Goodfellow, Bengio & Courville, Deep Learning (2016), §5.1.4.
 */
export function meanSquaredError(yTrue: Input, yPred: Input, options: NoOptions = {}): Tensor {
  return lossValues(MeanSquaredError, yTrue, yPred, options);
}

/**
 * {@link meanSquaredError} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * new MeanSquaredError()([[0, 1], [0, 0]], [[1, 1], [1, 0.5]]); // ≈ 0.5625
 * ```
 */
export class MeanSquaredError extends ElementwiseLoss {
  static override readonly className: string = 'MeanSquaredError';
  static override readonly aliases: readonly string[] = ['mse', 'MSE'];

  /** @internal */
  protected override elements(yTrue: Tensor, yPred: Tensor): Tensor {
    return squaredError(yTrue, yPred);
  }

  /** @internal */
  protected override fusedKernel(): FusedKernelOf {
    return { kernel: 'FusedSquaredError' };
  }
}

const squaredError = elementwise<[y: Tensor, p: Tensor]>(
  'SquaredError',
  ([y, p]) => squaredDifference(y, p),
  [([y, p]) => mul(2, sub(y, p)), ([y, p]) => mul(2, sub(p, y))],
)({});
