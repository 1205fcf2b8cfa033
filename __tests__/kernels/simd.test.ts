import { expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { float64Kernels } from '../../src/kernels/host/float64_kernels.js';
import { SCRATCH, type RowKernels } from '../../src/kernels/host/row_kernels.js';
import type { WasmMemory } from '../../src/kernels/simd/webassembly.js';
import { expectClose } from '../support/expect_close.js';
import { describeKernels } from '../support/kernels.js';
import { rowsOf } from '../support/rows.js';

const PAGE = 65536;

/** What tests use of WebAssembly, whose types belong to browsers. */
interface Api {
  Memory: new (descriptor: { initial: number; maximum: number; shared?: boolean }) => WasmMemory;
}
const api = (globalThis as unknown as { WebAssembly: Api }).WebAssembly;

interface SimdModule {
  simdKernels: (memory: WasmMemory) => RowKernels | undefined;
}

/** The module as if it were loaded for the first time: it compiles once. */
function freshSimd(): SimdModule {
  let loaded: SimdModule | undefined;
  jest.isolateModules(() => {
    loaded = jest.requireActual<SimdModule>('../../src/kernels/simd/simd_kernels');
  });
  return loaded!;
}

const newMemory = (shared = false) =>
  new api.Memory({ initial: 64, maximum: PAGE, ...(shared ? { shared } : {}) });

/** Everything that row kernels write and return for rows of all kinds of a length. */
function results(kernels: RowKernels, memory: WasmMemory, length: number): number[] {
  const found: number[] = [];
  for (const isSparse of [false, true]) {
    for (const { rows, logits, labels } of rowsOf(length, isSparse ? 'by class' : 'yes or no')) {
      let end = SCRATCH + 64;
      const reserve = (count: number) => {
        const address = end;
        end += Math.ceil((count * 4) / 64) * 64;
        return address;
      };
      const view = (address: number, count: number) =>
        new Float32Array(memory.buffer, address, count);
      const [x, y, w, v, g] = [logits.length, logits.length, rows, rows, logits.length].map(
        reserve,
      );
      view(x!, logits.length).set(logits);
      if (isSparse) new Int32Array(memory.buffer, y, rows).set(labels);
      else view(y!, labels.length).set(labels);
      view(w!, rows).set(labels.subarray(0, rows).map((_, row) => row + 1));
      const sum = isSparse
        ? kernels.softmax(x!, y!, 1, w!, v!, g!, 64, rows, length, 0.9, 0.1 / length, 0.5)
        : kernels.sigmoid(x!, y!, 0, 1, w!, v!, g!, 64, rows, length, 0.9, 0.05, 0.5);
      found.push(sum, ...view(v!, rows), ...view(g!, logits.length));
    }
  }
  return found;
}

const LENGTHS = [1, 2, 3, 4, 7, 8, 12, 13, 16, 17, 64, 67, 130];

describeKernels('SIMD kernels', () => {
  it.each(LENGTHS)('give what float64 kernels give: %i numbers in a row', (length) => {
    const [memory, float64Memory] = [newMemory(), newMemory()];
    const simd = results(freshSimd().simdKernels(memory)!, memory, length);
    const exact = results(float64Kernels(float64Memory), float64Memory, length);
    expectClose(tf.tensor1d(simd), exact, { relative: 2e-6, absolute: 3e-7 });
  });

  it.each(LENGTHS)('give the same numbers in a shared memory: %i numbers in a row', (length) => {
    const { simdKernels } = freshSimd();
    const [own, shared] = [newMemory(), newMemory(true)];
    expect(shared.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(results(simdKernels(shared)!, shared, length)).toEqual(
      results(simdKernels(own)!, own, length),
    );
  });

  it('work on in a memory that has grown', () => {
    const memory = newMemory();
    const kernels = freshSimd().simdKernels(memory)!;
    const before = results(kernels, memory, 10);
    memory.grow(10);
    expect(results(kernels, memory, 10)).toEqual(before);
  });

  it('are none where the memory may grow further than the module allows', () => {
    const { Memory } = api as unknown as { Memory: new (descriptor: object) => WasmMemory };
    expect(freshSimd().simdKernels(new Memory({ initial: 1 }))).toBeUndefined();
  });
});
