import { formatShape, formatValue, ShapeError, unknownName, violation } from './errors.js';
import type { NamedShape } from './inputs.js';

/** The axes of a mean: one, several, or `null` for all. Negative ones count from the last. */
export type Axis = number | readonly number[] | null;

/** Whether predictions are logits; `'auto'` lets `model.compile` decide by the activation of the output. */
export type FromLogits = boolean | 'auto';

/** Throws unless the option `fromLogits` is one of its values. */
export function assertFromLogits(who: string, value: unknown): void {
  if (typeof value !== 'boolean' && value !== 'auto') {
    throw new TypeError(violation(who, "fromLogits must be true, false or 'auto'", value));
  }
}

/** Throws unless the option is `true` or `false`. */
export function assertBoolean(who: string, option: string, value: unknown): void {
  if (typeof value !== 'boolean') {
    throw new TypeError(violation(who, `${option} must be true or false`, value));
  }
}

/** Throws unless the option is a number in [0, 1]. */
export function assertFraction(who: string, option: string, value: unknown): void {
  if (typeof value !== 'number') {
    throw new TypeError(violation(who, `${option} must be a number in [0, 1]`, value));
  }
  if (!(value >= 0 && value <= 1)) {
    throw new RangeError(violation(who, `${option} must be in [0, 1]`, value));
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

/** Throws unless the option is a finite number ≥ 0, or an array of them. */
export function assertWeights(who: string, option: string, value: unknown): void {
  const weights = [value].flat();
  if (!weights.every((weight) => typeof weight === 'number')) {
    throw new TypeError(violation(who, `${option} must be a number or an array of numbers`, value));
  }
  if (!weights.every((weight) => weight >= 0 && weight < Infinity)) {
    throw new RangeError(violation(who, `${option} must be finite and at least 0`, value));
  }
}

/** Throws unless the option is an array of finite numbers ≥ 0, one per class, or `null`. */
export function assertClassWeights(who: string, option: string, value: unknown): void {
  if (value === null) return;
  if (!Array.isArray(value)) {
    throw new TypeError(
      violation(who, `${option} must be an array with one number per class`, value),
    );
  }
  assertWeights(who, option, value);
}

/** Throws unless the option is a whole number, a list of them, or `null`. */
export function assertAxis(who: string, option: string, value: unknown): void {
  const axes = [value].flat();
  if (value !== null && !axes.every(Number.isInteger)) {
    throw new TypeError(
      violation(who, `${option} must be a whole number, a list of them, or null`, value),
    );
  }
}

/** The axes as positive numbers; `null` gives all of them. Throws where one is not an axis of `shape`. */
export function resolveAxes(who: string, axis: Axis, shape: readonly number[]): number[] {
  const rank = shape.length;
  if (axis === null) return shape.map((_, index) => index);
  const axes = [axis].flat();
  // The last axis of a single number: there is nothing to average, and the number itself is the mean.
  if (rank === 0 && axes.length === 1 && axes[0] === -1) return [];
  const resolved = axes.map((index) => (index < 0 ? index + rank : index));
  if (resolved.some((index) => index < 0 || index >= rank)) {
    throw axisOutOfRange(who, axis, 'yPred', shape);
  }
  if (new Set(resolved).size !== resolved.length) {
    throw new RangeError(violation(who, 'axis must name each axis once', axis));
  }
  return resolved;
}

/** The shape that is left when axes are averaged over. */
export function withoutAxes(shape: readonly number[], axes: readonly number[]): number[] {
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** One axis as a positive number. Throws where it is not an axis of the shape. */
export function resolveAxis(who: string, axis: number, [name, shape]: NamedShape): number {
  const resolved = axis < 0 ? axis + shape.length : axis;
  if (!(Number.isInteger(axis) && resolved >= 0 && resolved < shape.length)) {
    throw axisOutOfRange(who, axis, name, shape);
  }
  return resolved;
}

function axisOutOfRange(
  who: string,
  axis: unknown,
  name: string,
  shape: readonly number[],
): RangeError {
  const rule =
    shape.length === 0
      ? `${name} must have an axis ${formatValue(axis)}`
      : `axis must be in [${-shape.length}, ${shape.length - 1}] for ${name} ${formatShape(shape)}`;
  return new RangeError(
    `${who}: ${rule}. Received: ${shape.length === 0 ? 'a single number' : formatValue(axis)}.`,
  );
}

/** Throws unless the option is a finite number ≥ 0. */
export function assertNonNegative(who: string, option: string, value: unknown): void {
  assertInside(who, option, value, 'finite and at least 0', (x) => x >= 0 && x < Infinity);
}

/** Throws unless the option is a finite number above 0. */
export function assertPositive(who: string, option: string, value: unknown): void {
  assertInside(who, option, value, 'finite and above 0', (x) => x > 0 && x < Infinity);
}

/** Throws unless the option is a number, of which the rule holds. */
export function assertInside(
  who: string,
  option: string,
  value: unknown,
  rule: string,
  holds: (value: number) => boolean,
): void {
  if (typeof value !== 'number') {
    throw new TypeError(violation(who, `${option} must be a number`, value));
  }
  if (!holds(value)) throw new RangeError(violation(who, `${option} must be ${rule}`, value));
}

/** Throws unless the option is a finite number. */
export function assertNumber(who: string, option: string, value: unknown): void {
  if (!Number.isFinite(value)) {
    throw new TypeError(violation(who, `${option} must be a finite number`, value));
  }
}

/** Throws unless the option is a whole number. */
export function assertWhole(who: string, option: string, value: unknown): void {
  if (!Number.isInteger(value)) {
    throw new TypeError(violation(who, `${option} must be a whole number`, value));
  }
}

/** Throws unless there is one weight for all, or one per entry of an axis, by default the last. */
export function assertWeightsFit(
  who: string,
  option: string,
  value: number | readonly number[] | null,
  shape: readonly number[],
  axis = shape.length - 1,
): void {
  if (value === null || typeof value === 'number') return;
  if (value.length !== shape[axis]) {
    throw new ShapeError(
      `${who}: ${option} must have one weight per entry of axis ${axis} of yPred ${formatShape(shape)}. ` +
        `Received: ${value.length} weights.`,
    );
  }
}

/** Throws unless a label is a class, its fraction cut off, or the class that is ignored. */
export function assertClass(
  who: string,
  label: number,
  classes: number,
  ignored: number | null,
): void {
  if (label !== ignored && !(label > -1 && label < classes)) {
    throw new RangeError(
      `${who}: labels must be class indices in [0, ${classes - 1}]. Received: ${label}.`,
    );
  }
}
