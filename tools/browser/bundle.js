import { join } from 'node:path';

import esbuild from 'esbuild';
import { nodeModulesPolyfillPlugin } from 'esbuild-plugins-node-modules-polyfill';

/** Bundles test files for a page, each as a module of its own; what they share, they share as a file too. */
export async function bundle(files, { rootDir, outDir }) {
  await esbuild.build({
    absWorkingDir: rootDir,
    entryPoints: ['tools/browser/page.ts', ...files],
    outbase: rootDir,
    outdir: outDir,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    sourcemap: true,
    logLevel: 'warning',
    define: { __dirname: '"/"', 'require.resolve': 'String' },
    // Files under src/ are modules with side effects until they are built.
    ignoreAnnotations: true,
    alias: {
      '@jest/globals': './tools/browser/jest_globals.ts',
      '@jest/expect': './tools/browser/jest_expect.ts',
      'graceful-fs': './tools/browser/node.js',
    },
    plugins: [
      nodeModulesPolyfillPlugin({
        globals: { process: true, Buffer: true },
        overrides: { async_hooks: join(rootDir, 'tools/browser/node.js') },
        fallback: 'empty',
      }),
    ],
  });
}
