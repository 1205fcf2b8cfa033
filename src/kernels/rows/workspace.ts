import type { TensorInfo } from '@tensorflow/tfjs-core';

import type { Core } from './core.js';

/** A backend's tensors in the memory of a core, a part of their numbers at a time. */
export interface Workspace {
  /** How many rows of this length are best computed at once. */
  rowsAtOnce(length: number): number;
  /** Starts with the next rows; what was placed for those before is gone. */
  begin(): void;
  /** The numbers of a tensor, to read at once. */
  read(tensor: TensorInfo): ArrayLike<number>;
  /** The address of `count` numbers of a tensor, as float32. */
  place(tensor: TensorInfo, start: number, count: number): number;
  /** The address of a copy of these numbers. */
  placeCopy(numbers: Int32Array | Float32Array): number;
  /** The address of some room. */
  reserve(bytes: number): number;
  /** A float32 result. */
  output(shape: readonly number[]): Output;
  scalar(value: number): TensorInfo;
  /** SIMD where it may run. */
  readonly core: Core;
  /** Float64, for what SIMD leaves: NaN and infinities. */
  readonly exact: Core;
}

/** A result in the making. */
export interface Output {
  /** The address where `count` of its numbers go. */
  place(start: number, count: number): number;
  /** Takes what stands there. */
  take(): void;
  /** Call it once, when all numbers are there. */
  tensor(): TensorInfo;
  /** All numbers; valid until something else is placed. */
  numbers(): Float32Array;
}
