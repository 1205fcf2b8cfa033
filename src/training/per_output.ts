import { formatValue, unknownName } from '../core/errors.js';
import { isSerializedLoss } from '../registry.js';

/** One for all outputs, or one for each by position or name. */
export type PerOutput<T> = T | readonly T[] | Readonly<Record<string, T>>;

/** What JSON and options have for something that is not there. */
export function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** A dict by output is what is neither a list, nor a saved config. */
export function isDict(value: unknown): value is Record<string, unknown> {
  // The entries of a Map are none of its fields, and would be lost.
  const isObject = typeof value === 'object' && value !== null && !(Symbol.iterator in value);
  return isObject && !isSerializedLoss(value);
}

/** Entries by output, from a list or dict; throws where they do not match the outputs. */
export function byOutput<T>(
  who: string,
  entries: readonly T[] | Readonly<Record<string, T>>,
  outputs: readonly string[],
): (T | undefined)[] {
  if (isList(entries)) {
    if (entries.length !== outputs.length) {
      throw new RangeError(
        `${who} must have one entry per output (${outputs.join(', ')}). Received: ${entries.length} entries.`,
      );
    }
    return [...entries];
  }
  if (!isDict(entries)) {
    throw new TypeError(
      `${who} must be a list, or a dict by output. Received: ${formatValue(entries)}.`,
    );
  }
  for (const name of Object.keys(entries)) {
    if (!outputs.includes(name)) throw unknownName(who, 'output', name, outputs);
  }
  return outputs.map((name) => entries[name]);
}

/** `Array.isArray`, which does not know read-only arrays. */
function isList<T>(entries: readonly T[] | Readonly<Record<string, T>>): entries is readonly T[] {
  return Array.isArray(entries);
}

/** The entry of one output, from a list that has one for each. */
export function entryAt<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}

/** One number per output, 1 where none is given. */
export function numbersByOutput(
  who: string,
  given: PerOutput<number> | null | undefined,
  outputs: readonly string[],
): number[] {
  if (isNothing(given)) return outputs.map(() => 1);
  if (typeof given !== 'number' && typeof given !== 'object') throw notNumbers(who, given);
  const numbers =
    typeof given === 'number' ? outputs.map(() => given) : byOutput(who, given, outputs);
  return numbers.map((number) => {
    if (number !== undefined && typeof number !== 'number') throw notNumbers(who, given);
    if (!Number.isFinite(number ?? 1)) {
      throw new RangeError(`${who} must be finite. Received: ${formatValue(given)}.`);
    }
    return number ?? 1;
  });
}

function notNumbers(who: string, given: unknown): TypeError {
  return new TypeError(
    `${who} must be a number, a list of numbers, or a dict of numbers by output. Received: ${formatValue(given)}.`,
  );
}
