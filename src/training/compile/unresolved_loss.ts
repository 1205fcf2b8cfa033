/**
 * The loss of a loaded model that nobody has registered. The model predicts all the same, and is saved again with the same loss.
 * Training looks for the loss once more.
 */
import type { Loss } from '../../core/loss.js';
import { deserializeLoss, isKnownLoss, type SerializedLoss } from '../../registry.js';
import type { ChooseLoss } from '../plan.js';

/** A name, or a config of a loss object. */
type Saved = string | SerializedLoss;

/** The hidden field of an unresolved loss that holds what was saved. */
const SAVED = Symbol.for('tfjs-losses.savedLoss');

/** A loss that `compile` takes in the place of one that is not registered. */
export function unresolvedLoss(saved: Saved): object {
  const loss = () => {
    throw notRegistered(saved);
  };
  return Object.defineProperty(loss, SAVED, { value: saved });
}

/** What was saved of a loss that is unresolved, and `undefined` for any other loss. */
export function savedUnresolved(loss: unknown): Saved | undefined {
  return typeof loss === 'function' ? (loss as { [SAVED]?: Saved })[SAVED] : undefined;
}

/** Finds the loss that an unresolved one stands for, as soon as somebody has registered it. */
export function chooserOfUnresolved(loss: unknown): ChooseLoss | undefined {
  const saved = savedUnresolved(loss);
  if (saved === undefined) return undefined;
  let found: Loss | undefined;
  return () => (found ??= resolve(saved));
}

function resolve(saved: Saved): Loss {
  const serialized = typeof saved === 'string' ? { class_name: saved, config: saved } : saved;
  if (!isKnownLoss(fullName(saved))) throw notRegistered(saved);
  return deserializeLoss(serialized);
}

/** The name of a saved loss, with the package that Keras puts before the names of users' losses. */
function fullName(saved: Saved): string {
  if (typeof saved === 'string') return saved;
  return typeof saved.config === 'string' ? saved.config : saved.class_name;
}

/** The name of a saved loss, without a package. */
export function nameOf(saved: Saved): string {
  return fullName(saved).replace(/^.*>/, '');
}

function notRegistered(saved: Saved): RangeError {
  const name = nameOf(saved);
  return new RangeError(
    `The model was saved with the loss '${name}', which is not registered here. Before training, call ` +
      `registerLoss(${name}) with its class, or registerLoss('${name}', (yTrue, yPred) => …).`,
  );
}
