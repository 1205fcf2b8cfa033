import type { TensorInfo } from '@tensorflow/tfjs-core';

import type { Core } from './core.js';

/** A backend's tensors in the memory of a core. Views are valid until something else is placed. */
export interface Workspace {
  /** Starts a computation; what was placed for the one before is gone. */
  begin(): void;
  /** The numbers of a tensor, to read at once. */
  read(tensor: TensorInfo): ArrayLike<number>;
  /** The address of the numbers of a tensor, as float32. */
  place(tensor: TensorInfo): number;
  /** The address of some room. */
  reserve(bytes: number): number;
  /** The address of a float32 result. */
  output(shape: readonly number[]): Output;
  floats(address: number, length: number): Float32Array;
  ints(address: number, length: number): Int32Array;
  scalar(value: number): TensorInfo;
  /** The same numbers as those of a tensor. */
  alias(tensor: TensorInfo): TensorInfo;
  /** SIMD where it may run. */
  readonly core: Core;
  /** Float64, for what SIMD leaves: NaN and infinities. */
  readonly exact: Core;
}

/** A result in the making. */
export interface Output {
  readonly address: number;
  /** Call it once, when the numbers are there. */
  tensor(): TensorInfo;
}
