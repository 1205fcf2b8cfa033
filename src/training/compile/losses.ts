import type { Tensor } from '@tensorflow/tfjs-core';

import { formatValue, unknownName } from '../../core/errors.js';
import { isLoss, Loss } from '../../core/loss.js';
import {
  getLoss,
  isKnownLoss,
  listLosses,
  lossAliases,
  type LossIdentifier,
} from '../../registry.js';
import { crossentropyByShapes } from './metrics.js';
import { byOutput, isDict, isNothing } from '../per_output.js';
import type { ChooseLoss } from '../plan.js';
import { unreadLoss } from './unresolved_loss.js';

/** A function as TF.js's training calls it. */
export type PlainFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** The loss of an output; `null` for none. */
export type LossEntry = Loss | ChooseLoss | TfjsLoss | null;

/** A function that TF.js calls itself. */
interface TfjsLoss {
  readonly tfjs: PlainFunction;
}

/** Finds the loss of each output; `undefined` where none is given at all, which TF.js has an error for. */
export function lossesByOutput(
  given: unknown,
  outputs: readonly string[],
): LossEntry[] | undefined {
  if (isNothing(given)) return undefined;
  if (Array.isArray(given)) {
    if (given.length !== outputs.length) throw wrongNumberOfLosses(given.length, outputs);
    return given.map(lossEntry);
  }
  if (isDict(given)) return byOutput('model.compile: loss', given, outputs).map(lossEntry);
  return outputs.map(() => lossEntry(given));
}

function wrongNumberOfLosses(received: number, outputs: readonly string[]): RangeError {
  const advice =
    received > outputs.length
      ? ` To train one output on several losses, add them up: addLosses(a, b).`
      : '';
  return new RangeError(
    `model.compile: loss must have one entry per output. ` +
      `Received: ${received} losses for ${outputs.join(', ')}.${advice}`,
  );
}

function lossEntry(given: unknown): LossEntry {
  if (isNothing(given)) return null;
  const unread = unreadLoss(given);
  if (unread !== undefined) return unread;
  if (isChosenByShapes(given)) return crossentropyByShapes;
  const isOurs: boolean = isKnownLoss(given);
  if (isOurs) return getLoss(given as LossIdentifier);
  if (typeof given === 'string') throw unknownLoss(given);
  if (typeof given === 'function') return { tfjs: given as PlainFunction };
  throw new TypeError(
    `model.compile: a loss must be a name, a loss object, a class or a function. Received: ${formatValue(given)}.`,
  );
}

/** Whether the name is that of the cross-entropy which Keras chooses by shapes. */
export function isChosenByShapes(name: unknown): boolean {
  return typeof name === 'string' && ['crossentropy', 'ce'].includes(name.toLowerCase());
}

function unknownLoss(name: string): RangeError {
  return unknownName('model.compile', 'loss', name, listLosses(), lossAliases());
}

/** Whether the loss is a function that TF.js calls itself. */
export function isTfjs(entry: LossEntry): entry is TfjsLoss {
  return entry !== null && typeof entry === 'object';
}

/** What gives the loss of an output. */
export function chooser(entry: LossEntry): ChooseLoss | undefined {
  if (entry === null) return undefined;
  if (!isTfjs(entry) && !isLoss(entry)) return entry;
  const loss = isLoss(entry) ? entry : plainLoss(entry.tfjs);
  return () => loss;
}

/** A function of TF.js's or the user's own as a loss that gives it what TF.js gives it. */
export function plainLoss(plain: PlainFunction): Loss {
  class PlainLoss extends Loss {
    static override readonly className = plain.name === '' ? 'loss' : plain.name;
    static override readonly verbatim = true;
    override compute(yTrue: Tensor, yPred: Tensor): Tensor {
      return plain(yTrue, yPred);
    }
  }
  return new PlainLoss();
}
