import { formatShape, formatValue, ShapeError, unknownName } from './errors.js';

/** The axes of a mean: one, several, or `null` for all. Negative ones count from the last. */
export type Axis = number | readonly number[] | null;

/** Throws unless the option is `true` or `false`. */
export function assertBoolean(who: string, option: string, value: unknown): void {
  if (typeof value !== 'boolean') {
    throw new TypeError(
      `${who}: ${option} must be true or false. Received: ${formatValue(value)}.`,
    );
  }
}

/** Throws unless the option is a number in [0, 1]. */
export function assertFraction(who: string, option: string, value: unknown): void {
  if (typeof value !== 'number') {
    throw new TypeError(
      `${who}: ${option} must be a number in [0, 1]. Received: ${formatValue(value)}.`,
    );
  }
  if (!(value >= 0 && value <= 1)) {
    throw new RangeError(`${who}: ${option} must be in [0, 1]. Received: ${formatValue(value)}.`);
  }
}

/** Throws unless the option is one of the given strings. */
export function assertOneOf(
  who: string,
  option: string,
  value: unknown,
  known: readonly (string | null)[],
): void {
  if (!known.includes(value as string | null)) {
    throw unknownName(
      who,
      option,
      value,
      known.filter((name) => name !== null),
    );
  }
}

/** Throws unless the option is a finite number ≥ 0, or an array of them with one per label, or `null`. */
export function assertWeights(who: string, option: string, value: unknown): void {
  const weights: unknown[] = Array.isArray(value) ? value : [value];
  if (value === null) return;
  if (!weights.every((weight) => typeof weight === 'number')) {
    throw new TypeError(
      `${who}: ${option} must be a number or an array of numbers, one per label. Received: ${formatValue(value)}.`,
    );
  }
  if (!weights.every((weight) => weight >= 0 && weight < Infinity)) {
    throw new RangeError(
      `${who}: ${option} must be finite and at least 0. Received: ${formatValue(value)}.`,
    );
  }
}

/** Throws unless the option is a whole number, a list of them without repeats, or `null`. */
export function assertAxis(who: string, option: string, value: unknown): void {
  const axes: unknown[] = Array.isArray(value) ? value : [value];
  if (value !== null && !axes.every(Number.isInteger)) {
    throw new TypeError(
      `${who}: ${option} must be a whole number, a list of them, or null. Received: ${formatValue(value)}.`,
    );
  }
}

/** The axes as positive numbers; `null` gives all of them. Throws where one is not an axis of `shape`. */
export function resolveAxes(who: string, axis: Axis, shape: readonly number[]): number[] {
  const rank = shape.length;
  if (axis === null) return shape.map((_, index) => index);
  const axes = typeof axis === 'number' ? [axis] : [...axis];
  // The last axis of a single number: there is nothing to average, and the number itself is the mean.
  if (rank === 0 && axes.length === 1 && axes[0] === -1) return [];
  const resolved = axes.map((index) => (index < 0 ? index + rank : index));
  if (resolved.some((index) => index < 0 || index >= rank)) {
    throw new RangeError(
      `${who}: axis must be in [${String(-rank)}, ${String(rank - 1)}] for yPred ${formatShape(shape)}. ` +
        `Received: ${formatValue(axis)}.`,
    );
  }
  if (new Set(resolved).size !== resolved.length) {
    throw new RangeError(`${who}: axis must name each axis once. Received: ${formatValue(axis)}.`);
  }
  return resolved;
}

/** Throws unless there is one weight, or one per entry of the last axis. */
export function assertWeightsFit(
  who: string,
  option: string,
  value: number | readonly number[] | null,
  shape: readonly number[],
): void {
  if (value === null || typeof value === 'number') return;
  if (value.length !== shape.at(-1)) {
    throw new ShapeError(
      `${who}: ${option} must have one weight per entry of the last axis of yPred ${formatShape(shape)}. ` +
        `Received: ${String(value.length)} weights.`,
    );
  }
}
