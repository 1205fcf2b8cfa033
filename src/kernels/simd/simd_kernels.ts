import type { RowKernels } from '../host/row_kernels.js';
import { BASE, PAIRS, RELAXED, type Binary } from './binary.js';
import { webAssembly, type WasmMemory } from './webassembly.js';

/** The largest memory, in pages, that the modules accept: 4 GiB. */
export const MAXIMUM_PAGES = 65536;

/** Compiled modules, by whether they are for a shared memory. The list is empty where nothing can be compiled. */
const modules = new Map<boolean, object[]>();

/**
 * Row kernels that compute four numbers at a time in this memory. `undefined` where there is no WebAssembly with SIMD, where a
 * Content-Security-Policy forbids to compile it, or where the memory does not fit the modules.
 */
export function simdKernels(memory: WasmMemory): RowKernels | undefined {
  const api = webAssembly();
  const isShared =
    typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
  if (!modules.has(isShared)) modules.set(isShared, compile(isShared));
  const compiled = modules.get(isShared) ?? [];
  if (api === undefined || compiled.length === 0) return undefined;
  try {
    const parts = compiled.map((module) => new api.Instance(module, { env: { memory } }).exports);
    return Object.assign({}, ...parts) as RowKernels;
  } catch {
    return undefined;
  }
}

function compile(isShared: boolean): object[] {
  const api = webAssembly();
  if (api === undefined) return [];
  try {
    // Relaxed SIMD multiplies and adds in one step, which is faster and more exact. Not every engine has it.
    const crossEntropies = [RELAXED, BASE]
      .map((binary) => decode(binary, isShared))
      .find((candidate) => api.validate(candidate));
    const found = [crossEntropies, decode(PAIRS, isShared)];
    return found.map((bytes) => new api.Module(bytes!));
  } catch {
    return [];
  }
}

/** The bytes of a module. For a shared memory one byte is another: the flags of the imported memory. */
function decode({ hex, memoryFlagsAt }: Binary, isShared: boolean): Uint8Array {
  const bytes = Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
  if (isShared) bytes[memoryFlagsAt] = 3;
  return bytes;
}
