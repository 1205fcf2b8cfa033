import type { TensorInfo, TypedArray } from '@tensorflow/tfjs-core';

import { MAXIMUM_PAGES, simdKernels } from '../simd/simd_kernels.js';
import { webAssembly, type WasmMemory } from '../simd/webassembly.js';
import { float64Kernels } from './float64_kernels.js';
import type { KernelMemory, Output } from './kernel_memory.js';
import type { RowKernels } from './row_kernels.js';

/** Bytes of a page of WebAssembly's memory. */
const PAGE = 65536;

/** A backend that does not hand out its memory. Its tensors are copied. */
export interface CopyingBackend {
  /** The numbers of a tensor. */
  read(tensor: TensorInfo): TypedArray | number[];
  /** A new tensor of these numbers. */
  write(numbers: Float32Array, shape: readonly number[]): TensorInfo;
}

/** One memory for all backends that copy. One kernel at a time uses it. */
interface SharedMemory {
  readonly memory: WasmMemory;
  readonly simd: RowKernels;
  readonly float64: RowKernels;
  floats: Float32Array;
  ints: Int32Array;
  /** The first free address. It is never 0, as 0 stands for "none" in row kernels. */
  free: number;
}

let sharedMemory: SharedMemory | undefined;

/** How many predictions a chunk has. So many stay in the processor's cache until the chunk is done. */
const CHUNK_SIZE = 32768;

/** The memory of a kernel on a backend that copies: tensors are copied in, results are copied out. */
export function copyingMemory(backend: CopyingBackend): KernelMemory {
  const shared = (sharedMemory ??= newSharedMemory());
  // The backend may copy a tensor each time it is read.
  const alreadyRead = new Map<object, TypedArray>();
  const read = (tensor: TensorInfo): TypedArray => {
    let numbers = alreadyRead.get(tensor.dataId);
    if (numbers === undefined) {
      const found = backend.read(tensor);
      // The numbers of a `tf.buffer` may be a plain array.
      numbers = Array.isArray(found) ? Float32Array.from(found) : found;
      alreadyRead.set(tensor.dataId, numbers);
    }
    return numbers;
  };
  return {
    simd: shared.simd,
    float64: shared.float64,
    rowsPerChunk: (rowLength) => Math.max(1, Math.floor(CHUNK_SIZE / rowLength)),
    reset: () => {
      shared.free = 16;
    },
    read,
    copyIn: (tensor, start, count) => {
      const address = allocate(shared, count * 4);
      shared.floats.set(read(tensor).subarray(start, start + count), address / 4);
      return address;
    },
    copyArrayIn: (numbers) => {
      const address = allocate(shared, numbers.length * 4);
      const view = numbers instanceof Int32Array ? shared.ints : shared.floats;
      view.set(numbers, address / 4);
      return address;
    },
    allocate: (bytes) => allocate(shared, bytes),
    output: (shape) => newOutput(shared, backend, shape),
    scalar: (value) => backend.write(Float32Array.of(value), []),
  };
}

function newOutput(
  shared: SharedMemory,
  backend: CopyingBackend,
  shape: readonly number[],
): Output {
  const numbers = new Float32Array(shape.reduce((a, b) => a * b, 1));
  let [address, start, count] = [0, 0, 0];
  return {
    addressFor: (first, size) => {
      [start, count] = [first, size];
      address = allocate(shared, size * 4);
      return address;
    },
    copyOut: () => {
      numbers.set(shared.floats.subarray(address / 4, address / 4 + count), start);
    },
    tensor: () => backend.write(numbers, shape),
    numbers: () => numbers,
  };
}

function newSharedMemory(): SharedMemory {
  const memory = newMemory();
  const float64 = float64Kernels(memory);
  const views = { floats: new Float32Array(memory.buffer), ints: new Int32Array(memory.buffer) };
  return { memory, float64, simd: simdKernels(memory) ?? float64, ...views, free: 16 };
}

/** A memory of WebAssembly. Where there is no WebAssembly, an array buffer stands in for it. */
function newMemory(): WasmMemory {
  try {
    const api = webAssembly();
    if (api !== undefined) return new api.Memory({ initial: 4, maximum: MAXIMUM_PAGES });
  } catch {
    // The engine does not allow a memory to grow that large.
  }
  let buffer = new ArrayBuffer(4 * PAGE);
  return {
    get buffer() {
      return buffer;
    },
    grow: (pages) => {
      const before = buffer;
      buffer = new ArrayBuffer(before.byteLength + pages * PAGE);
      new Uint8Array(buffer).set(new Uint8Array(before));
      return before.byteLength / PAGE;
    },
  };
}

/** The address of so many free bytes. It is a multiple of 64, the size of a line of the processor's cache. */
function allocate(shared: SharedMemory, bytes: number): number {
  const address = Math.ceil(shared.free / 64) * 64;
  shared.free = address + bytes;
  const missing = shared.free - shared.memory.buffer.byteLength;
  if (missing > 0) {
    shared.memory.grow(Math.ceil(missing / PAGE));
    // A memory that grows gets another buffer.
    shared.floats = new Float32Array(shared.memory.buffer);
    shared.ints = new Int32Array(shared.memory.buffer);
  }
  return address;
}
