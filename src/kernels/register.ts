import {
  getBackend,
  getGradient,
  getKernelsForBackend,
  registerKernel,
  unregisterGradient,
  unregisterKernel,
  type KernelFunc,
  type NamedTensorMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';

import * as cpu from './cpu/workspace.js';
import * as javascript from './javascript/index.js';
import { kernelName, PREFIX, READABLE, ROWS_KERNELS, SCALE_ROWS, type RowsAttrs } from './names.js';
import {
  crossEntropyRows,
  scaleRows,
  type CountingBackend,
  type RowsTensors,
  type ScaledTensors,
} from './rows/cross_entropy.js';
import type { Workspace } from './rows/workspace.js';
import * as tensorflow from './tensorflow/workspace.js';
import * as wasm from './wasm/workspace.js';

type KernelConfig = Parameters<KernelFunc>[0];

/** Where losses over rows are computed, by backend. */
const WORKSPACES = { cpu, wasm, tensorflow };

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
  registerRowsKernels();
}

function registerRowsKernels(): void {
  for (const [backendName, { workspace }] of Object.entries(WORKSPACES)) {
    const run = (
      kernelName: string,
      kernel: (space: Workspace, config: KernelConfig) => TensorInfo | TensorInfo[],
    ) => {
      registerKernel({
        kernelName,
        backendName,
        kernelFunc: (config) => kernel(workspace(config.backend), config),
      });
    };
    for (const name of Object.values(ROWS_KERNELS)) {
      run(name, (space, { inputs, attrs }) =>
        crossEntropyRows(space, inputs as unknown as RowsTensors, attrs as unknown as RowsAttrs),
      );
    }
    run(SCALE_ROWS, (space, { inputs, backend }) =>
      scaleRows(space, inputs as unknown as ScaledTensors, backend as CountingBackend),
    );
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
