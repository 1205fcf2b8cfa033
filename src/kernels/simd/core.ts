import type { Core } from '../rows/core.js';
import { BASE, PAIRS, RELAXED, type Binary } from './binary.js';
import { webAssembly, type WasmMemory } from './webassembly.js';

/** The pages that the module allows a memory to have at most: 4 GiB. */
export const MAXIMUM_PAGES = 65536;

/** Compiled modules, by whether the memory is shared; none where they may not be compiled. */
const modules = new Map<boolean, object[]>();

/**
 * The core that computes four numbers at a time, in this memory. `undefined` where there is no WebAssembly with SIMD, where a
 * Content-Security-Policy forbids to compile it, or where the memory is of another kind.
 */
export function simdCore(memory: WasmMemory): Core | undefined {
  const api = webAssembly();
  const isShared =
    typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
  if (!modules.has(isShared)) modules.set(isShared, compile(isShared));
  const compiled = modules.get(isShared) ?? [];
  if (api === undefined || compiled.length === 0) return undefined;
  try {
    const parts = compiled.map((module) => new api.Instance(module, { env: { memory } }).exports);
    return Object.assign({}, ...parts) as Core;
  } catch {
    return undefined;
  }
}

function compile(isShared: boolean): object[] {
  const api = webAssembly();
  if (api === undefined) return [];
  try {
    // Fused multiply-add is exacter, and faster; not every engine has it.
    const crossEntropies = [RELAXED, BASE]
      .map((binary) => decode(binary, isShared))
      .find((candidate) => api.validate(candidate));
    const found = [crossEntropies, decode(PAIRS, isShared)];
    return found.map((bytes) => new api.Module(bytes!));
  } catch {
    return [];
  }
}

/** The bytes of a module; those of a shared memory differ in one, the flags of the memory that is imported. */
function decode({ hex, memoryFlagsAt }: Binary, isShared: boolean): Uint8Array {
  const bytes = Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
  if (isShared) bytes[memoryFlagsAt] = 3;
  return bytes;
}
