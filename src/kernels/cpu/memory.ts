import type { TensorInfo, TypedArray } from '@tensorflow/tfjs-core';

import type { KernelMemory } from '../host/kernel_memory.js';
import { copyingMemory } from '../host/shared_memory.js';

/** What we use of the cpu backend, whose package is never imported. */
interface CpuBackend {
  readSync(dataId: object): TypedArray | number[];
  makeTensorInfo(shape: readonly number[], dtype: 'float32', values: Float32Array): TensorInfo;
}

/** Tensors of the cpu backend are arrays of JavaScript. They are copied. */
export function memory(backend: object): KernelMemory {
  const cpu = backend as CpuBackend;
  return copyingMemory({
    read: ({ dataId }) => cpu.readSync(dataId),
    write: (numbers, shape) => cpu.makeTensorInfo(shape, 'float32', numbers),
  });
}
