import {
  getBackend,
  getGradient,
  getKernelsForBackend,
  registerKernel,
  unregisterGradient,
  unregisterKernel,
  type NamedTensorMap,
} from '@tensorflow/tfjs-core';

import * as javascript from './javascript/index.js';
import { kernelName, PREFIX, READABLE } from './names.js';

const kernels = Object.values(javascript).flatMap(({ op, backends, run }) =>
  backends.map((backendName) => ({ kernelName: kernelName(op), backendName, run })),
);

/**
 * Puts the kernels in the place of the ops' formulas: one pass in float64 instead of a dozen of TF.js's kernels, and exact.
 */
export function registerKernels(): void {
  // The formula may have run already, and stands under the same name then.
  unregisterKernels();
  for (const { kernelName, backendName, run } of kernels) {
    registerKernel({
      kernelName,
      backendName,
      // TF.js passes the inputs in a map by position.
      kernelFunc: ({ inputs, attrs }) =>
        run(Object.values(inputs as NamedTensorMap), attrs as unknown as Record<string, number>),
    });
  }
}

/** Takes back all kernels and gradients under our names. An op that is used again brings its formula. */
export function unregisterKernels(): void {
  for (const backendName of new Set([...READABLE, getBackend()])) {
    for (const { kernelName } of getKernelsForBackend(backendName)) {
      if (!kernelName.startsWith(PREFIX)) continue;
      unregisterKernel(kernelName, backendName);
      if ((getGradient(kernelName) as unknown) !== undefined) unregisterGradient(kernelName);
    }
  }
}
