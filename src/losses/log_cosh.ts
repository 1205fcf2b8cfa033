import {
  abs,
  add,
  div,
  exp,
  less,
  minimum,
  mul,
  square,
  sub,
  where,
  type Tensor,
} from '@tensorflow/tfjs-core';

import type { Input } from '../core/inputs.js';
import { lossValues } from '../core/built_in_loss.js';
import type { NoOptions } from '../core/loss.js';
import { elementwise } from '../core/op.js';
import { expm1 } from '../ops/expm1.js';
import { log1p } from '../ops/log1p.js';
import { tanh } from '../ops/tanh.js';
import { ElementwiseLoss, type FusedKernelOf } from './elementwise_loss.js';

/**
 * Logarithm of the hyperbolic cosine of the error, one value per sample.
 *
 *     loss = mean(log(cosh(yPred − yTrue)), last axis)
 *
 * Half the squared error near 0 and the absolute error less log 2 far away, like {@link huber} with delta 1, but smooth everywhere.
 *
 * Differs from Keras: small errors keep their digits; Keras's formula gives 0 for an error of 1e-4.
 *
 * @param yTrue - Labels, any numbers, shape [batch, d₀, …, dₙ].
 * @param yPred - Predictions, in a shape that broadcasts with that of `yTrue`.
 * @returns Loss in units of the labels, in the shape of both without the last axis.
 * @throws {@link ShapeError} if the shapes do not broadcast, TypeError if an input is of the wrong kind.
 * @example
 * ```ts
 * logCosh([[0, 1], [0, 0]], [[1, 1], [0, 0]]); // ≈ [0.2169, 0]
 * ```
 */
export function logCosh(yTrue: Input, yPred: Input, options: NoOptions = {}): Tensor {
  return lossValues(LogCosh, yTrue, yPred, options);
}

/**
 * {@link logCosh} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * new LogCosh()([[0, 1], [0, 0]], [[1, 1], [0, 0]]); // ≈ 0.1084
 * ```
 */
export class LogCosh extends ElementwiseLoss {
  static override readonly className: string = 'LogCosh';
  static override readonly aliases: readonly string[] = ['logcosh'];

  /** @internal */
  protected override elements(yTrue: Tensor, yPred: Tensor): Tensor {
    return logCoshOfError(yTrue, yPred);
  }

  /** @internal */
  protected override fusedKernel(): FusedKernelOf {
    return { kernel: 'FusedLogCosh' };
  }
}

const logCoshOfError = elementwise<[y: Tensor, p: Tensor]>(
  'LogCoshOfError',
  ([y, p]) => {
    const distance = abs(sub(p, y));
    return where(less(distance, 2), near(minimum(distance, 2)), far(distance));
  },
  [([y, p]) => tanh(sub(y, p)), ([y, p]) => tanh(sub(p, y))],
)({});

/** log(1 + 2 sinh²(d / 2)) */
function near(distance: Tensor): Tensor {
  return log1p(div(square(expm1(distance)), mul(2, exp(distance))));
}

/** d − log 2 + log(1 + e⁻²ᵈ) */
function far(distance: Tensor): Tensor {
  return add(sub(distance, Math.LN2), log1p(exp(mul(-2, distance))));
}
