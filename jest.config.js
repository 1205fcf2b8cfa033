import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The addon is never a dependency: its install script downloads, and must not break `npm ci`. */
function hasTfjsNode() {
  try {
    return require.resolve('@tensorflow/tfjs-node') !== '';
  } catch {
    return false;
  }
}

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

/** The same test bodies on each backend. */
const onBackend = (backend) => ({
  displayName: backend,
  testMatch: ['<rootDir>/__tests__/*/**/*.test.ts'],
  globals: { __BACKEND__: backend },
  testEnvironment: '<rootDir>/__tests__/support/environment.cjs',
  // TF.js keeps its engine in a global, and files after the first one go on using it.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  setupFilesAfterEnv: ['<rootDir>/__tests__/support/setup.ts'],
  transform,
  moduleNameMapper,
});

/** What does not depend on a backend: snippets of the docs, the packed package, the examples. */
const once = {
  ...onBackend('cpu'),
  displayName: 'package',
  testMatch: ['<rootDir>/__tests__/*.test.ts'],
};

const backends = ['cpu', 'wasm'];
if (hasTfjsNode()) backends.push('tensorflow');
else
  console.log(
    'tensorflow: not tested, @tensorflow/tfjs-node is not installed (tools/tfjs_node.sh)',
  );

export default {
  projects: [...backends.map(onBackend), once],
  reporters: ['default', '<rootDir>/tools/counts_reporter.cjs'],
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
};
