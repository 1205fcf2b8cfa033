/** Builds the SIMD module, then the package: dist/esm and dist/cjs, each with its declarations, and the file for a script tag. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import esbuild from 'esbuild';

import { flatten } from './flatten.js';
import { buildScript } from './script_tag.js';
import { writeSimdBinary } from './simd.js';

/** What TypeScript makes of src/. */
const COMPILED = 'temp/compiled';
const FORMATS = ['esm', 'cjs'];

await writeSimdBinary();
rmSync('dist', { recursive: true, force: true });
rmSync(COMPILED, { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
});

// One file, since Node takes longer to find a hundred than to read them. The entry that registers it imports that file.
const pure = await flatten(`${COMPILED}/pure.js`);
const index = readFileSync(`${COMPILED}/index.js`, 'utf8');
for (const format of FORMATS) {
  mkdirSync(`dist/${format}`, { recursive: true });
  const { code } = await esbuild.transform(index, { format, platform: 'node' });
  writeFileSync(`dist/${format}/pure.js`, pure[format]);
  writeFileSync(`dist/${format}/index.js`, code);
  copyDeclarations('index.d.ts', `dist/${format}`);
}
// The package is ESM by default; this folder is not.
writeFileSync('dist/cjs/package.json', `${JSON.stringify({ type: 'commonjs' })}\n`);
await buildScript();

/** Copies a declaration file and those that it imports. */
function copyDeclarations(file, folder, copied = new Set()) {
  if (copied.has(file)) return;
  copied.add(file);
  const text = readFileSync(join(COMPILED, file), 'utf8');
  cpSync(join(COMPILED, file), join(folder, file));
  for (const [, imported] of text.matchAll(/(?:from |import |import\()['"](\.[^'"]+)\.js['"]/g)) {
    copyDeclarations(join(dirname(file), `${imported}.d.ts`), folder, copied);
  }
}
