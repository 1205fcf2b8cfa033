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
    rowsAtOnce: () => Infinity,
    begin: () => {
      scratch.reset();
    },
    read: (tensor) => {
      addressOf(tensor);
      return backend.typedArrayFromHeap(tensor);
    },
    place: (tensor, start, count) => {
      const address = addressOf(tensor);
      if (tensor.dtype === 'float32') return address + start * 4;
      const floats = scratch.reserve(count * 4);
      const numbers = backend.typedArrayFromHeap(tensor).subarray(start, start + count);
      new Float32Array(memory.buffer, floats, count).set(numbers);
      return floats;
    },
    placeCopy: (numbers) => {
      const address = scratch.reserve(numbers.length * 4);
      const { buffer } = memory;
      const isWhole = numbers instanceof Int32Array;
      const view = isWhole ? new Int32Array(buffer) : new Float32Array(buffer);
      view.set(numbers, address / 4);
      return address;
    },
    reserve: (bytes) => scratch.reserve(bytes),
    output: (shape): Output => {
      const tensor = backend.makeOutput([...shape], 'float32');
      return {
        place: (start) => addressOf(tensor) + start * 4,
        take: () => {
          // It is there already.
        },
        tensor: () => tensor,
        numbers: () => backend.typedArrayFromHeap(tensor) as Float32Array,
      };
    },
    scalar: (value) => {
      const tensor = backend.makeOutput([], 'float32');
      backend.typedArrayFromHeap(tensor)[0] = value;
      return tensor;
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
    const index = this.used++;
    const block = this.blocks[index];
    if (block !== undefined && block.bytes >= bytes) return block.address;
    if (block !== undefined) {
      this.blocks[index] = { address: 0, bytes: 0 };
      this.wasm._free(block.address);
    }
    const address = this.wasm._malloc(bytes) >>> 0;
    if (address === 0)
      throw new Error(`The memory of the wasm backend has no ${bytes} bytes left.`);
    this.blocks[index] = { address, bytes };
    return address;
  }
}
