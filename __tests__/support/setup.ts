import { afterEach, beforeAll, beforeEach, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';

import { registerKernels } from '../../src/kernels/register.js';
import { backend, composed } from './backend.js';

// Not a dependency: a name that the compiler does not look up.
const tfjsNode = ['@tensorflow', 'tfjs-node'].join('/');

beforeAll(async () => {
  if (backend === 'tensorflow') await import(tfjsNode);
  // The cpu backend advertises tfjs-node at its first use.
  jest.spyOn(console, 'warn').mockImplementationOnce(() => undefined);
  if (!(await tf.setBackend(backend))) throw new Error(`The backend ${backend} did not start.`);
  tf.scalar(0).dispose();
  jest.restoreAllMocks();
});

if (!composed) registerKernels();

// Each test has a tensor scope of its own, so that none has to dispose what it made.
beforeEach(() => {
  tf.engine().startScope();
});
afterEach(() => {
  tf.engine().endScope();
});
