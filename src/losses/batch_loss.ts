import { BuiltInLoss } from '../core/built_in_loss.js';
import type { LabelForm } from '../core/description.js';
import { mismatch } from '../core/inputs.js';

/** A loss of embeddings, of which the samples of a batch are each other's examples. The value of a sample depends on all of them. */
export abstract class BatchLoss<Options extends object = object> extends BuiltInLoss<Options> {
  static override readonly labels: LabelForm = 'index';
  /**
   * Class indices of int32 stay exact.
   *
   * @internal
   */
  static override readonly verbatim: boolean = true;

  /** @internal */
  override valuesShape(who: string, yTrue: number[], yPred: number[]): number[] {
    const [batch = 0] = yPred;
    const [labels, ...rest] = yTrue;
    const isColumn = rest.length === 0 || (rest.length === 1 && rest[0] === 1);
    if (yPred.length !== 2 || labels !== batch || !isColumn) {
      throw mismatch(
        `${who}: yTrue must be class indices [batch] or [batch, 1], and yPred embeddings [batch, size].`,
        ['yTrue', yTrue],
        ['yPred', yPred],
      );
    }
    return [batch];
  }
}
