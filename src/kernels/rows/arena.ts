import type { TensorInfo, TypedArray } from '@tensorflow/tfjs-core';

import { simdCore, MAXIMUM_PAGES } from '../simd/core.js';
import { webAssembly, type WasmMemory } from '../simd/webassembly.js';
import type { Core } from './core.js';
import { exactCore } from './exact_core.js';
import type { Output, Workspace } from './workspace.js';

const PAGE = 65536;

/** A backend whose tensors are copied to compute with them. */
export interface CopyingBackend {
  /** The numbers of a tensor. */
  read(tensor: TensorInfo): TypedArray | number[];
  /** A tensor of these numbers. */
  write(numbers: Float32Array, shape: readonly number[]): TensorInfo;
}

/** A memory of our own, which all backends share that cannot hand out theirs; used by one computation at a time. */
interface Arena {
  readonly memory: WasmMemory;
  readonly core: Core;
  readonly exact: Core;
  floats: Float32Array;
  ints: Int32Array;
  /** The first free address. 0 means "none" to a core. */
  free: number;
}

let shared: Arena | undefined;

/** Numbers that are copied at once: they stay in the cache of a core from the first copy to the last. */
const NUMBERS_AT_ONCE = 32768;

/** A workspace that copies tensors into a memory of our own, and results out of it. */
export function copyingWorkspace(backend: CopyingBackend): Workspace {
  const arena = (shared ??= newArena());
  // Reading a tensor may be a copy: each is read once.
  const numbersOf = new Map<object, TypedArray>();
  const read = (tensor: TensorInfo): TypedArray => {
    let numbers = numbersOf.get(tensor.dataId);
    if (numbers === undefined) {
      const given = backend.read(tensor);
      // What came from a `tf.buffer` may be a plain array.
      numbers = Array.isArray(given) ? Float32Array.from(given) : given;
      numbersOf.set(tensor.dataId, numbers);
    }
    return numbers;
  };
  return {
    core: arena.core,
    exact: arena.exact,
    rowsAtOnce: (length) => Math.max(1, Math.floor(NUMBERS_AT_ONCE / length)),
    begin: () => {
      arena.free = 16;
    },
    read,
    place: (tensor, start, count) => {
      const address = reserve(arena, count * 4);
      arena.floats.set(read(tensor).subarray(start, start + count), address / 4);
      return address;
    },
    placeCopy: (numbers) => {
      const address = reserve(arena, numbers.length * 4);
      const view = numbers instanceof Int32Array ? arena.ints : arena.floats;
      view.set(numbers, address / 4);
      return address;
    },
    reserve: (bytes) => reserve(arena, bytes),
    output: (shape) => newOutput(arena, backend, shape),
    scalar: (value) => backend.write(Float32Array.of(value), []),
  };
}

function newOutput(arena: Arena, backend: CopyingBackend, shape: readonly number[]): Output {
  const numbers = new Float32Array(shape.reduce((a, b) => a * b, 1));
  let [address, start, count] = [0, 0, 0];
  return {
    place: (from, size) => {
      [start, count] = [from, size];
      address = reserve(arena, size * 4);
      return address;
    },
    take: () => {
      numbers.set(arena.floats.subarray(address / 4, address / 4 + count), start);
    },
    tensor: () => backend.write(numbers, shape),
    numbers: () => numbers,
  };
}

function newArena(): Arena {
  const memory = newMemory();
  const exact = exactCore(memory);
  const views = { floats: new Float32Array(memory.buffer), ints: new Int32Array(memory.buffer) };
  return { memory, exact, core: simdCore(memory) ?? exact, ...views, free: 16 };
}

/** Memory of WebAssembly or, where there is none, an array. */
function newMemory(): WasmMemory {
  try {
    const api = webAssembly();
    if (api !== undefined) return new api.Memory({ initial: 4, maximum: MAXIMUM_PAGES });
  } catch {
    // This engine does not give so much.
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

/** The address of free bytes, at a multiple of 64. */
function reserve(arena: Arena, bytes: number): number {
  const address = Math.ceil(arena.free / 64) * 64;
  arena.free = address + bytes;
  const missing = arena.free - arena.memory.buffer.byteLength;
  if (missing > 0) {
    arena.memory.grow(Math.ceil(missing / PAGE));
    arena.floats = new Float32Array(arena.memory.buffer);
    arena.ints = new Int32Array(arena.memory.buffer);
  }
  return address;
}
