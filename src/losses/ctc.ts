import type { Tensor } from '@tensorflow/tfjs-core';

import { mismatch, type Input } from '../core/inputs.js';
import { BuiltInLoss, lossValues } from '../core/built_in_loss.js';
import type { LabelForm, Reads } from '../core/description.js';
import type { NoOptions } from '../core/loss.js';
import { assertClasses, truncated } from '../ops/class_labels.js';
import { ctcLoss } from '../ops/ctc_loss.js';

/**
 * Connectionist Temporal Classification: what a sequence of labels costs, given logits for each step of time, where nobody says
 * which step belongs to which label. One value per sample.
 *
 *     p    = softmax(yPred)
 *     loss = −log Σ over alignments Π over time p[class of the alignment]
 *
 * An alignment gives each step of time a class: a label, or 0, the blank. Without repetitions, then without blanks, it reads as
 * the labels do. So labels that follow their like need a blank between them.
 *
 * Choose it for speech, handwriting and other sequences that are longer than their labels. A sample with more labels than its
 * steps of time can hold costs Infinity, and its gradient is 0. There is no gradient of second order.
 *
 * Differs from Keras: Infinity, where Keras gives some 707 nats and a gradient of no meaning; log probabilities have no floor
 * at −707; zeros between or before labels are left out, as those behind them are.
 *
 * @param yTrue - Class indices from 1 on, int32, float32 or bool, shape [batch, labels], padded with 0.
 * @param yPred - Logits (any real numbers, no softmax), shape [batch, time, classes]. Class 0 is the blank.
 * @returns Loss in nats, shape [batch].
 * @throws {@link ShapeError} if the shapes do not fit.
 * @throws RangeError if a label is no class (on webgl and webgpu, which cannot tell in time, its loss is NaN); TypeError if an
 * input is of the wrong kind.
 * @example
 * ```ts
 * ctc([[1, 2]], [[[0, 2, 0], [0, 0, 0], [0, 0, 2]]]); // ≈ [0.3927]
 * ```
 * @see Graves, Fernández, Gomez & Schmidhuber, "Connectionist Temporal Classification" (2006).
 */
export function ctc(yTrue: Input, yPred: Input, options: NoOptions = {}): Tensor {
  return lossValues(CTC, yTrue, yPred, options);
}

/**
 * {@link ctc} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * const loss = new CTC({ reduction: 'sum' });
 * loss([[1, 2], [1, 0]], [[[0, 2, 0], [0, 0, 2]], [[0, 2, 0], [0, 0, 2]]]); // ≈ 2.1996
 * ```
 */
export class CTC extends BuiltInLoss {
  static override readonly className: string = 'CTC';
  static override readonly labels: LabelForm = 'index';
  static override readonly reads: Reads = 'logits';

  /** @internal */
  override valuesShape(who: string, yTrue: number[], yPred: number[]): number[] {
    if (yTrue.length !== 2 || yPred.length !== 3 || yTrue[0] !== yPred[0]) {
      throw mismatch(
        `${who}: yTrue must be [batch, labels], and yPred [batch, time, classes].`,
        ['yTrue', yTrue],
        ['yPred', yPred],
      );
    }
    return yTrue.slice(0, 1);
  }

  /** @internal */
  override values(yTrue: Tensor, yPred: Tensor): Tensor {
    assertClasses(CTC.className, yTrue, yPred.shape[2] ?? 0);
    return ctcLoss(truncated(yTrue), yPred);
  }
}
