import type { TensorInfo } from '@tensorflow/tfjs-core';

import type { RowKernels } from './row_kernels.js';

/**
 * The memory that row kernels compute in, and the way of a backend's tensors into it and out of it. Addresses are in bytes. An
 * address is valid until the next `reset`.
 */
export interface KernelMemory {
  /** How many rows of this length to compute at once. */
  rowsPerChunk(rowLength: number): number;
  /** Frees all that was allocated for the chunk before. */
  reset(): void;
  /** All numbers of a tensor, as JavaScript reads them. */
  read(tensor: TensorInfo): ArrayLike<number>;
  /** Copies `count` numbers of a tensor in as float32, unless they are there already; returns their address. */
  copyIn(tensor: TensorInfo, start: number, count: number): number;
  /** Copies these numbers in; returns their address. */
  copyArrayIn(numbers: Int32Array | Float32Array): number;
  /** The address of so many free bytes. */
  allocate(bytes: number): number;
  /** A new float32 tensor, whose numbers the row kernels compute chunk by chunk. */
  output(shape: readonly number[]): Output;
  /** A new tensor of one number. */
  scalar(value: number): TensorInfo;
  /** Kernels in SIMD or, where SIMD is not to be had, in float64. */
  readonly simd: RowKernels;
  /** Kernels in float64. They compute again what SIMD cannot: NaN and infinities. */
  readonly float64: RowKernels;
}

/** A tensor that is being computed. */
export interface Output {
  /** The address where a row kernel has to write `count` numbers, of which the first is number `start` of the tensor. */
  addressFor(start: number, count: number): number;
  /** Copies what was written there out into the tensor, unless the address is the tensor's own. */
  copyOut(): void;
  /** The tensor. Call it once, when all numbers are there. */
  tensor(): TensorInfo;
  /** All numbers of the tensor, to read and to write. Valid until something is allocated. */
  numbers(): Float32Array;
}
