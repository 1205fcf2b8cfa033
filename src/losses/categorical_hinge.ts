import { add, sub, type Tensor } from '@tensorflow/tfjs-core';

import { resolveAxis, withoutAxes } from '../core/checks.js';
import { isFloat16 } from '../core/float16.js';
import type { Input } from '../core/inputs.js';
import { BuiltInLoss, lossValues } from '../core/built_in_loss.js';
import type { NoOptions } from '../core/loss.js';
import { sumOver } from '../core/reduction.js';
import type { ElementwiseSpec } from '../core/kernel_contract.js';
import { assertOneHotShape } from '../ops/class_labels.js';
import { largest } from '../ops/largest.js';
import { positivePart } from '../ops/positive_part.js';
import { product } from '../ops/product.js';

/**
 * How far the prediction of the right class is from leading all others by 1, one value per sample: for scores whose order
 * matters, and not their size.
 *
 *     positive = Σ yTrue · yPred
 *     negative = max((1 − yTrue) · yPred)
 *     loss     = max(negative − positive + 1, 0), over the last axis
 *
 * The entry of the right class counts as 0 in `negative`, as in Keras. Scores that are equal share the gradient.
 *
 * @param yTrue - One-hot labels, shape [batch, d₀, …, classes].
 * @param yPred - Scores (any real number), same shape as `yTrue`.
 * @returns Loss in the unit of the scores, in the shape of `yPred` without the last axis.
 * @throws {@link ShapeError} if the shapes differ.
 * @throws TypeError if an input is disposed or not numeric.
 * @example
 * ```ts
 * categoricalHinge([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]); // ≈ [1.2, 1.6]
 * ```
 * @see Crammer & Singer, "On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines" (2001).
 */
export function categoricalHinge(yTrue: Input, yPred: Input, options: NoOptions = {}): Tensor {
  return lossValues(CategoricalHinge, yTrue, yPred, options);
}

/**
 * {@link categoricalHinge} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * new CategoricalHinge()([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]); // ≈ 1.4
 * ```
 */
export class CategoricalHinge extends BuiltInLoss {
  static override readonly className: string = 'CategoricalHinge';

  /** @internal */
  override valuesShape(who: string, yTrue: number[], yPred: number[]): number[] {
    const axis = resolveAxis(who, -1, ['yPred', yPred]);
    assertOneHotShape(who, yTrue, yPred, axis);
    return withoutAxes(yPred, [axis]);
  }

  /** @internal */
  override values(yTrue: Tensor, yPred: Tensor): Tensor {
    const last = yPred.rank - 1;
    const positive = sumOver(product(yTrue, yPred), [last]);
    // The largest of no scores is −∞.
    if (yPred.size === 0) return positive;
    const negative = largest(product(sub(1, yTrue), yPred), last);
    return positivePart(add(sub(negative, positive), 1));
  }

  /** @internal */
  override kernel(_yTrue: number[], yPred: number[]): ElementwiseSpec | undefined {
    // A kernel looks for the largest number again, which float16 has rounded by then.
    if (isFloat16()) return undefined;
    const rowLength = yPred.at(-1) ?? 1;
    return { kernel: 'FusedCategoricalHinge', rowLength, constant: 0, rowReduction: 'sum' };
  }
}
