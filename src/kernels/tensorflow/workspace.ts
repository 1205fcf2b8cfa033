import { engine, type DataType, type TypedArray } from '@tensorflow/tfjs-core';

import { copyingWorkspace } from '../rows/arena.js';
import type { Workspace } from '../rows/workspace.js';

/** What we use of tfjs-node's backend; its package is never imported. */
interface NodeBackend {
  write(values: Float32Array, shape: readonly number[], dtype: DataType): object;
}

/** Tensors of tfjs-node are read with a copy, and written when an op needs them. */
export function workspace(backend: object): Workspace {
  const node = backend as NodeBackend;
  return copyingWorkspace({
    // The backend itself reads its own tensors alone, and not those that live on another one.
    read: ({ dataId }) => engine().readSync(dataId) as TypedArray | number[],
    write: (numbers, shape) => ({
      dataId: node.write(numbers, shape, 'float32'),
      shape: [...shape],
      dtype: 'float32',
    }),
  });
}
