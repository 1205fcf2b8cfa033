import { add, div, maximum, mul, square, step, sub, type Tensor } from '@tensorflow/tfjs-core';

import type { Input } from '../core/inputs.js';
import { lossValues } from '../core/built_in_loss.js';
import type { NoOptions } from '../core/loss.js';
import { elementwise } from '../core/op.js';
import { epsilon } from '../ops/clip.js';
import { logRatio } from '../ops/log_ratio.js';
import { ElementwiseLoss, type FusedKernelOf } from './elementwise_loss.js';

/**
 * Mean squared logarithmic error, one value per sample.
 *
 *     loss = mean((log(1 + max(yPred, 1e-7)) − log(1 + max(yTrue, 1e-7)))², last axis)
 *
 * For counts and other quantities ≥ 0 that span orders of magnitude: what counts is the ratio. Negative numbers count as 1e-7, and
 * have no gradient.
 *
 * Differs from Keras: the logarithm of the ratio is taken, not the difference of two logarithms, so that predictions near their
 * label keep their digits.
 *
 * @param yTrue - Labels, any numbers, shape [batch, d₀, …, dₙ].
 * @param yPred - Predictions, in a shape that broadcasts with that of `yTrue`.
 * @returns Loss in squared nats, in the shape of both without the last axis.
 * @throws {@link ShapeError} if the shapes do not broadcast, TypeError if an input is of the wrong kind.
 * @example
 * ```ts
 * meanSquaredLogarithmicError([[0, 1]], [[1, 3]]); // ≈ [0.4805]
 * ```
 */
export function meanSquaredLogarithmicError(
  yTrue: Input,
  yPred: Input,
  options: NoOptions = {},
): Tensor {
  return lossValues(MeanSquaredLogarithmicError, yTrue, yPred, options);
}

/**
 * {@link meanSquaredLogarithmicError} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * new MeanSquaredLogarithmicError()([[0], [1]], [[1], [3]]); // ≈ 0.4805
 * ```
 */
export class MeanSquaredLogarithmicError extends ElementwiseLoss {
  static override readonly className: string = 'MeanSquaredLogarithmicError';
  static override readonly aliases: readonly string[] = ['msle', 'MSLE'];

  /** @internal */
  protected override elements(yTrue: Tensor, yPred: Tensor): Tensor {
    return squaredLogarithmicError(yTrue, yPred);
  }

  /** @internal */
  protected override fusedKernel(): FusedKernelOf {
    return { kernel: 'FusedSquaredLogarithmicError', constant: epsilon() };
  }
}

const squaredLogarithmicError = elementwise<[y: Tensor, p: Tensor]>(
  'SquaredLogarithmicError',
  ([y, p]) => square(logRatio(atLeastEpsilon(y), atLeastEpsilon(p))),
  [([y, p]) => slope(p, y), ([y, p]) => slope(y, p)],
)({});

/** 2 · log((1 + p) / (1 + y)) / (1 + p), and 0 where p is clipped. */
function slope(y: Tensor, p: Tensor): Tensor {
  const ratio = logRatio(atLeastEpsilon(y), atLeastEpsilon(p));
  const isCounted = sub(1, step(sub(epsilon(), p)));
  return mul(div(mul(2, ratio), add(1, atLeastEpsilon(p))), isCounted);
}

function atLeastEpsilon(x: Tensor): Tensor {
  return maximum(x, epsilon());
}
