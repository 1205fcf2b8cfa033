import type { DataStorage, DataType, TensorInfo, TypedArray } from '@tensorflow/tfjs-core';

import { exactCore } from '../rows/exact_core.js';
import type { Core, Memory } from '../rows/core.js';
import type { Output, Workspace } from '../rows/workspace.js';
import { simdCore } from '../simd/core.js';
import type { WasmMemory } from '../simd/webassembly.js';

/** What we use of the wasm backend; its package is never imported, and its types leave out where the memory is. */
interface WasmBackend {
  readonly wasm: {
    readonly HEAPU8: Uint8Array;
    /** The plain and the SIMD binary make their memory themselves, */
    readonly asm?: { readonly memory?: WasmMemory };
    /** the threaded one is given it. */
    readonly wasmMemory?: WasmMemory;
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: DataStorage<{ memoryOffset: number }>;
  incRef(dataId: object): void;
  makeOutput(shape: readonly number[], dtype: DataType): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): TypedArray;
}

/** By backend: after it was removed and registered again its memory is another one. */
const workspaces = new WeakMap<object, Workspace>();

/** Tensors of the wasm backend are used where they are. */
export function workspace(backend: object): Workspace {
  let found = workspaces.get(backend);
  if (found === undefined) {
    found = newWorkspace(backend as WasmBackend);
    workspaces.set(backend, found);
  }
  return found;
}

function newWorkspace(backend: WasmBackend): Workspace {
  const { wasm } = backend;
  const memory: Memory = {
    get buffer() {
      return wasm.HEAPU8.buffer;
    },
  };
  const exact: Core = exactCore(memory);
  const wasmMemory = wasm.asm?.memory ?? wasm.wasmMemory;
  const core = (wasmMemory && simdCore(wasmMemory)) ?? exact;
  const scratch = new Scratch(wasm);
  /** Getting it moves a tensor here that lives on another backend, which may move the memory. */
  const addressOf = ({ dataId }: TensorInfo) => backend.dataIdMap.get(dataId).memoryOffset >>> 0;
  return {
    core,
    exact,
    begin: () => {
      scratch.reset();
    },
    read: (tensor) => {
      addressOf(tensor);
      return backend.typedArrayFromHeap(tensor);
    },
    place: (tensor) => {
      const address = addressOf(tensor);
      if (tensor.dtype === 'float32') return address;
      const size = tensor.shape.reduce((a, b) => a * b, 1);
      const floats = scratch.reserve(size * 4);
      new Float32Array(memory.buffer, floats, size).set(backend.typedArrayFromHeap(tensor));
      return floats;
    },
    reserve: (bytes) => scratch.reserve(bytes),
    output: (shape): Output => {
      const tensor = backend.makeOutput([...shape], 'float32');
      return { address: addressOf(tensor), tensor: () => tensor };
    },
    floats: (address, length) => new Float32Array(memory.buffer, address, length),
    ints: (address, length) => new Int32Array(memory.buffer, address, length),
    scalar: (value) => {
      const tensor = backend.makeOutput([], 'float32');
      backend.typedArrayFromHeap(tensor)[0] = value;
      return tensor;
    },
    alias: ({ dataId, shape, dtype }) => {
      backend.incRef(dataId);
      return { dataId, shape, dtype };
    },
  };
}

/** Room on the heap that stays between computations: as much as the largest of them needed. */
class Scratch {
  private readonly blocks: { address: number; bytes: number }[] = [];
  private used = 0;

  constructor(private readonly wasm: WasmBackend['wasm']) {}

  reset(): void {
    this.used = 0;
  }

  reserve(bytes: number): number {
    const block = this.blocks[this.used];
    if (block === undefined || block.bytes < bytes) {
      if (block !== undefined) this.wasm._free(block.address);
      this.blocks[this.used] = { address: this.wasm._malloc(bytes) >>> 0, bytes };
    }
    return this.blocks[this.used++]!.address;
  }
}
