import {
  getBackend,
  getGradient,
  getKernel,
  getKernelsForBackend,
  mean,
  registerKernel,
  sum,
  unregisterGradient,
  unregisterKernel,
  type NamedTensorMap,
} from '@tensorflow/tfjs-core';

import { useFusedLoss } from '../core/evaluate.js';
import { fusedLoss } from '../core/fused_loss.js';
import { useSums } from '../core/reduction.js';
import * as cpu from './cpu/memory.js';
import type {
  BackendKernels,
  FusedTensors,
  RefCountingBackend,
  ScaleGradientTensors,
} from './backend_kernels.js';
import { computeCrossEntropy } from './host/cross_entropy.js';
import { computeElementwise } from './host/elementwise.js';
import type { KernelMemory } from './host/kernel_memory.js';
import { scaleGradient } from './host/scale_gradient.js';
import * as ops from './ops/index.js';
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
import * as tensorflow from './tensorflow/memory.js';
import * as wasm from './wasm/memory.js';
import { sums } from './wasm/sums.js';
import * as webgl from './webgl/fused.js';
import * as webgpu from './webgpu/fused.js';

/** The fused kernels of each backend. */
const BACKENDS: Readonly<Record<string, BackendKernels>> = {
  cpu: hostKernels(cpu.memory),
  wasm: hostKernels(wasm.memory),
  tensorflow: hostKernels(tensorflow.memory),
  webgl,
  webgpu,
};

/** The fused kernels of a backend whose tensors JavaScript and WebAssembly can reach. */
function hostKernels(memoryOf: (backend: object) => KernelMemory): BackendKernels {
  return {
    computeLoss: (backend, tensors, attrs) =>
      isElementwise(attrs)
        ? computeElementwise(memoryOf(backend), tensors, attrs)
        : computeCrossEntropy(memoryOf(backend), tensors, attrs as FusedAttrs<CrossEntropySpec>),
    scaleGradient: (backend, tensors) =>
      scaleGradient(memoryOf(backend), tensors, backend as RefCountingBackend),
  };
}

function isElementwise(attrs: FusedAttrs): attrs is FusedAttrs<ElementwiseSpec> {
  return isElementwiseSpec(attrs.spec);
}

const OP_KERNELS = Object.values(ops).flatMap(({ op, backends, run }) =>
  backends.map((backendName) => ({ kernelName: kernelName(op), backendName, run })),
);

/** Registers all kernels with TF.js. From now on they run instead of the formulas of ops and losses. */
export function registerKernels(): void {
  // An op that has run already has registered its formula under the name of the kernel.
  unregisterKernels();
  for (const { kernelName, backendName, run } of OP_KERNELS) {
    registerKernel({
      kernelName,
      backendName,
      // An op gives TF.js its inputs as an array, which arrives as a map by position.
      kernelFunc: ({ inputs, attrs }) =>
        run(Object.values(inputs as NamedTensorMap), attrs as unknown as Record<string, number>),
    });
  }
  registerFusedKernels();
  useFusedLoss(fusedLoss);
  useSums(sums);
}

function registerFusedKernels(): void {
  for (const [backendName, kernels] of Object.entries(BACKENDS)) {
    for (const kernel of [...CROSS_ENTROPY_KERNELS, ...ELEMENTWISE_KERNELS]) {
      registerKernel({
        kernelName: fusedKernelName(kernel),
        backendName,
        kernelFunc: ({ backend, inputs, attrs }) =>
          kernels.computeLoss(
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
        kernels.scaleGradient(backend, inputs as unknown as ScaleGradientTensors),
    });
  }
}

/** Unregisters all kernels and gradients under our names. An op that runs again registers its formula. */
export function unregisterKernels(): void {
  useFusedLoss(undefined);
  useSums({ sum, mean });
  for (const { kernelName, backendName } of registrations()) unregister(kernelName, backendName);
  // Formulas, under the names of ops. To look through a backend takes long: other backends keep theirs, which compute the same.
  const backendName = getBackend();
  for (const { kernelName } of getKernelsForBackend(backendName)) {
    if (kernelName.startsWith(PREFIX)) unregister(kernelName, backendName);
  }
}

/** What {@link registerKernels} registers. */
function registrations(): { readonly kernelName: string; readonly backendName: string }[] {
  const fused = [...CROSS_ENTROPY_KERNELS, ...ELEMENTWISE_KERNELS].map(fusedKernelName);
  const ofBackends = Object.keys(BACKENDS).flatMap((backendName) =>
    [...fused, SCALE_GRADIENT].map((kernelName) => ({ kernelName, backendName })),
  );
  return [...OP_KERNELS, ...ofBackends];
}

function unregister(kernelName: string, backendName: string): void {
  if ((getKernel(kernelName, backendName) as unknown) !== undefined) {
    unregisterKernel(kernelName, backendName);
  }
  if ((getGradient(kernelName) as unknown) !== undefined) unregisterGradient(kernelName);
}
