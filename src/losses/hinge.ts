import type { Tensor } from '@tensorflow/tfjs-core';

import type { Input } from '../core/inputs.js';
import { lossValues } from '../core/built_in_loss.js';
import type { NoOptions } from '../core/loss.js';
import { ElementwiseLoss, type FusedKernelOf } from './elementwise_loss.js';
import { shortOfMargin } from './short_of_margin.js';

/**
 * Hinge loss, one value per sample.
 *
 *     loss = mean(max(1 − yTrue · yPred, 0), last axis)
 *
 * Largest-margin classification, as in support vector machines. Labels are −1 and 1; those of a batch that holds nothing but 0
 * and 1 are read as such.
 *
 * @param yTrue - Labels −1 and 1, or 0 and 1, shape [batch, d₀, …, dₙ].
 * @param yPred - Predictions, any numbers (not probabilities), in a shape that broadcasts with that of `yTrue`.
 * @returns Loss, in the shape of both without the last axis.
 * @throws {@link ShapeError} if the shapes do not broadcast, TypeError if an input is of the wrong kind.
 * @example
 * ```ts
 * hinge([[-1, 1], [1, 1]], [[0.5, 2], [-1, 0.25]]); // ≈ [0.75, 1.375]
 * ```
 */
export function hinge(yTrue: Input, yPred: Input, options: NoOptions = {}): Tensor {
  return lossValues(Hinge, yTrue, yPred, options);
}

/**
 * {@link hinge} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * new Hinge()([[0, 1], [1, 1]], [[0.5, 2], [-1, 0.25]]); // ≈ 1.0625
 * ```
 */
export class Hinge extends ElementwiseLoss {
  static override readonly className: string = 'Hinge';

  /** @internal */
  protected override elements(yTrue: Tensor, yPred: Tensor): Tensor {
    return shortOfMargin(yTrue, yPred);
  }

  /** @internal */
  protected override fusedKernel(): FusedKernelOf {
    return { kernel: 'FusedHinge' };
  }
}
