import type { Core } from '../rows/core.js';
import { BASE, MEMORY_FLAGS_AT, RELAXED } from './binary.js';
import { webAssembly, type WasmMemory } from './webassembly.js';

/** The pages that the module allows a memory to have at most: 4 GiB. */
export const MAXIMUM_PAGES = 65536;

/** Compiled modules, by whether the memory is shared; `undefined` where they may not be compiled. */
const modules = new Map<boolean, object | undefined>();

/**
 * The core that computes four numbers at a time, in this memory. `undefined` where there is no WebAssembly with SIMD, where a
 * Content-Security-Policy forbids to compile it, or where the memory is of another kind.
 */
export function simdCore(memory: WasmMemory): Core | undefined {
  const api = webAssembly();
  const isShared =
    typeof SharedArrayBuffer !== 'undefined' && memory.buffer instanceof SharedArrayBuffer;
  if (!modules.has(isShared)) modules.set(isShared, compile(isShared));
  const compiled = modules.get(isShared);
  if (api === undefined || compiled === undefined) return undefined;
  try {
    return new api.Instance(compiled, { env: { memory } }).exports as Core;
  } catch {
    return undefined;
  }
}

function compile(isShared: boolean): object | undefined {
  const api = webAssembly();
  if (api === undefined) return undefined;
  try {
    // Fused multiply-add is exacter, and faster; not every engine has it.
    const bytes = [RELAXED, BASE]
      .map((text) => decode(text, isShared))
      .find((candidate) => api.validate(candidate));
    return bytes && new api.Module(bytes);
  } catch {
    return undefined;
  }
}

/** The bytes of a module; those of a shared memory differ in one, the flags of the memory that is imported. */
function decode(text: string, isShared: boolean): Uint8Array {
  const bytes = Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
  if (isShared) bytes[MEMORY_FLAGS_AT] = 3;
  return bytes;
}
