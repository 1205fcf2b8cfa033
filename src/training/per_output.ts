import { formatValue, unknownName } from '../core/errors.js';
import { isSerializedLoss } from '../registry.js';
import type { PerOutput } from './arguments.js';

/** Whether the value is missing: JSON writes `null` for that, and options leave it out. */
export function isNothing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** Whether the value is a dict by output: an object that is neither a list nor a saved config. */
export function isDict(value: unknown): value is Record<string, unknown> {
  // The entries of a Map are not its fields, so they would be lost.
  const isObject = typeof value === 'object' && value !== null && !(Symbol.iterator in value);
  return isObject && !isSerializedLoss(value);
}

/** The entry of each output, from a list or a dict. Throws if these do not match the outputs. */
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

/** `Array.isArray` for read-only arrays, which its own type leaves out. */
function isList<T>(entries: readonly T[] | Readonly<Record<string, T>>): entries is readonly T[] {
  return Array.isArray(entries);
}

/** The entry of one output, from a list that has one for each output. */
export function entryAt<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}

/** One number for each output: 1 for an output that is given none. */
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
