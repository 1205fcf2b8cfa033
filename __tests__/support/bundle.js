/** Bundles in.js of a folder to out.mjs, without TensorFlow.js, and prints its bytes after gzip: esbuild or vite, folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';

import * as esbuild from 'esbuild';
import * as vite from 'vite';

const bundlers = {
  esbuild: (input, output) =>
    esbuild.build({
      entryPoints: [input],
      outfile: output,
      external: ['@tensorflow/*'],
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
    }),
  vite: (input, output) =>
    vite.build({
      configFile: false,
      logLevel: 'warn',
      build: {
        target: 'es2022',
        outDir: join(output, '..'),
        emptyOutDir: false,
        lib: { entry: input, formats: ['es'], fileName: () => 'out.mjs' },
        // A library keeps its white space, for the bundler of whoever uses it.
        rolldownOptions: { external: /^@tensorflow\//, output: { minify: true } },
      },
    }),
};

const [bundler, folder] = process.argv.slice(2);
const output = join(folder, 'out.mjs');
await bundlers[bundler](join(folder, 'in.js'), output);
console.log(gzipSync(readFileSync(output), { level: 9 }).length);
