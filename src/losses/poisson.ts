import { add, div, mul, neg, sub, type Tensor } from '@tensorflow/tfjs-core';

import type { Input } from '../core/inputs.js';
import { lossValues } from '../core/built_in_loss.js';
import type { NoOptions } from '../core/loss.js';
import { elementwise } from '../core/op.js';
import { epsilon } from '../ops/clip.js';
import { log } from '../ops/log.js';
import { ElementwiseLoss, type FusedKernelOf } from './elementwise_loss.js';

/**
 * Negative log-likelihood of counts under a Poisson distribution, less a term without the prediction; one value per sample.
 *
 *     loss = mean(yPred − yTrue · log(yPred + 1e-7), last axis)
 *
 * For counts, with predictions above 0: of an exponential or softplus layer, say. A negative prediction gives NaN.
 *
 * @param yTrue - Labels ≥ 0, shape [batch, d₀, …, dₙ].
 * @param yPred - Expected counts, above 0, in a shape that broadcasts with that of `yTrue`.
 * @returns Loss in nats, in the shape of both without the last axis.
 * @throws {@link ShapeError} if the shapes do not broadcast, TypeError if an input is of the wrong kind.
 * @example
 * ```ts
 * poisson([[0, 1], [2, 3]], [[1, 1], [2, 4]]); // ≈ [1, 0.2274]
 * ```
 */
export function poisson(yTrue: Input, yPred: Input, options: NoOptions = {}): Tensor {
  return lossValues(Poisson, yTrue, yPred, options);
}

/**
 * {@link poisson} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * new Poisson()([[0, 1], [2, 3]], [[1, 1], [2, 4]]); // ≈ 0.6137
 * ```
 */
export class Poisson extends ElementwiseLoss {
  static override readonly className: string = 'Poisson';

  /** @internal */
  protected override elements(yTrue: Tensor, yPred: Tensor): Tensor {
    return poissonLoss(yTrue, yPred);
  }

  /** @internal */
  protected override fusedKernel(): FusedKernelOf {
    return { kernel: 'FusedPoisson', constant: epsilon() };
  }
}

const poissonLoss = elementwise<[y: Tensor, p: Tensor]>(
  'PoissonLoss',
  ([y, p]) => sub(p, mul(y, log(add(p, epsilon())))),
  [([, p]) => neg(log(add(p, epsilon()))), ([y, p]) => sub(1, div(y, add(p, epsilon())))],
)({});
