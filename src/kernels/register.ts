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
  type KernelConfig,
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

/** All kernels that {@link registerKernels} registers. */
const KERNELS: readonly KernelConfig[] = [
  ...Object.values(ops).flatMap(({ op, backends, run }) =>
    backends.map((backendName) => ({
      kernelName: kernelName(op),
      backendName,
      // An op gives TF.js its inputs as an array, which arrives as a map by position.
      kernelFunc: ({ inputs, attrs }: KernelParams) =>
        run(Object.values(inputs as NamedTensorMap), attrs as unknown as Record<string, number>),
    })),
  ),
  ...Object.entries(BACKENDS).flatMap(([backendName, { computeLoss, scaleGradient: scale }]) => [
    ...[...CROSS_ENTROPY_KERNELS, ...ELEMENTWISE_KERNELS].map((kernel) => ({
      kernelName: fusedKernelName(kernel),
      backendName,
      kernelFunc: ({ backend, inputs, attrs }: KernelParams) =>
        computeLoss(backend, inputs as unknown as FusedTensors, attrs as unknown as FusedAttrs),
    })),
    {
      kernelName: SCALE_GRADIENT,
      backendName,
      kernelFunc: ({ backend, inputs }: KernelParams) =>
        scale(backend, inputs as unknown as ScaleGradientTensors),
    },
  ]),
];

/** What a kernel gets from TF.js. */
type KernelParams = Parameters<KernelConfig['kernelFunc']>[0] & { readonly backend: object };

/** Registers all kernels with TF.js. From now on they run instead of the formulas of ops and losses. */
export function registerKernels(): void {
  // An op that has run already has registered its formula under the name of the kernel.
  KERNELS.forEach(unregister);
  KERNELS.forEach(registerKernel);
  useFusedLoss(fusedLoss);
  useSums(sums);
}

/** Unregisters all kernels and gradients under our names. An op that runs again registers its formula. */
export function unregisterKernels(): void {
  useFusedLoss(undefined);
  useSums({ sum, mean });
  // Formulas, under the names of ops. To look through a backend takes long: other backends keep theirs, which compute the same.
  const formulas = getKernelsForBackend(getBackend()).filter(({ kernelName: name }) =>
    name.startsWith(PREFIX),
  );
  [...KERNELS, ...formulas].forEach(unregister);
}

function unregister({ kernelName: name, backendName }: KernelConfig): void {
  if ((getKernel(name, backendName) as unknown) !== undefined) unregisterKernel(name, backendName);
  if ((getGradient(name) as unknown) !== undefined) unregisterGradient(name);
}
