/** The tests of jest.config.js in headless Chromium, `npm run test:browser`. */

/** They load modules of the package anew, with others in the place of WebAssembly: a page loads each module once. */
const nodeOnly = ['kernels/simd.test.ts', 'kernels/without_simd.test.ts'];

const onBackend = (displayName, { backend = displayName, float16 = false } = {}) => ({
  displayName,
  runner: '<rootDir>/tools/browser/jest_runner.js',
  testMatch: ['<rootDir>/__tests__/*/**/*.test.ts'],
  testPathIgnorePatterns: nodeOnly,
  globals: { __BACKEND__: backend, __FLOAT16__: float16, __COMPOSED__: false },
  setupFilesAfterEnv: [
    '<rootDir>/__tests__/support/setup_browser.ts',
    '<rootDir>/__tests__/support/setup.ts',
  ],
});

export default {
  projects: [
    onBackend('webgl'),
    onBackend('webgl-float16', { backend: 'webgl', float16: true }),
    onBackend('webgpu'),
    onBackend('wasm'),
    onBackend('cpu'),
  ],
  // The first use of a shader compiles it, in software where there is no GPU.
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/tools/counts_reporter.cjs'],
};
