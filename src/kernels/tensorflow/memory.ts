import { engine, type DataType, type TypedArray } from '@tensorflow/tfjs-core';

import type { KernelMemory } from '../host/kernel_memory.js';
import { copyingMemory } from '../host/shared_memory.js';

/** What we use of tfjs-node's backend, whose package is never imported. */
interface NodeBackend {
  write(values: Float32Array, shape: readonly number[], dtype: DataType): object;
}

/** Tensors of tfjs-node lie in the memory of TensorFlow. They are copied. */
export function memory(backend: object): KernelMemory {
  const node = backend as NodeBackend;
  return copyingMemory({
    // The engine also finds tensors that live on another backend. This backend's own method does not.
    read: ({ dataId }) => engine().readSync(dataId) as TypedArray | number[],
    write: (numbers, shape) => ({
      dataId: node.write(numbers, shape, 'float32'),
      shape: [...shape],
      dtype: 'float32',
    }),
  });
}
