import type { Config } from './config.js';
import { classOf, type LossObject } from './description.js';
import { formatValue } from './errors.js';

/** A loss object with what saving asks of it. */
interface SavableLoss extends LossObject {
  getConfig(): Config;
}

/** What a saved model would lose of a loss: one sentence for each option and field, and none for what is saved as it is. */
export function unsavedParts(loss: SavableLoss): string[] {
  return [...unsavedOptions(loss), ...unsavedFields(loss)];
}

/** Options that JSON cannot hold. */
export function unsavedOptions(loss: SavableLoss): string[] {
  return Object.entries(loss.getConfig())
    .filter(([, value]) => !isJson(value))
    .map(
      ([name, value]) =>
        `${classOf(loss).className}: an option must be a value that JSON can hold, or saved models lose it. ` +
        `Received: ${name} ${formatValue(value)}.`,
    );
}

/** Fields that the constructor sets and that a loss made again from its config does not have. */
function unsavedFields(loss: SavableLoss): string[] {
  const own = fieldsOf(loss);
  if (own.length === 0) return [];
  const { className } = classOf(loss);
  const again = madeAgain(loss);
  const changed = own.filter((name) => !isSame(fieldOf(loss, name), fieldOf(again, name)));
  return changed.map(
    (name) =>
      `${className}: what a constructor sets is saved only if it is an option: list it in static defaults, and read ` +
      `this.options.${name}. Received: the field ${name}, ${formatValue(fieldOf(loss, name))}.`,
  );
}

/** What every loss object has. */
const KNOWN_FIELDS: readonly string[] = ['length', 'name', 'prototype', 'reduction', 'options'];

function fieldsOf(loss: object): string[] {
  return Object.getOwnPropertyNames(loss).filter((name) => !KNOWN_FIELDS.includes(name));
}

function fieldOf(loss: object | undefined, name: string): unknown {
  return (loss as Record<string, unknown> | undefined)?.[name];
}

/** The loss as a saved config gives it; nothing where its constructor does not take one. */
function madeAgain(loss: SavableLoss): object | undefined {
  const lossClass = loss.constructor as unknown as { fromConfig(config: Config): object };
  try {
    return lossClass.fromConfig(loss.getConfig());
  } catch {
    return undefined;
  }
}

/** Functions are made by the constructor again, whatever they are. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'function' && typeof b === 'function') return true;
  return Object.is(a, b) || (isJson(a) && JSON.stringify(a) === JSON.stringify(b));
}

function isJson(value: unknown): boolean {
  try {
    JSON.stringify(value);
  } catch {
    // It holds itself, or a BigInt.
    return false;
  }
  return isPlain(value);
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || ['string', 'boolean'].includes(typeof value)) return true;
  if (typeof value !== 'object') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isContainer = Array.isArray(value) || prototype === null || prototype === Object.prototype;
  return isContainer && Object.values(value).every(isPlain);
}
