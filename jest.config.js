import { existsSync, readdirSync } from 'node:fs';

import { whyNoChromium } from './tools/chromium.js';
import { whyNoTfjsNode } from './tools/tfjs_node.js';

const transform = {
  '\\.ts$': [
    'ts-jest',
    { tsconfig: { module: 'CommonJS', moduleResolution: 'Bundler', verbatimModuleSyntax: false } },
  ],
};
const moduleNameMapper = {
  '^tfjs-losses$': '<rootDir>/src/index.ts',
  '^tfjs-losses/pure$': '<rootDir>/src/pure.ts',
  '^(\\.{1,2}/.*)\\.js$': '$1',
};

/** The same test bodies on each backend, with kernels, or with the ops as their formulas. */
const onBackend = (backend, composed = false) => ({
  displayName: composed ? `${backend}-formulas` : backend,
  testMatch: ['<rootDir>/__tests__/*/**/*.test.ts'],
  globals: { __BACKEND__: backend, __FLOAT16__: false, __COMPOSED__: composed },
  testEnvironment: '<rootDir>/__tests__/support/environment.cjs',
  // TF.js keeps its engine in a global, and files after the first one go on using it.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  setupFilesAfterEnv: ['<rootDir>/__tests__/support/setup.ts'],
  transform,
  moduleNameMapper,
});

/** The tests of models on another version of TF.js, which tools/tfjs_version.sh has installed. */
const onVersion = (version) => ({
  ...onBackend('cpu'),
  displayName: `tfjs ${version}`,
  moduleNameMapper: {
    '^(@tensorflow/.*)$': `<rootDir>/.tfjs/${version}/node_modules/$1`,
    ...moduleNameMapper,
  },
});

const noChromium = whyNoChromium();
if (noChromium) console.log(`web page: not tested, ${noChromium}`);

/** What does not depend on a backend: snippets of the docs, the packed package, the examples. */
const once = {
  ...onBackend('cpu'),
  globals: { ...onBackend('cpu').globals, __CHROMIUM__: noChromium === undefined },
  displayName: 'package',
  testMatch: ['<rootDir>/__tests__/*.test.ts'],
  // It needs Chromium: jest.browser.config.js.
  testPathIgnorePatterns: ['playground\\.test\\.ts$'],
};

const backends = ['cpu', 'wasm'];
const reason = whyNoTfjsNode();
if (reason === undefined) backends.push('tensorflow');
else console.log(`tensorflow: not tested, ${reason} (tools/tfjs_node.sh installs it)`);

const versions = existsSync('.tfjs') ? readdirSync('.tfjs') : [];

export default {
  // Jest leaves one core alone, of two that is half of them.
  maxWorkers: '100%',
  projects: [
    ...backends.map((backend) => onBackend(backend)),
    ...backends.map((backend) => onBackend(backend, true)),
    ...versions.map(onVersion),
    once,
  ],
  reporters: ['default', '<rootDir>/tools/counts_reporter.cjs'],
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
};
