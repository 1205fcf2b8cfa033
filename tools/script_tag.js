/** Builds dist/tfjs-losses.min.js, for a script tag: the global `tfLosses` on top of the global `tf`. */
import { readFileSync } from 'node:fs';

import { build } from 'vite';

const { name, version, license } = JSON.parse(readFileSync('package.json', 'utf8'));

const WITHOUT_LAYERS =
  'TensorFlow.js was loaded without its layers: add its tf-layers.min.js, in a script tag before this one.';

// A policy without eval stops tf.min.js: then it leaves an empty `tf` behind.
const WITHOUT_TFJS =
  'TensorFlow.js must be loaded first: its tf.es2017.min.js, in a script tag before this one. ' +
  "(Its tf.min.js needs a Content-Security-Policy that allows 'unsafe-eval'.)";

export async function buildScript() {
  await build({
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    build: {
      // With fields of classes, as in tools/flatten.js: what they are made of is left as it is.
      target: 'es2022',
      outDir: 'dist',
      emptyOutDir: false,
      lib: {
        entry: 'dist/esm/index.js',
        formats: ['iife'],
        name: 'tfLosses',
        fileName: () => 'tfjs-losses.min.js',
      },
      rolldownOptions: {
        external: /^@tensorflow\//,
        output: {
          // All packages of TensorFlow.js are this one global.
          globals: () => 'globalThis.tf',
          intro: `if (!globalThis.tf?.LayersModel) {
            throw new Error('${name}: ' + (globalThis.tf?.Tensor ? "${WITHOUT_LAYERS}" : "${WITHOUT_TFJS}"));
          }`,
          postBanner: `/*! ${name} ${version}, ${license} */`,
        },
      },
    },
  });
}
