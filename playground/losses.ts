import * as exported from 'tfjs-losses';
import { Loss, type LossClass } from 'tfjs-losses';

/** The activation whose output a loss reads as probabilities. */
export type Activation = 'sigmoid' | 'softmax';

/** A value that a control gives. */
export type OptionValue = number | boolean;

/**
 * The losses of the package that read probabilities of this activation, and logits without it: what the page can show side by
 * side. A loss that the package gains appears by itself, if it is a cross-entropy: that of an overlap has no curve over one logit.
 */
export function lossesFor(activation: Activation): LossClass[] {
  return Object.values(exported as Record<string, unknown>)
    .filter(isLossClass)
    .filter((loss) => loss.reads === activation && 'fromLogits' in loss.defaults)
    .filter((loss) => loss.labels !== undefined);
}

/** The loss of this class name. */
export function lossNamed(className: string): LossClass {
  const found = [...lossesFor('sigmoid'), ...lossesFor('softmax')].find(
    (loss) => loss.className === className,
  );
  if (found === undefined) throw new RangeError(`The package has no loss ${className}.`);
  return found;
}

function isLossClass(value: unknown): value is LossClass {
  return typeof value === 'function' && value.prototype instanceof Loss;
}

/** A loss object with these options. */
export function createLoss(className: string, options: object): Loss {
  return new (lossNamed(className))(options as never);
}

/** `BinaryCrossentropy` → `Binary crossentropy`. */
export function titleOf(className: string): string {
  const words = className.replace(/(?<=.)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words;
}

/** What TensorFlow.js has instead: the name that its own `compile` knows. */
export function tfjsNameOf({ labels }: LossClass): string {
  if (labels === 'binary') return 'binaryCrossentropy';
  return labels === 'index' ? 'sparseCategoricalCrossentropy' : 'categoricalCrossentropy';
}

/** Whether TensorFlow.js has the loss itself, under this name. */
export function isInTfjs(loss: LossClass): boolean {
  return tfjsNameOf(loss).toLowerCase() === loss.className.toLowerCase();
}

/** One sentence on each loss. */
export const LOSS_SENTENCES: Readonly<Record<string, string>> = {
  BinaryCrossentropy: 'The usual loss for yes-or-no questions.',
  BinaryFocalCrossentropy: 'Cares less about answers that are good already, more about hard ones.',
  CategoricalCrossentropy: 'The usual loss for one answer out of many; labels are rows of 0 and 1.',
  SparseCategoricalCrossentropy: 'The same loss; labels are plain numbers, here the digit itself.',
  CategoricalFocalCrossentropy:
    'Cares less about digits that are read well already, more about hard ones.',
  CategoricalGeneralizedCrossEntropy:
    'Trusts labels less: a digit that is misread for sure pulls little. It may be its label that is wrong.',
};
