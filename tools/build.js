/** Builds the SIMD module, then dist/esm and dist/cjs, each with its own type declarations, and the file for a script tag. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

import { buildScript } from './script_tag.js';
import { writeSimdBinary } from './simd.js';

const tsc = (...args) =>
  execFileSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', ...args],
    {
      stdio: 'inherit',
    },
  );

await writeSimdBinary();
rmSync('dist', { recursive: true, force: true });
tsc();
tsc(
  '--outDir',
  'dist/cjs',
  '--module',
  'CommonJS',
  '--moduleResolution',
  'Bundler',
  '--verbatimModuleSyntax',
  'false',
  // The same sources as before.
  '--noCheck',
);
// The package is ESM by default; this folder is not.
writeFileSync('dist/cjs/package.json', `${JSON.stringify({ type: 'commonjs' })}\n`);
await buildScript();
