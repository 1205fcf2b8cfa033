/**
 * Bundles in.js of a folder to out.mjs, without TensorFlow.js, and prints how many bytes after gzip it adds to a bundle of all of
 * TensorFlow.js: esbuild or vite, folder.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';

import * as esbuild from 'esbuild';
import * as vite from 'vite';

const bundlers = {
  esbuild: (input, output, external) =>
    esbuild.build({
      entryPoints: [input],
      outfile: output,
      external,
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
    }),
  vite: (input, output, external) =>
    vite.build({
      configFile: false,
      logLevel: 'warn',
      build: {
        target: 'es2022',
        outDir: join(output, '..'),
        emptyOutDir: false,
        lib: { entry: input, formats: ['es'], fileName: () => basename(output) },
        // A library keeps its white space, for the bundler of whoever uses it.
        rolldownOptions: { external, output: { minify: true } },
      },
    }),
};

const [bundler, folder] = process.argv.slice(2);
const inFolder = (name) => join(folder, name);
await bundlers[bundler](inFolder('in.js'), inFolder('out.mjs'), [
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-layers',
]);

const TF = `import * as tf from '@tensorflow/tfjs';\nglobalThis.tf = tf;\n`;

async function bytesOf(code) {
  writeFileSync(inFolder('app.js'), code);
  await bundlers[bundler](inFolder('app.js'), inFolder('app.mjs'), []);
  return gzipSync(readFileSync(inFolder('app.mjs')), { level: 9 }).length;
}
console.log((await bytesOf(`${TF}export * from './in.js';`)) - (await bytesOf(TF)));
