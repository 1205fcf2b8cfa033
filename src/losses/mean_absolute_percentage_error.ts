import { abs, add, div, maximum, mul, neg, step, sub, type Tensor } from '@tensorflow/tfjs-core';

import type { Input } from '../core/inputs.js';
import { lossValues } from '../core/built_in_loss.js';
import type { NoOptions } from '../core/loss.js';
import { elementwise, type Op } from '../core/op.js';
import { epsilon } from '../ops/clip.js';
import { sign } from '../ops/sign.js';
import { ElementwiseLoss, type FusedKernelOf } from './elementwise_loss.js';

/**
 * Mean absolute percentage error, one value per sample.
 *
 *     loss = 100 · mean(|yPred − yTrue| / max(|yTrue|, 1e-7), last axis)
 *
 * For positive quantities whose errors grow with their size. A label of 0 makes an error 1e7 times as large: then
 * {@link meanSquaredLogarithmicError} is the better choice.
 *
 * @param yTrue - Labels, any numbers, shape [batch, d₀, …, dₙ].
 * @param yPred - Predictions, in a shape that broadcasts with that of `yTrue`.
 * @returns Loss in percent, in the shape of both without the last axis.
 * @throws {@link ShapeError} if the shapes do not broadcast, TypeError if an input is of the wrong kind.
 * @example
 * ```ts
 * meanAbsolutePercentageError([[2, 4]], [[1, 5]]); // ≈ [37.5]
 * ```
 */
export function meanAbsolutePercentageError(
  yTrue: Input,
  yPred: Input,
  options: NoOptions = {},
): Tensor {
  return lossValues(MeanAbsolutePercentageError, yTrue, yPred, options);
}

/**
 * {@link meanAbsolutePercentageError} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * new MeanAbsolutePercentageError()([[2], [4]], [[1], [5]]); // ≈ 37.5
 * ```
 */
export class MeanAbsolutePercentageError extends ElementwiseLoss {
  static override readonly className: string = 'MeanAbsolutePercentageError';
  static override readonly aliases: readonly string[] = ['mape', 'MAPE'];

  /** @internal */
  protected override elements(yTrue: Tensor, yPred: Tensor): Tensor {
    return absolutePercentageError(yTrue, yPred);
  }

  /** @internal */
  protected override fusedKernel(): FusedKernelOf {
    return { kernel: 'FusedAbsolutePercentageError', constant: epsilon() };
  }
}

const absolutePercentageError: Op<[y: Tensor, p: Tensor]> = elementwise<[y: Tensor, p: Tensor]>(
  'AbsolutePercentageError',
  ([y, p]) => div(mul(100, abs(sub(p, y))), hundredPercent(y)),
  [
    ([y, p]) =>
      neg(
        add(
          slope(y, p),
          mul(slopeOfHundredPercent(y), div(absolutePercentageError(y, p), hundredPercent(y))),
        ),
      ),
    ([y, p]) => slope(y, p),
  ],
)({});

/** How large an error of 100 % is. */
function hundredPercent(y: Tensor): Tensor {
  return maximum(abs(y), epsilon());
}

function slopeOfHundredPercent(y: Tensor): Tensor {
  return mul(sign(y), sub(1, step(sub(epsilon(), abs(y)))));
}

function slope(y: Tensor, p: Tensor): Tensor {
  return div(mul(100, sign(sub(p, y))), hundredPercent(y));
}
