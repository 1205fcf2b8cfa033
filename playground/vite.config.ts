import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import sirv from 'sirv';
import { defineConfig } from 'vite';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

// Some servers unpack .gz files on the way and some do not: the page reads plain text.
mkdirSync(path('../temp/playground/data'), { recursive: true });
writeFileSync(
  path('../temp/playground/data/digits.csv'),
  gunzipSync(readFileSync(path('../examples/data/digits.csv.gz'))),
);
copyFileSync(
  path('../examples/data/breast_cancer.csv'),
  path('../temp/playground/data/breast_cancer.csv'),
);

/** Where `npm run docs` writes the documentation; the page has a link to it if it is there. Tests have a place of their own. */
const documentation = process.env.DOCUMENTATION ?? path('../site/api');

export default defineConfig({
  root: path('.'),
  // The page works in any folder of any server.
  base: './',
  publicDir: path('../temp/playground'),
  resolve: { alias: { 'tfjs-losses': path('../src/index.ts') } },
  define: { 'import.meta.env.VITE_DOCUMENTED': JSON.stringify(String(existsSync(documentation))) },
  plugins: [
    {
      name: 'documentation',
      configureServer: ({ middlewares }) => {
        middlewares.use('/api', sirv(documentation, { dev: true }));
      },
    },
  ],
  build: {
    outDir: path('../site'),
    // The documentation of the API may be there already.
    emptyOutDir: false,
    target: 'es2022',
    // TensorFlow.js with four backends and Plot: one file, since the page needs all of it.
    chunkSizeWarningLimit: 3000,
  },
});
