import type { TensorInfo } from '@tensorflow/tfjs-core';

import { simdCore, MAXIMUM_PAGES } from '../simd/core.js';
import { webAssembly, type WasmMemory } from '../simd/webassembly.js';
import type { Core } from './core.js';
import { exactCore } from './exact_core.js';
import type { Output, Workspace } from './workspace.js';

const PAGE = 65536;

/** A backend whose tensors are copied to compute with them. */
export interface CopyingBackend {
  /** The numbers of a tensor. */
  read(tensor: TensorInfo): ArrayLike<number>;
  /** A tensor of these numbers. */
  write(numbers: Float32Array, shape: readonly number[]): TensorInfo;
  alias(tensor: TensorInfo): TensorInfo;
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

/** A workspace that copies tensors into a memory of our own, and results out of it. */
export function copyingWorkspace(backend: CopyingBackend): Workspace {
  const arena = (shared ??= newArena());
  const place = (numbers: ArrayLike<number>): number => {
    const address = reserve(arena, numbers.length * 4);
    arena.floats.set(numbers, address / 4);
    return address;
  };
  return {
    core: arena.core,
    exact: arena.exact,
    begin: () => {
      arena.free = 16;
    },
    read: (tensor) => backend.read(tensor),
    place: (tensor) => place(backend.read(tensor)),
    reserve: (bytes) => reserve(arena, bytes),
    output: (shape): Output => {
      const size = shape.reduce((a, b) => a * b, 1);
      const address = reserve(arena, size * 4);
      return {
        address,
        // A copy: the arena is used again.
        tensor: () => backend.write(arena.floats.slice(address / 4, address / 4 + size), shape),
      };
    },
    floats: (address, length) => arena.floats.subarray(address / 4, address / 4 + length),
    ints: (address, length) => arena.ints.subarray(address / 4, address / 4 + length),
    scalar: (value) => backend.write(Float32Array.of(value), []),
    alias: (tensor) => backend.alias(tensor),
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
  const api = webAssembly();
  if (api !== undefined) return new api.Memory({ initial: 4, maximum: MAXIMUM_PAGES });
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
