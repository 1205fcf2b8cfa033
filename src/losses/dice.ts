import type { Tensor } from '@tensorflow/tfjs-core';

import type { Input } from '../core/inputs.js';
import { lossValues } from '../core/built_in_loss.js';
import { EPSILON } from '../ops/clip.js';
import { overlapDefaults, OverlapLoss, type OverlapOptions } from './overlap_loss.js';

/** Options of {@link dice}. */
// A name of its own, for the documentation.
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- those of all losses of overlaps, and no others
export interface DiceOptions extends OverlapOptions {}

/**
 * How little predictions and labels overlap, 0 (the same) to 1 (nothing in common): for segmentation, where few pixels belong to
 * an object, and a cross-entropy over all pixels hardly sees them.
 *
 *     p    = fromLogits ? σ(yPred) : yPred
 *     loss = 1 − 2 · Σ yTrue · p / (Σ yTrue + Σ p + 1e-7), sums over axis
 *
 * By default all images and classes of a batch overlap as a whole, and the loss is a single number. `axis: [1, 2, 3]` gives one
 * value per image [batch, height, width, classes]; `classWeights` averages over classes, `[1, 1, 1]` three of them evenly.
 * Nothing expected and nothing predicted cost 1, without a gradient, as in Keras: where images may be empty, keep them in one
 * whole, or add a cross-entropy.
 *
 * Logits are those of a sigmoid, so that classes may overlap each other. Where each pixel has one class, end the model in a
 * softmax, or give `tf.softmax(logits)`.
 *
 * Differs from Keras: `fromLogits` and `classWeights` are ours; nothing is lost where the overlap is almost perfect; labels do not
 * broadcast.
 *
 * @param yTrue - Labels in [0, 1], any shape, as [batch, height, width, classes].
 * @param yPred - Probabilities or logits, same shape as `yTrue`.
 * @returns Loss in [0, 1], in the shape of `yPred` without `axis`.
 * @throws {@link ShapeError} if the shapes differ, or `classWeights` are not one per class.
 * @throws RangeError if an option is unknown or outside its range, TypeError if it or an input is of the wrong kind.
 * @example
 * ```ts
 * dice([[1, 0, 1], [0, 0, 1]], [[0.9, 0.2, 0.8], [0.1, 0.1, 0.4]], { axis: 1 }); // ≈ [0.1282, 0.5]
 * ```
 * @see Milletari, Navab & Ahmadi, "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation" (2016).
 */
export function dice(yTrue: Input, yPred: Input, options: DiceOptions = {}): Tensor {
  return lossValues(Dice, yTrue, yPred, options);
}

/**
 * {@link dice} as a loss object: weighted, reduced, found by name, and saved.
 *
 * Weights of samples need one value per sample: `axis: [1, 2, 3]`. On a single number they act by their mean, as in Keras.
 *
 * @example
 * ```ts
 * const loss = new Dice({ fromLogits: true });
 * loss([[1, 0, 1], [0, 0, 1]], [[2, -1, 3], [-2, 0, 1]]); // ≈ 0.2051
 * ```
 */
export class Dice extends OverlapLoss<DiceOptions> {
  static override readonly className: string = 'Dice';
  static override readonly defaults: Required<DiceOptions> = overlapDefaults;

  /** @internal */
  protected override costs(): { alpha: number; beta: number; epsilon: number } {
    // 2 · hits / (2 · hits + both kinds of errors + 1e-7), with all divided by 2.
    return { alpha: 0.5, beta: 0.5, epsilon: EPSILON / 2 };
  }
}
