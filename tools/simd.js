/**
 * Compiles src/kernels/simd/assembly (AssemblyScript) to WebAssembly, and writes both modules, with and without relaxed SIMD,
 * as text into src/kernels/simd/binary.ts: a package without files to serve.
 */
import { Buffer } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';

import asc from 'assemblyscript/asc';

const FOLDER = 'src/kernels/simd/assembly';
const TARGET = 'src/kernels/simd/binary.ts';

async function compile(...features) {
  let bytes;
  const { error, stderr } = await asc.main(
    [
      `${FOLDER}/index.ts`,
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
  const [base, relaxed] = [await compile(), await compile('relaxed-simd')];
  const at = memoryFlagsAt(base);
  if (memoryFlagsAt(relaxed) !== at) throw new Error('The modules import memory differently.');
  const text = (bytes) => `'${Buffer.from(bytes).toString('hex')}'`;
  return `// Made by \`npm run build\` of the sources in assembly/: ${base.length} and ${relaxed.length} bytes.

/** The module, in hexadecimal digits, of which gzip makes less than of base64: bytes that recur are text that recurs. */
export const BASE =
  ${text(base)};

/** The same with relaxed SIMD. */
export const RELAXED =
  ${text(relaxed)};

/** The place of the byte that says what kind of memory both import. */
export const MEMORY_FLAGS_AT = ${at};
`;
}

export async function writeSimdBinary() {
  const text = await simdBinary();
  if (readFileSync(TARGET, { encoding: 'utf8', flag: 'a+' }) !== text) writeFileSync(TARGET, text);
}
