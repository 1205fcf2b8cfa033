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
import { byOutput, isDict, isNothing } from '../per_output.js';
import type { ChooseLoss } from '../plan.js';
import { crossentropyByShapes } from './metrics.js';
import { chooserOfUnresolved } from './unresolved_loss.js';

/** A function as TensorFlow.js's own steps call it. */
export type PlainFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** The loss of an output, as `compile` found it; `null` for an output without a loss. */
export type LossEntry = Loss | ChooseLoss | PlainEntry | null;

/** A function of TensorFlow.js or of the user. */
interface PlainEntry {
  readonly plain: PlainFunction;
}

/** Finds the loss of each output. `undefined` if no loss is given at all: TensorFlow.js has an error for that. */
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
  const unresolved = chooserOfUnresolved(given);
  if (unresolved !== undefined) return unresolved;
  if (isChosenByShapes(given)) return crossentropyByShapes;
  const isKnown: boolean = isKnownLoss(given);
  if (isKnown) return getLoss(given as LossIdentifier);
  if (typeof given === 'string') throw unknownLoss(given);
  if (typeof given === 'function') return { plain: given as PlainFunction };
  throw new TypeError(
    `model.compile: a loss must be a name, a loss object, a class or a function. Received: ${formatValue(given)}.`,
  );
}

/** Whether the name stands for the cross-entropy that fits the shapes, as in Keras. */
export function isChosenByShapes(name: unknown): boolean {
  return typeof name === 'string' && ['crossentropy', 'ce'].includes(name.toLowerCase());
}

function unknownLoss(name: string): RangeError {
  return unknownName('model.compile', 'loss', name, listLosses(), lossAliases());
}

/** Whether the loss is a function of TensorFlow.js or of the user. */
export function isPlainEntry(entry: LossEntry): entry is PlainEntry {
  return entry !== null && typeof entry === 'object';
}

/** The function that chooses the loss of an output for the shapes of a batch. */
export function chooser(entry: LossEntry): ChooseLoss | undefined {
  if (entry === null) return undefined;
  if (!isPlainEntry(entry) && !isLoss(entry)) return entry;
  const loss = isLoss(entry) ? entry : plainLoss(entry.plain);
  return () => loss;
}

/** A plain function as a loss. The function is given the same tensors as by TensorFlow.js's own steps. */
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
