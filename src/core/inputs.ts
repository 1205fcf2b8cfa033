import {
  add,
  broadcast_util,
  cast,
  customGrad,
  engine,
  expandDims,
  fill,
  getBackend,
  mul,
  reshape,
  Tensor,
  tensor,
  util,
  zeros,
  type DataType,
  type TensorLike,
} from '@tensorflow/tfjs-core';

import { formatShape, formatValue, ShapeError } from './errors.js';

/** What every loss, op and metric takes: a tensor, a number, a typed array or a nested array. */
export type Input = Tensor | TensorLike;

const NUMERIC: readonly DataType[] = ['float32', 'int32', 'bool'];

/**
 * The input as a tensor, in its own dtype; no kernel runs. Call it inside `tidy`, which disposes the tensor made of an
 * array.
 */
export function toTensor(who: string, argument: string, value: Input): Tensor {
  const result = value instanceof Tensor ? value : arrayToTensor(who, argument, value);
  if (result.isDisposed) {
    throw new TypeError(`${who}: ${argument} must be a live tensor. Received: a disposed tensor.`);
  }
  if (!NUMERIC.includes(result.dtype)) {
    throw new TypeError(
      `${who}: ${argument} must be numeric (float32, int32 or bool). Received: dtype ${result.dtype}.`,
    );
  }
  return result;
}

function arrayToTensor(who: string, argument: string, value: TensorLike): Tensor {
  const shape = shapeOf(value);
  if (shape === undefined) {
    throw new TypeError(
      `${who}: ${argument} must be a tensor, a number, a typed array, or a nested array of numbers whose rows have ` +
        `one length. Received: ${formatValue(value)}.`,
    );
  }
  if (Object.keys(engine().registryFactory).length === 0) {
    throw new Error(`${who}: TensorFlow.js has no backend. Add import '@tensorflow/tfjs'.`);
  }
  return tensor(plain(value), shape);
}

/** The shape of a number, or of an array of them. TF.js itself fills ragged rows and reads `null` as 0. */
function shapeOf(value: unknown): number[] | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return [];
  if (isTypedArray(value)) return [value.length];
  if (!Array.isArray(value)) return undefined;
  const rows: unknown[] = value;
  const [first] = rows;
  if (typeof first === 'number' || typeof first === 'boolean') {
    return rows.every((row) => typeof row === typeof first) ? [rows.length] : undefined;
  }
  const shape = rows.length === 0 ? [] : shapeOf(first);
  const same = rows.every((row) => shape && sameShape(shapeOf(row) ?? [NaN], shape));
  return shape && same ? [rows.length, ...shape] : undefined;
}

/** TF.js knows four kinds of typed arrays; the others (Float64Array, Int8Array, ...) become arrays of numbers. */
function plain(value: TensorLike): TensorLike {
  if (Array.isArray(value)) {
    return typeof value[0] === 'object'
      ? ((value as TensorLike[]).map(plain) as TensorLike)
      : value;
  }
  return isTypedArray(value) && !util.isTypedArray(value) ? Array.from(value) : value;
}

function isTypedArray(value: unknown): value is ArrayLike<number> {
  // A DataView has no length.
  return (
    ArrayBuffer.isView(value) &&
    'length' in value &&
    typeof (value as unknown as ArrayLike<unknown>)[0] !== 'bigint'
  );
}

/** The tensor in float32, in which every loss computes. */
export function toFloat(value: Tensor): Tensor {
  if (value.dtype === 'float32') return value;
  const float = cast(value, 'float32');
  // TF.js's cast leaves whole numbers in the GPU's buffer, and its shaders that transpose do not compile for them.
  return getBackend() === 'webgpu' ? add(float, 0) : float;
}

/** The tensor in the given shape, itself where it already has it. */
export function withShape(value: Tensor, shape: number[]): Tensor {
  return sameShape(value.shape, shape) ? value : reshape(value, shape);
}

/** How many numbers a tensor of this shape has. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Whether two shapes are equal. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/**
 * Keras's rule for two shapes whose ranks differ by one where the longer one ends in 1: a shorter one of rank 1 gets
 * that last axis too; otherwise the longer one loses it. All other pairs stay as they are.
 */
export function alignRanks(a: number[], b: number[]): [number[], number[]] {
  if (a.length > b.length) {
    const [second, first] = alignRanks(b, a);
    return [first, second];
  }
  if (b.length - a.length !== 1 || b.at(-1) !== 1) return [a, b];
  return a.length === 1 ? [[...a, 1], b] : [a, b.slice(0, -1)];
}

/** An argument's name, for error texts, and its shape. */
export type NamedShape = readonly [name: string, shape: readonly number[]];

/** Throws unless labels and predictions have one shape. */
export function assertSameShape(who: string, labels: NamedShape, output: NamedShape): void {
  if (!sameShape(labels[1], output[1])) {
    throw mismatch(
      `${who}: ${labels[0]} and ${output[0]} must have the same shape.`,
      labels,
      output,
    );
  }
}

/** Throws unless the first shape broadcasts to the second one. */
export function assertBroadcasts(who: string, from: NamedShape, to: NamedShape): void {
  if (!broadcastsTo(from[1], to[1])) {
    throw mismatch(`${who}: ${from[0]} must broadcast to the shape of ${to[0]}.`, from, to);
  }
}

/** The shape that labels and predictions broadcast to. Throws where they do not. */
export function broadcastShape(who: string, yTrue: number[], yPred: number[]): number[] {
  return commonShape(yTrue, yPred, () =>
    mismatch(
      `${who}: yTrue and yPred must have the same shape, or shapes that broadcast.`,
      ['yTrue', yTrue],
      ['yPred', yPred],
    ),
  );
}

/** The shape that two shapes broadcast to. Throws the error where there is none. */
export function commonShape(a: number[], b: number[], error: () => ShapeError): number[] {
  try {
    return broadcast_util.assertAndGetBroadcastShape(a, b);
  } catch {
    throw error();
  }
}

/** Weights along one axis, as a tensor that broadcasts over the others. */
export function alongAxis(
  weights: readonly number[],
  shape: readonly number[],
  axis: number,
): Tensor {
  return tensor(
    [...weights],
    shape.map((_, index) => (index === axis ? weights.length : 1)),
    'float32',
  );
}

/** Whether `from` broadcasts to exactly `to`. */
function broadcastsTo(from: readonly number[], to: readonly number[]): boolean {
  const offset = to.length - from.length;
  return offset >= 0 && from.every((size, axis) => size === 1 || size === to[axis + offset]);
}

/** The error for two shapes that do not fit: the rule, then both arguments with their shapes. */
export function mismatch(rule: string, a: NamedShape, b: NamedShape): ShapeError {
  return new ShapeError(
    `${rule} Received: ${a[0]} ${formatShape(a[1])} and ${b[0]} ${formatShape(b[1])}.`,
  );
}

/** The tensor in float32, broadcast to the given shape. */
export function broadcast(value: Tensor, shape: number[]): Tensor {
  const float = toFloat(value);
  if (sameShape(float.shape, shape)) return float;
  // TF.js would leave the shape as it is.
  if (sizeOf(shape) === 0) return zerosFor(float, shape);
  // tf.broadcastTo has a gradient up to rank 4.
  return mul(float, fill(shape, 1));
}

/** Zeros in a shape, made of a value whose entries do not matter to them: one of the two is empty. */
export function zerosFor(value: Tensor, shape: number[]): Tensor {
  const zero = customGrad(() => ({
    value: zeros(shape),
    gradFunc: () => zeros(value.shape),
  }));
  return zero(value);
}

/** One number for each row along an axis of a tensor, as one for each of its entries. */
export function spreadAlong({ shape }: Tensor, perRow: Tensor, axis: number): Tensor {
  return broadcast(expandDims(perRow, axis), [...shape]);
}

/** Labels and output of an op as tensors of one shape, in their own dtypes; all checks come before the first kernel. */
export function sameShapeTensors(
  who: string,
  [labelsName, labels]: readonly [string, Input],
  [outputName, output]: readonly [string, Input],
): [Tensor, Tensor] {
  const labelsTensor = toTensor(who, labelsName, labels);
  const outputTensor = toTensor(who, outputName, output);
  assertSameShape(who, [labelsName, labelsTensor.shape], [outputName, outputTensor.shape]);
  return [labelsTensor, outputTensor];
}

/** The same in float32. */
export function labelsAndOutput(...given: Parameters<typeof sameShapeTensors>): [Tensor, Tensor] {
  const [labels, output] = sameShapeTensors(...given);
  return [toFloat(labels), toFloat(output)];
}
