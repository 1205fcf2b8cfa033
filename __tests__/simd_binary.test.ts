import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { BASE, PAIRS, RELAXED } from '../src/kernels/simd/binary.js';

const root = join(__dirname, '..');

/** What these tests use of WebAssembly, whose types belong to browsers. */
interface Api {
  validate: (bytes: Uint8Array) => boolean;
  Module: {
    new (bytes: Uint8Array): object;
    imports(module: object): object[];
    exports(module: object): { name: string; kind: string }[];
    customSections(module: object, name: string): ArrayBuffer[];
  };
}
const { validate, Module } = (globalThis as unknown as { WebAssembly: Api }).WebAssembly;

/** Node needs to be told so before version 22. */
const flags = ['--experimental-wasm-relaxed-simd'];

/** What a program prints that imports from this repository, in a Node that has relaxed SIMD. */
function run(program: string, ...options: string[]): string {
  return execFileSync(process.execPath, [...options, '--input-type=module', '--eval', program], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
}

/** The numbers of the sections of a module, in order. */
function sections(bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let i = 8; i < bytes.length;) {
    found.push(bytes[i++]!);
    // Seven bits a byte, the last one without its highest bit.
    let size = bytes[i]! & 0x7f;
    for (let shift = 7; bytes[i++]! >= 0x80; shift += 7) size |= (bytes[i]! & 0x7f) << shift;
    i += size;
  }
  return found;
}

/** Sections of a module, by their numbers. */
const CODE = 10;
const DATA = 11;

describe('src/kernels/simd/binary.ts', () => {
  it('is what its sources compile to', () => {
    const compiled = run(
      `import { simdBinary } from './tools/simd.js';
       process.stdout.write(await simdBinary());`,
    );
    expect(readFileSync(join(root, 'src/kernels/simd/binary.ts'), 'utf8') === compiled).toBe(true);
  });

  describe.each([
    ['BASE', BASE],
    ['RELAXED', RELAXED],
    ['PAIRS', PAIRS],
  ])('%s', (_, { hex, memoryFlagsAt }) => {
    const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));

    it('is smaller than 16 KB', () => {
      expect(bytes.length).toBeLessThan(16 * 1024);
    });

    it('has no data of its own, which would overwrite somebody else’s memory', () => {
      expect(sections(bytes)).toContain(CODE);
      expect(sections(bytes)).not.toContain(DATA);
    });

    it('imports a memory of up to 4 GiB, whose kind one byte says', () => {
      // Flags: 1 has a maximum, 2 is shared; then the least number of pages, 0, and the most, 65536.
      expect([...bytes.subarray(memoryFlagsAt, memoryFlagsAt + 5)]).toEqual([1, 0, 0x80, 0x80, 4]);
    });
  });

  it.each([
    { ...BASE, exported: ['sigmoid', 'softmax'] },
    { ...PAIRS, exported: ['pairs'] },
  ])(
    'is a module that imports a memory, and exports functions and no stack: $exported',
    ({ hex, exported }) => {
      const module = new Module(Uint8Array.from(Buffer.from(hex, 'hex')));
      expect(Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
      const named = (wanted: string) =>
        Module.exports(module)
          .filter(({ kind }) => kind === wanted)
          .map(({ name }) => name);
      expect(named('function')).toEqual(exported);
      expect([...named('global'), ...named('table')]).toEqual([]);
      for (const name of ['name', 'sourceMappingURL', 'producers']) {
        expect(Module.customSections(module, name)).toEqual([]);
      }
    },
  );
});

describe('with relaxed SIMD', () => {
  it('rows are exact within 4 ulp, too', () => {
    const isDefault = validate(Uint8Array.from(Buffer.from(RELAXED.hex, 'hex')));
    const result = run(
      `import { RELAXED } from './src/kernels/simd/binary.ts';
       import { simdKernels } from './src/kernels/simd/simd_kernels.ts';
       import { hot, joined, rowAt, rowsOf } from './__tests__/support/rows.ts';
       import { sigmoidRow, softmaxRow } from './__tests__/support/float64.ts';
       import { ulpDistance } from './__tests__/support/ulp.ts';

       const accepted = WebAssembly.validate(Buffer.from(RELAXED.hex, 'hex'));
       const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
       const kernels = simdKernels(memory);
       const [x, y, v, g, scratch] = [65536, 655360, 1310720, 1376256, 64];
       const floats = (at, count) => new Float32Array(memory.buffer, at, count);
       let worst = 0;
       let compared = 0;
       const compare = (got, exact) => exact.forEach((number, i) => {
         if (Math.abs(number) < 1e-30) return;
         compared++;
         worst = Math.max(worst, ulpDistance(got[i], number));
       });
       for (const length of [1, 2, 3, 4, 7, 10, 12, 13, 64, 67, 129, 1000]) {
         for (const sparse of [false, true]) {
           for (const { rows, logits, labels } of rowsOf(length, sparse ? 'by class' : 'yes or no')) {
             floats(x, logits.length).set(logits);
             if (sparse) new Int32Array(memory.buffer, y, rows).set(labels);
             else floats(y, labels.length).set(labels);
             if (sparse) kernels.softmax(x, y, 1, 0, v, g, scratch, rows, length, 1, 0, 1);
             else kernels.sigmoid(x, y, 0, 1, 0, v, g, scratch, rows, length, 1, 0, 1 / length);
             const exact = Array.from({ length: rows }, (_, row) =>
               sparse
                 ? softmaxRow(rowAt(logits, row, length), hot(labels[row], length))
                 : sigmoidRow(rowAt(logits, row, length), rowAt(labels, row, length)));
             compare(floats(v, rows), exact.map(({ loss }) => loss));
             compare(floats(g, logits.length), joined(exact.map(({ gradient }) => gradient)));
           }
         }
       }
       console.log(JSON.stringify({ accepted, worst, compared }));`,
      ...['--import', 'tsx', ...(isDefault ? [] : flags)],
    );
    const { accepted, worst, compared } = JSON.parse(result) as Record<string, number | boolean>;
    expect(accepted).toBe(true);
    expect(compared).toBeGreaterThan(100_000);
    expect(worst).toBeLessThanOrEqual(4);
  });
});
