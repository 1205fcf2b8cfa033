import type { DataStorage, DataType, TensorInfo, TypedArray } from '@tensorflow/tfjs-core';

import { float64Kernels } from '../host/float64_kernels.js';
import type { KernelMemory, Output } from '../host/kernel_memory.js';
import type { Memory } from '../host/row_kernels.js';
import { simdKernels } from '../simd/simd_kernels.js';
import type { WasmMemory } from '../simd/webassembly.js';

/** What we use of the wasm backend. Its package is never imported, and its types do not say where the memory is. */
interface WasmBackend {
  readonly wasm: {
    readonly HEAPU8: Uint8Array;
    /** The plain and the SIMD binary export the memory that they make. */
    readonly asm?: { readonly memory?: WasmMemory };
    /** The threaded binary imports its memory. */
    readonly wasmMemory?: WasmMemory;
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: DataStorage<{ memoryOffset: number }>;
  makeOutput(shape: readonly number[], dtype: DataType): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): TypedArray;
}

/** One for each backend object: a backend that is removed and registered again has another memory. */
const memories = new WeakMap<object, KernelMemory>();

/** Row kernels read and write tensors of the wasm backend where they lie. Nothing is copied but what is not float32. */
export function memory(backend: object): KernelMemory {
  let found = memories.get(backend);
  if (found === undefined) {
    found = newMemory(backend as WasmBackend);
    memories.set(backend, found);
  }
  return found;
}

function newMemory(backend: WasmBackend): KernelMemory {
  const { wasm } = backend;
  const heap: Memory = {
    get buffer() {
      return wasm.HEAPU8.buffer;
    },
  };
  const float64 = float64Kernels(heap);
  const wasmMemory = wasm.asm?.memory ?? wasm.wasmMemory;
  const simd = (wasmMemory && simdKernels(wasmMemory)) ?? float64;
  const scratch = new Scratch(wasm);
  // TF.js moves a tensor here that lives on another backend. That may make the memory grow, and views of it dead.
  const addressOf = ({ dataId }: TensorInfo) => backend.dataIdMap.get(dataId).memoryOffset >>> 0;
  return {
    simd,
    float64,
    rowsPerChunk: () => Infinity,
    reset: () => {
      scratch.reset();
    },
    read: (tensor) => {
      addressOf(tensor);
      return backend.typedArrayFromHeap(tensor);
    },
    copyIn: (tensor, start, count) => {
      const address = addressOf(tensor);
      if (tensor.dtype === 'float32') return address + start * 4;
      const copy = scratch.allocate(count * 4);
      const numbers = backend.typedArrayFromHeap(tensor).subarray(start, start + count);
      new Float32Array(heap.buffer, copy, count).set(numbers);
      return copy;
    },
    copyArrayIn: (numbers) => {
      const address = scratch.allocate(numbers.length * 4);
      const { buffer } = heap;
      const isInt = numbers instanceof Int32Array;
      const view = isInt ? new Int32Array(buffer) : new Float32Array(buffer);
      view.set(numbers, address / 4);
      return address;
    },
    allocate: (bytes) => scratch.allocate(bytes),
    output: (shape): Output => {
      const tensor = backend.makeOutput([...shape], 'float32');
      return {
        addressFor: (start) => addressOf(tensor) + start * 4,
        copyOut: () => {
          // Row kernels wrote into the tensor itself.
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

/** Blocks on the heap for what is copied in. They are kept from kernel to kernel, so that malloc is called seldom. */
class Scratch {
  private readonly blocks: { address: number; bytes: number }[] = [];
  /** How many of the blocks are in use. */
  private used = 0;

  constructor(private readonly wasm: WasmBackend['wasm']) {}

  reset(): void {
    this.used = 0;
  }

  allocate(bytes: number): number {
    const index = this.used++;
    const block = this.blocks[index];
    if (block !== undefined && block.bytes >= bytes) return block.address;
    if (block !== undefined) {
      // An empty block stays in its place, in case that malloc fails.
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
