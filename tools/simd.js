/**
 * Compiles src/kernels/simd/assembly (AssemblyScript) to WebAssembly, and writes the modules
 * as text into src/kernels/simd/binary.ts: a package without files to serve.
 */
import { Buffer } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';

import asc from 'assemblyscript/asc';

const FOLDER = 'src/kernels/simd/assembly';
const TARGET = 'src/kernels/simd/binary.ts';

async function compile(source, ...features) {
  let bytes;
  const { error, stderr } = await asc.main(
    [
      `${FOLDER}/${source}.ts`,
      ...[
        '--outFile',
        'module.wasm',
        '-O3',
        '--shrinkLevel',
        '1',
        '--converge',
        '--noAssert',
        '--runtime',
        'stub',
      ],
      ...['--importMemory', '--noExportMemory', '--initialMemory', '0', '--maximumMemory', '65536'],
      ...['--enable', ['simd', ...features].join(',')],
    ],
    {
      writeFile: (name, content) => {
        if (name === 'module.wasm') bytes = content;
      },
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return bytes;
}

/** Where the flags of the imported memory are: behind its name and the byte that says that it is a memory. */
function memoryFlagsAt(bytes) {
  const name = [...'memory'].map((character) => character.charCodeAt(0));
  const at = bytes.findIndex((_, i) => name.every((code, j) => bytes[i + j] === code));
  const [kind, flags] = bytes.subarray(at + name.length);
  if (kind !== 2 || flags !== 1) throw new Error('No imported memory with a maximum was found.');
  return at + name.length + 1;
}

/** The text of binary.ts. */
export async function simdBinary() {
  const modules = [
    await compile('cross_entropy'),
    await compile('cross_entropy', 'relaxed-simd'),
    await compile('pairs'),
  ];
  const [base, relaxed, pairs] = modules.map(
    (bytes) =>
      `{\n  memoryFlagsAt: ${memoryFlagsAt(bytes)},\n  hex: '${Buffer.from(bytes).toString('hex')}',\n}`,
  );
  const sizes = modules.map(({ length }) => length);
  return `// Made by \`npm run build\` of the sources in assembly/: ${sizes.join(', ')} bytes.

/** A module in hexadecimal digits, of which gzip makes less than of base64: bytes that recur are text that recurs. */
export interface Binary {
  readonly hex: string;
  /** The place of the byte that says what kind of memory it imports. */
  readonly memoryFlagsAt: number;
}

/** Cross-entropies. */
export const BASE: Binary = ${base};

/** The same with relaxed SIMD. It follows at once: gzip looks 32 KB back. */
export const RELAXED: Binary = ${relaxed};

/** Losses that compare labels with predictions. */
export const PAIRS: Binary = ${pairs};
`;
}

export async function writeSimdBinary() {
  const text = await simdBinary();
  if (readFileSync(TARGET, { encoding: 'utf8', flag: 'a+' }) !== text) writeFileSync(TARGET, text);
}
