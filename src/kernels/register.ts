import {
  getBackend,
  getGradient,
  getKernelsForBackend,
  mean,
  registerKernel,
  sum,
  unregisterGradient,
  unregisterKernel,
  type NamedTensorMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';

import { useFusedLoss } from '../core/evaluate.js';
import { fusedLoss } from '../core/fused_loss.js';
import { useSums } from '../core/reduction.js';
import * as cpu from './cpu/workspace.js';
import * as javascript from './javascript/index.js';
import {
  CROSS_ENTROPY_KERNELS,
  isElementwiseSpec,
  kernelName,
  ELEMENTWISE_KERNELS,
  PREFIX,
  fusedKernelName,
  SCALE_GRADIENT,
  type CrossEntropySpec,
  type ElementwiseSpec,
  type FusedAttrs,
} from '../core/kernel_contract.js';
import { crossEntropyRows } from './rows/cross_entropy.js';
import {
  scaleRows,
  type CountingBackend,
  type FusedTensors,
  type ScaledTensors,
} from './rows/rows.js';
import { pairRows } from './rows/pairs.js';
import type { Workspace } from './rows/workspace.js';
import * as tensorflow from './tensorflow/workspace.js';
import { sums } from './wasm/sums.js';
import * as wasm from './wasm/workspace.js';
import * as webgl from './webgl/rows.js';
import * as webgpu from './webgpu/rows.js';

/** The kernels of losses over rows on a backend. */
interface RowsKernels {
  readonly computeRows: (backend: object, tensors: FusedTensors, attrs: FusedAttrs) => TensorInfo[];
  readonly scaleRows: (backend: object, tensors: ScaledTensors) => TensorInfo;
}

const ROWS: Readonly<Record<string, RowsKernels>> = {
  cpu: inWorkspace(cpu.workspace),
  wasm: inWorkspace(wasm.workspace),
  tensorflow: inWorkspace(tensorflow.workspace),
  webgl,
  webgpu,
};

function inWorkspace(workspace: (backend: object) => Workspace): RowsKernels {
  return {
    computeRows: (backend, tensors, attrs) =>
      isOfPairs(attrs)
        ? pairRows(workspace(backend), tensors, attrs)
        : crossEntropyRows(workspace(backend), tensors, attrs as FusedAttrs<CrossEntropySpec>),
    scaleRows: (backend, tensors) =>
      scaleRows(workspace(backend), tensors, backend as CountingBackend),
  };
}

function isOfPairs(attrs: FusedAttrs): attrs is FusedAttrs<ElementwiseSpec> {
  return isElementwiseSpec(attrs.spec);
}

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
  useFusedLoss(fusedLoss);
  useSums(sums);
}

function registerRowsKernels(): void {
  for (const [backendName, kernels] of Object.entries(ROWS)) {
    for (const op of [...CROSS_ENTROPY_KERNELS, ...ELEMENTWISE_KERNELS]) {
      registerKernel({
        kernelName: fusedKernelName(op),
        backendName,
        kernelFunc: ({ backend, inputs, attrs }) =>
          kernels.computeRows(
            backend,
            inputs as unknown as FusedTensors,
            attrs as unknown as FusedAttrs,
          ),
      });
    }
    registerKernel({
      kernelName: SCALE_GRADIENT,
      backendName,
      kernelFunc: ({ backend, inputs }) =>
        kernels.scaleRows(backend, inputs as unknown as ScaledTensors),
    });
  }
}

/** Takes back all kernels and gradients under our names. An op that is used again brings its formula. */
export function unregisterKernels(): void {
  useFusedLoss(undefined);
  useSums({ sum, mean });
  for (const backendName of new Set([...Object.keys(ROWS), getBackend()])) {
    for (const { kernelName } of getKernelsForBackend(backendName)) {
      if (!kernelName.startsWith(PREFIX)) continue;
      unregisterKernel(kernelName, backendName);
      if ((getGradient(kernelName) as unknown) !== undefined) unregisterGradient(kernelName);
    }
  }
}
