import { existsSync, readdirSync } from 'node:fs';

import { whyNoChromium } from './tools/chromium.js';
import { whyNoTfjsNode } from './tools/tfjs_node.js';

/** Cached for all projects alike. Types are checked by `npm run check`. */
const transform = {
  '\\.ts$': [
    '<rootDir>/tools/ts_jest.cjs',
    { tsconfig: { module: 'CommonJS', moduleResolution: 'Bundler', verbatimModuleSyntax: false } },
  ],
};
const moduleNameMapper = {
  '^tfjs-losses$': '<rootDir>/src/index.ts',
  '^tfjs-losses/pure$': '<rootDir>/src/pure.ts',
  '^(\\.{1,2}/.*)\\.js$': '$1',
};

/** Jest runs files in a sandbox that is slow to look up globals, which loops of TF.js do for each number: these become arguments. */
const FAST_GLOBALS = [
  ...['Array', 'Error', 'Infinity', 'Map', 'Math', 'Number', 'Object', 'Promise', 'Set', 'Symbol'],
  ...['Float32Array', 'Int32Array', 'Uint8Array', 'WeakMap', 'isNaN'],
];

/** Tests that compare kernels with formulas, or look at kernels alone: where formulas run there is nothing to test. */
const KERNELS_ALONE = ['/kernels/(?!kernels)'];

/** The same test bodies on each backend, with kernels, or with the ops as their formulas. */
const onBackend = (backend, composed = false) => ({
  id: 'tfjs-losses',
  displayName: composed ? `${backend}-formulas` : backend,
  roots: ['<rootDir>/src', '<rootDir>/__tests__'],
  testMatch: ['<rootDir>/__tests__/*/**/*.test.ts'],
  globals: { __BACKEND__: backend, __FLOAT16__: false, __COMPOSED__: composed },
  testEnvironment: '<rootDir>/__tests__/support/environment.cjs',
  // TF.js keeps its engine in a global, and files after the first one go on using it.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  setupFilesAfterEnv: ['<rootDir>/__tests__/support/setup.ts'],
  sandboxInjectedGlobals: FAST_GLOBALS,
  transform,
  moduleNameMapper,
});

/** The tests of models on another version of TF.js, which tools/tfjs_version.sh has installed. */
const onVersion = (version) => ({
  ...onBackend('cpu'),
  // What Jest has found under the id of the others is the newest version.
  id: `tfjs-losses-${version}`,
  displayName: `tfjs ${version}`,
  moduleNameMapper: {
    '^(@tensorflow/.*)$': `<rootDir>/.tfjs/${version}/node_modules/$1`,
    ...moduleNameMapper,
  },
});

const noChromium = whyNoChromium();
if (noChromium) console.log(`web page and playground: not tested, ${noChromium}`);

/** What does not depend on a backend: snippets of the docs, the packed package, the examples. */
const once = (all) => ({
  ...onBackend('cpu'),
  globals: {
    ...onBackend('cpu').globals,
    __ALL__: all,
    __CHROMIUM__: noChromium === undefined,
  },
  displayName: 'package',
  testMatch: ['<rootDir>/__tests__/*.test.ts'],
  // It is a project of its own.
  testPathIgnorePatterns: ['playground\\.test\\.ts$'],
});

/** What a person does on the page of the playground: Jest runs in Node, and drives Chromium from there. */
const playground = {
  displayName: 'playground',
  testMatch: ['<rootDir>/__tests__/playground.test.ts'],
  testEnvironment: 'node',
  // As all others: a worker cannot change it.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  transform: {
    '\\.[jt]s$': [
      'ts-jest',
      {
        tsconfig: {
          module: 'CommonJS',
          moduleResolution: 'Bundler',
          verbatimModuleSyntax: false,
          allowJs: true,
        },
        diagnostics: false,
      },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
};

const backends = ['cpu', 'wasm'];
const reason = whyNoTfjsNode();
if (reason === undefined) backends.push('tensorflow');
else console.log(`tensorflow: not tested, ${reason} (tools/tfjs_node.sh installs it)`);

const versions = existsSync('.tfjs') ? readdirSync('.tfjs') : [];

const common = {
  // Jest leaves one core alone, of two that is half of them.
  maxWorkers: '100%',
  // Only what hangs is an error: nothing fails because a machine is slow or busy.
  testTimeout: 600_000,
  // Workers end by themselves; busy machines give them their time.
  workerGracefulExitTimeout: 60_000,
  testSequencer: '<rootDir>/tools/sequencer.cjs',
  reporters: ['default', '<rootDir>/tools/counts_reporter.cjs'],
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
};
const kernels = backends.map((backend) => onBackend(backend));
/** Without `training/`: it calls losses, and does not compute them. */
const formulas = backends.map((backend) => ({
  ...onBackend(backend, true),
  testPathIgnorePatterns: [...KERNELS_ALONE, '/training/'],
}));
/** There `training/`, too, sees formulas once. */
const cpuFormulas = { ...onBackend('cpu', true), testPathIgnorePatterns: KERNELS_ALONE };

/** `npm test`: the kernels of each backend, the formulas of losses on one, and all but the longest examples. */
export default { ...common, projects: [once(false), ...kernels, formulas[0]] };

/** `npm run test:all`, by jest.all.config.js. */
export const all = {
  ...common,
  projects: [
    once(true),
    ...(noChromium === undefined ? [playground] : []),
    ...kernels,
    cpuFormulas,
    ...formulas.slice(1),
    ...versions.map(onVersion),
  ],
};
