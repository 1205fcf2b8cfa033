import { launchChromium } from './tools/chromium.js';

/** The tests of jest.config.js in headless Chromium, by tools/browser: `npm run test:browser`. */

/** They load modules of the package anew, with others in the place of WebAssembly: a page loads each module once. */
const nodeOnly = ['kernels/simd.test.ts', 'kernels/without_simd.test.ts'];

/** What float16 can hold: the expected values of other files have more digits, or are too large or small for it. */
const float16Files = [
  'core/{config,float16,loss}',
  'losses/every_loss',
  'metrics/categorical_accuracy',
  'ops/class_labels',
  'training/saving',
];

/** What a browser may change on cpu and wasm; Node runs the rest there. */
const likeNodeFiles = [
  '{core,losses,metrics,ops}/*',
  'kernels/{found,memory,wasm_memory}',
  'training/{compile,saving}',
];

const onBackend = (
  displayName,
  { backend = displayName, files = ['*/**/*'], float16 = false } = {},
) => ({
  displayName,
  runner: '<rootDir>/tools/browser/jest_runner.mjs',
  testMatch: files.map((file) => `<rootDir>/__tests__/${file}.test.ts`),
  testPathIgnorePatterns: nodeOnly,
  globals: { __BACKEND__: backend, __FLOAT16__: float16, __COMPOSED__: false },
  setupFilesAfterEnv: [
    '<rootDir>/__tests__/support/setup_browser.ts',
    '<rootDir>/__tests__/support/setup.ts',
  ],
});

/** Whether this Chromium has a WebGPU adapter. */
async function hasWebGPU() {
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.goto('chrome://gpu');
  const adapter = await page.evaluate('navigator.gpu?.requestAdapter().then(Boolean)');
  await browser.close();
  return adapter === true;
}

/** To look for an adapter takes seconds, which a run of one file on another backend need not wait for. */
const selected = process.argv.includes('--selectProjects') && !process.argv.includes('webgpu');
const untested = selected || (await hasWebGPU()) ? [] : ['webgpu: this Chromium has no adapter'];

export default {
  projects: [
    onBackend('webgl'),
    onBackend('webgl-float16', { backend: 'webgl', files: float16Files, float16: true }),
    ...(untested.length === 0 ? [onBackend('webgpu')] : []),
    onBackend('wasm', { files: likeNodeFiles }),
    onBackend('cpu', { files: likeNodeFiles }),
  ],
  // Only what hangs is an error. The first use of a shader compiles it, in software where there is no GPU.
  testTimeout: 600_000,
  reporters: ['default', ['<rootDir>/tools/counts_reporter.cjs', { untested }]],
};
