import { abs, minimum, mul, sub, type Tensor } from '@tensorflow/tfjs-core';

import { assertPositive } from '../core/checks.js';
import type { Input } from '../core/inputs.js';
import { lossValues } from '../core/built_in_loss.js';
import type { LossOptions } from '../core/loss.js';
import { elementwise } from '../core/op.js';

import { clamp } from '../ops/clip.js';
import { ElementwiseLoss, type FusedKernelOf } from './elementwise_loss.js';

/** Options of {@link huber}. */
export interface HuberOptions {
  /** Error from which on the loss grows in a straight line, above 0. Default: `1`. */
  delta?: number;
}

/**
 * Huber's loss, one value per sample: squared for small errors, absolute for large ones.
 *
 *     e    = yPred − yTrue
 *     loss = mean(|e| ≤ delta ? e² / 2 : delta · |e| − delta² / 2, last axis)
 *
 * For numbers with outliers: the gradient of an error beyond `delta` is that of one of `delta`.
 *
 * @param yTrue - Labels, any numbers, shape [batch, d₀, …, dₙ].
 * @param yPred - Predictions, in a shape that broadcasts with that of `yTrue`.
 * @returns Loss in squared units of the labels, in the shape of both without the last axis.
 * @throws {@link ShapeError} if the shapes do not broadcast.
 * @throws RangeError if `delta` is not above 0, TypeError if it or an input is of the wrong kind.
 * @example
 * ```ts
 * huber([[0, 1], [0, 0]], [[0.5, 1], [3, 0]]); // ≈ [0.0625, 1.25]
 * ```
 * @see Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35 (1964).
 */
export function huber(yTrue: Input, yPred: Input, options: HuberOptions = {}): Tensor {
  return lossValues(Huber, yTrue, yPred, options);
}

/**
 * {@link huber} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * new Huber({ delta: 0.5 })([[0, 1], [0, 0]], [[0.5, 1], [3, 0]]); // ≈ 0.375
 * ```
 */
export class Huber extends ElementwiseLoss<HuberOptions> {
  static override readonly className: string = 'Huber';
  static override readonly aliases: readonly string[] = ['huber_loss'];
  static override readonly defaults: Required<HuberOptions & Pick<LossOptions, 'name'>> = {
    delta: 1,
    // Keras's name, and the one exception among its losses.
    name: 'huber_loss',
  };

  /** @internal */
  static override check(who: string, { delta }: Required<HuberOptions>): void {
    assertPositive(who, 'delta', delta);
  }

  /** @internal */
  protected override elements(yTrue: Tensor, yPred: Tensor): Tensor {
    return huberLoss({ delta: this.options.delta })(yTrue, yPred);
  }

  /** @internal */
  protected override fusedKernel(): FusedKernelOf {
    return { kernel: 'FusedHuber', constant: this.options.delta };
  }
}

const huberLoss = elementwise<[y: Tensor, p: Tensor], { delta: number }>(
  'HuberLoss',
  ([y, p], { delta }) => {
    const error = abs(sub(p, y));
    const near = minimum(error, delta);
    return mul(near, sub(error, mul(near, 0.5)));
  },
  [
    ([y, p], { delta }) => clamp(sub(y, p), -delta, delta),
    ([y, p], { delta }) => clamp(sub(p, y), -delta, delta),
  ],
);
