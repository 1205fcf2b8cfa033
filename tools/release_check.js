/**
 * Tries all that a release needs: `npm run release:check`. Packs the package, installs it as users do, with TensorFlow.js from the
 * registry, and trains a model with it in each environment. What cannot be had is named. `-- --environments` tries these alone.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';

import { whyNoChromium } from './chromium.js';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const root = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'tfjs-losses-release-'));
const results = [];

/** What cannot be had here, as opposed to what is there and fails. */
class Unavailable extends Error {}

const run = (file, args, cwd = folder) =>
  execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

function expectEqual(what, got, wanted) {
  if (got !== wanted) throw new Error(`${what}: ${got}, and not ${wanted}`);
}

async function attempt(name, step) {
  try {
    await step();
    results.push([name, 'ok']);
  } catch (error) {
    const isMissing = error instanceof Unavailable;
    const text = [error.message, error.stdout, error.stderr].filter(Boolean).join('\n').trim();
    results.push([name, isMissing ? 'NOT TRIED' : 'FAILED', text.split('\n').slice(0, 12)]);
  }
  const [, outcome, lines = []] = results.at(-1);
  console.log(`${outcome.padEnd(9)} ${name}`);
  for (const line of lines) console.log(`          ${line}`);
}

/** Installs packages beside the project, in a folder of their own. */
function tools(name, ...packages) {
  const cwd = join(folder, name);
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'package.json'), '{ "private": true, "type": "module" }');
  try {
    run('npm', ['install', '--no-audit', '--no-fund', ...packages], cwd);
  } catch (error) {
    throw new Unavailable(`npm install ${packages.join(' ')}: ${error.stderr.split('\n')[0]}`);
  }
  return join(cwd, 'node_modules');
}

const BODY = `
  const given = [[[0, 1], [0, 0]], [[-18.6, 0.51], [2.94, -12.8]]];
  const bce = new BinaryCrossentropy({ fromLogits: true });
  const value = bce(...given).dataSync()[0].toFixed(4);
  const kernelInitializer = tf.initializers.glorotNormal({ seed: 3 });
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2], kernelInitializer })] });
  model.compile({ optimizer: tf.train.adam(0.1), loss: 'binary_crossentropy', metrics: ['accuracy'] });
  model.compile({ optimizer: tf.train.adam(0.1), loss: bce, metrics: ['accuracy'] });
  const x = tf.tensor2d([3, 1, -1, 2, 2, -4, -3, 0], [4, 2]);
  const run = model.fit(x, tf.tensor1d([1, 0, 1, 0]), { epochs: 50, shuffle: false, verbose: 0 });
  const result = run.then(({ history }) => value + ' ' + history.acc.at(-1));
`;
const SAYS = '0.8655 1';
const IMPORTS = `import * as tf from '@tensorflow/tfjs';\nimport { BinaryCrossentropy } from 'tfjs-losses';\n`;
const PROGRAMS = {
  'esm.mjs': `${IMPORTS}${BODY}console.log(await result);`,
  'cjs.cjs': `const tf = require('@tensorflow/tfjs');
    const { BinaryCrossentropy } = require('tfjs-losses');${BODY}result.then(console.log);`,
  'page.js': `${IMPORTS}${BODY}globalThis.result = result;`,
  'native.js': `import { BinaryCrossentropy } from 'tfjs-losses/pure';\nimport 'tfjs-losses';\nglobalThis.loss = new BinaryCrossentropy();`,
  'use.ts': `${IMPORTS}import { Loss } from 'tfjs-losses/pure';
    export const loss: Loss = new BinaryCrossentropy({ fromLogits: true });
    export const value: tf.Tensor = loss([[1]], [[0]]);
    // @ts-expect-error no such option
    new BinaryCrossentropy({ fromLogit: true });`,
};

/** Runs a program, and looks at the last line that it prints. */
function says(file, ...args) {
  const lines = run(file, args).trim().split('\n');
  expectEqual('it prints', lines.at(-1), SAYS);
}

/** Opens a page of the project in Chromium, and looks at its `result`. */
function opens(path) {
  const reason = whyNoChromium();
  if (reason !== undefined) throw new Unavailable(reason);
  const printed = run(process.execPath, [join(root, 'tools/web_page.js'), path, '--', folder]);
  const [{ result, errors }] = JSON.parse(printed);
  expectEqual('errors of the page', errors.join(', '), '');
  expectEqual('the page says', result, SAYS);
}

const pageOf = (...scripts) =>
  `<!doctype html><meta charset="utf-8">${scripts.map((script) => `<script src="${script}"></script>`).join('')}`;

if (!process.argv.includes('--environments')) {
  await attempt('the working tree is clean', () => {
    expectEqual('git status', run('git', ['status', '--porcelain'], root).trim(), '');
  });
  await attempt(`CHANGELOG.md has ${version} with a date`, () => {
    const heading = new RegExp(
      `^## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d\\d-\\d\\d$`,
      'm',
    );
    if (!heading.test(readFileSync('CHANGELOG.md', 'utf8'))) throw new Error('no such heading');
  });
  await attempt('npm run check', () => run('npm', ['run', 'check'], root));
  await attempt('npm test', () => run('npm', ['test'], root));
}

await attempt('npm pack, at most 1.5 MB, and npm install', () => {
  const printed = run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], root);
  const [{ filename, unpackedSize }] = JSON.parse(printed.slice(printed.indexOf('[')));
  if (unpackedSize > 1.5e6) throw new Error(`${unpackedSize} bytes unpacked`);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  for (const [name, code] of Object.entries(PROGRAMS)) writeFileSync(join(folder, name), code);
  run('npm', ['install', '--no-audit', '--no-fund', `./${filename}`, '@tensorflow/tfjs']);
  const installed = JSON.parse(run('npm', ['ls', '@tensorflow/tfjs-core', '--all', '--json']));
  if (JSON.stringify(installed).includes('"invalid"')) throw new Error('two copies of tfjs-core');
});

for (const major of ['20', '22', '24']) {
  await attempt(`Node ${major}, ESM and CommonJS`, () => {
    const isThis = process.versions.node.startsWith(`${major}.`);
    const node = isThis
      ? process.execPath
      : join(tools(`node${major}`, `node@${major}`), 'node/bin/node');
    says(node, 'esm.mjs');
    says(node, 'cjs.cjs');
  });
}
await attempt('Deno', () => {
  says(join(tools('deno', 'deno'), '.bin/deno'), 'run', '--allow-all', 'esm.mjs');
});
await attempt('Bun', () => {
  const bun = join(tools('bun', 'bun'), '.bin/bun');
  says(bun, 'esm.mjs');
  says(bun, 'cjs.cjs');
});
for (const [resolution, module, more] of [
  ['bundler', 'esnext', []],
  ['node16', 'node16', []],
  ['nodenext', 'nodenext', []],
  ['node10', 'commonjs', ['--ignoreDeprecations', '6.0']],
]) {
  await attempt(`TypeScript, moduleResolution ${resolution}`, () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const options = ['--strict', '--noEmit', '--skipLibCheck', '--target', 'es2022'];
    const how = ['--module', module, '--moduleResolution', resolution, ...more];
    run(process.execPath, [tsc, ...options, ...how, 'use.ts']);
  });
}
await attempt('Vite', async () => {
  const { build } = await import('vite');
  writeFileSync(join(folder, 'index.html'), '<script type="module" src="./page.js"></script>');
  const site = join(folder, 'vite-site');
  await build({
    configFile: false,
    root: folder,
    base: './',
    logLevel: 'error',
    build: { outDir: site, chunkSizeWarningLimit: 1e6 },
  });
  opens('vite-site/index.html');
});
await attempt('webpack', () => {
  const modules = tools('webpack', 'webpack', 'webpack-cli');
  writeFileSync(
    join(folder, 'webpack.config.cjs'),
    `module.exports = { mode: 'production', entry: './page.js', output: { path: __dirname, filename: 'webpacked.js' }, performance: { hints: false } };`,
  );
  run(process.execPath, [join(modules, 'webpack/bin/webpack.js')]);
  writeFileSync(join(folder, 'webpack.html'), pageOf('webpacked.js'));
  opens('webpack.html');
});
await attempt('React Native: Metro with the bare preset, both entries', () => {
  const packages = ['metro', '@react-native/babel-preset', '@react-native/metro-babel-transformer'];
  const modules = tools('metro', ...packages, '@babel/core', '@babel/runtime');
  writeFileSync(
    join(folder, 'metro.config.cjs'),
    `module.exports = {
      projectRoot: ${JSON.stringify(folder)},
      resolver: { nodeModulesPaths: [${JSON.stringify(modules)}], resolverMainFields: ['module', 'browser', 'main'] },
      transformer: { babelTransformerPath: ${JSON.stringify(join(modules, '@react-native/metro-babel-transformer'))} },
    };`,
  );
  for (const exportsAreRead of [true, false]) {
    const config = join(folder, `metro.${exportsAreRead}.config.cjs`);
    writeFileSync(
      config,
      `const config = require('./metro.config.cjs');
       module.exports = { ...config, resolver: { ...config.resolver, unstable_enablePackageExports: ${exportsAreRead} } };`,
    );
    const args = ['build', 'native.js', '--config', config, '--out', 'native.bundle.js'];
    run(process.execPath, [join(modules, 'metro/src/cli.js'), ...args]);
    if (!readFileSync(join(folder, 'native.bundle.js'), 'utf8').includes('BinaryCrossentropy')) {
      throw new Error('the bundle lacks the package');
    }
  }
});
await attempt('script tags', () => {
  const tf = 'node_modules/@tensorflow/tfjs/dist/tf.es2017.min.js';
  writeFileSync(
    join(folder, 'tags.js'),
    `const { BinaryCrossentropy } = tfLosses;${BODY}globalThis.result = result;`,
  );
  const tags = pageOf(tf, 'node_modules/tfjs-losses/dist/tfjs-losses.min.js', 'tags.js');
  writeFileSync(join(folder, 'tags.html'), tags);
  opens('tags.html');
});

rmSync(resolve(folder), { recursive: true, force: true });
const count = (wanted) => results.filter(([, outcome]) => outcome === wanted).length;
console.log(`\n${count('ok')} ok, ${count('FAILED')} failed, ${count('NOT TRIED')} not tried.`);
console.log('To publish: npm publish --provenance, from a machine that is trusted with it.');
if (count('FAILED') > 0) process.exitCode = 1;
