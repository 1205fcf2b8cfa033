import { abs, sub, type Tensor } from '@tensorflow/tfjs-core';

import type { Input } from '../core/inputs.js';
import { lossValues } from '../core/built_in_loss.js';
import type { NoOptions } from '../core/loss.js';
import { elementwise } from '../core/op.js';
import { sign } from '../ops/sign.js';
import { ElementwiseLoss, type FusedKernelOf } from './elementwise_loss.js';

/**
 * Mean absolute error, one value per sample.
 *
 *     loss = mean(|yPred − yTrue|, last axis)
 *
 * Its best constant prediction is the median: an outlier counts no more than its distance. The gradient is ±1 however small the
 * error, and 0 at 0; {@link huber} is smooth there.
 *
 * @param yTrue - Labels, any numbers, shape [batch, d₀, …, dₙ].
 * @param yPred - Predictions, in a shape that broadcasts with that of `yTrue`.
 * @returns Loss in units of the labels, in the shape of both without the last axis.
 * @throws {@link ShapeError} if the shapes do not broadcast, TypeError if an input is of the wrong kind.
 * @example
 * ```ts
 * meanAbsoluteError([[0, 1], [0, 0]], [[1, 1], [1, 0.5]]); // ≈ [0.5, 0.75]
 * ```
 */
export function meanAbsoluteError(yTrue: Input, yPred: Input, options: NoOptions = {}): Tensor {
  return lossValues(MeanAbsoluteError, yTrue, yPred, options);
}

/**
 * {@link meanAbsoluteError} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * new MeanAbsoluteError()([[0, 1], [0, 0]], [[1, 1], [1, 0.5]]); // ≈ 0.625
 * ```
 */
export class MeanAbsoluteError extends ElementwiseLoss {
  static override readonly className: string = 'MeanAbsoluteError';
  static override readonly aliases: readonly string[] = ['mae', 'MAE'];

  /** @internal */
  protected override elements(yTrue: Tensor, yPred: Tensor): Tensor {
    return absoluteError(yTrue, yPred);
  }

  /** @internal */
  protected override fusedKernel(): FusedKernelOf {
    return { kernel: 'FusedAbsoluteError' };
  }
}

const absoluteError = elementwise<[y: Tensor, p: Tensor]>(
  'AbsoluteError',
  ([y, p]) => abs(sub(p, y)),
  [([y, p]) => sign(sub(y, p)), ([y, p]) => sign(sub(p, y))],
)({});
