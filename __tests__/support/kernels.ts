import { describe, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { PREFIX } from '../../src/core/kernel_contract.js';
import { registerKernels, unregisterKernels } from '../../src/kernels/register.js';
import { backend, composed } from './backend.js';

const hasKernels = tf
  .getKernelsForBackend(backend)
  .some(({ kernelName }) => kernelName.startsWith(PREFIX));

/** `describe` for what is true of the kernels alone: where the ops run as their formulas there is nothing to test. */
export const describeKernels = composed || !hasKernels ? describe.skip : describe;

/**
 * What the function gives with kernels, and what it gives without: the composed formulas. Needs `describeKernels`. On webgl
 * the formulas run on cpu: kernels are as exact there as elsewhere, and TF.js's ops are not. (Tensors that move from webgpu to
 * another backend and come back are lost: TF.js disposes of them by their number when it next sends the GPU something to do.)
 */
export function bothWays<Result>(run: () => Result): { fast: Result; formula: Result } {
  registerKernels();
  const fast = run();
  unregisterKernels();
  // Backends that have started are set at once.
  if (backend === 'webgl') void tf.setBackend('cpu');
  try {
    return { fast, formula: run() };
  } finally {
    if (backend === 'webgl') void tf.setBackend(backend);
    registerKernels();
  }
}

/** Our kernels among those that ran while the function did, in order, without the prefix of their names. */
export async function kernelsRun(f: () => tf.TensorContainer): Promise<string[]> {
  const { kernels } = await tf.profile(f);
  return kernels
    .map(({ name }) => name)
    .filter((name) => name.startsWith('TfjsLosses'))
    .map((name) => name.slice('TfjsLosses'.length));
}

/** Starts other backends beside the one that is tested: from then on they can be set at once. */
export async function startBackends(...names: string[]): Promise<void> {
  // The cpu backend advertises tfjs-node at its first use.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  for (const name of [...names, backend]) {
    await tf.setBackend(name);
    tf.scalar(0).dispose();
  }
  jest.restoreAllMocks();
}
