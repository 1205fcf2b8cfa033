import type { Loss } from '../../core/loss.js';
import { deserializeLoss, isKnownLoss, type SerializedLoss } from '../../registry.js';
import type { ChooseLoss } from '../plan.js';

/** Losses of loaded models that nobody has registered, with what was saved. */
const unread = new WeakMap<object, string | SerializedLoss>();

/** Stands in the place of a loss that is not registered, so that the model can be loaded; training asks again for it. */
export function standIn(saved: string | SerializedLoss): object {
  const loss = () => {
    throw notRegistered(saved);
  };
  unread.set(loss, saved);
  return loss;
}

/** What was saved of a loss that was not registered when its model was loaded. */
export function savedUnread(loss: unknown): string | SerializedLoss | undefined {
  return typeof loss === 'function' ? unread.get(loss) : undefined;
}

/** Finds the loss that a stand-in stands for, as soon as somebody registers it. */
export function unreadLoss(loss: unknown): ChooseLoss | undefined {
  const saved = savedUnread(loss);
  if (saved === undefined) return undefined;
  let found: Loss | undefined;
  return () => (found ??= read(saved));
}

function read(saved: string | SerializedLoss): Loss {
  const serialized = typeof saved === 'string' ? { class_name: saved, config: saved } : saved;
  if (!isKnownLoss(fullName(saved))) throw notRegistered(saved);
  return deserializeLoss(serialized);
}

/** The name of a saved loss, with the package that Keras puts before that of a user. */
function fullName(saved: string | SerializedLoss): string {
  if (typeof saved === 'string') return saved;
  return typeof saved.config === 'string' ? saved.config : saved.class_name;
}

/** The name of a saved loss, without the package. */
export function nameOf(saved: string | SerializedLoss): string {
  return fullName(saved).replace(/^.*>/, '');
}

function notRegistered(saved: string | SerializedLoss): RangeError {
  const name = nameOf(saved);
  return new RangeError(
    `The model was saved with the loss '${name}', which is not registered here. Before training, call ` +
      `registerLoss(${name}) with its class, or registerLoss('${name}', (yTrue, yPred) => …).`,
  );
}
