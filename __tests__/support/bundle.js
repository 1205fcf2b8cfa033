/**
 * Bundles in.js of each folder to out.mjs, without TensorFlow.js, and prints how many bytes after gzip each adds to a bundle of all
 * of TensorFlow.js: esbuild or vite, folders.
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

const [bundler, ...folders] = process.argv.slice(2);

const TF = `import * as tf from '@tensorflow/tfjs';\nglobalThis.tf = tf;\n`;

async function bytesOf(folder, code) {
  writeFileSync(join(folder, 'app.js'), code);
  await bundlers[bundler](join(folder, 'app.js'), join(folder, 'app.mjs'), []);
  return gzipSync(readFileSync(join(folder, 'app.mjs')), { level: 9 }).length;
}

const alone = await bytesOf(folders[0], TF);
const added = [];
for (const folder of folders) {
  await bundlers[bundler](join(folder, 'in.js'), join(folder, 'out.mjs'), [
    '@tensorflow/tfjs-core',
    '@tensorflow/tfjs-layers',
  ]);
  added.push((await bytesOf(folder, `${TF}export * from './in.js';`)) - alone);
}
console.log(JSON.stringify(added));
