import type { TensorInfo } from '@tensorflow/tfjs-core';

import type { FusedAttrs } from '../core/kernel_contract.js';

/** What computes the fused kernels on one backend. register.ts hands it to TensorFlow.js. */
export interface BackendKernels {
  /** Any {@link FusedKernel}: the loss and, where `attrs` asks for it, the gradient. */
  readonly computeLoss: (backend: object, tensors: FusedTensors, attrs: FusedAttrs) => TensorInfo[];
  /** The kernel {@link SCALE_GRADIENT}. */
  readonly scaleGradient: (backend: object, tensors: ScaleGradientTensors) => TensorInfo;
}

/** The inputs of a {@link FusedKernel}. */
export interface FusedTensors {
  readonly labels: TensorInfo;
  readonly predictions: TensorInfo;
  readonly weights?: TensorInfo;
}

/** The inputs of {@link SCALE_GRADIENT}. */
export interface ScaleGradientTensors {
  readonly gradient: TensorInfo;
  readonly dy: TensorInfo;
}

/** What all backends have: they count the tensors that share one buffer. */
export interface RefCountingBackend {
  incRef(dataId: object): void;
}
