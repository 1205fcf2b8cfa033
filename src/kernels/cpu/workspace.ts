import type { TensorInfo, TypedArray } from '@tensorflow/tfjs-core';

import { copyingWorkspace } from '../rows/arena.js';
import type { Workspace } from '../rows/workspace.js';

/** What we use of the cpu backend; its package is never imported. */
interface CpuBackend {
  readSync(dataId: object): TypedArray | number[];
  makeTensorInfo(shape: readonly number[], dtype: 'float32', values: Float32Array): TensorInfo;
}

/** Tensors of the cpu backend are typed arrays. */
export function workspace(backend: object): Workspace {
  const cpu = backend as CpuBackend;
  return copyingWorkspace({
    read: ({ dataId }) => cpu.readSync(dataId),
    write: (numbers, shape) => cpu.makeTensorInfo(shape, 'float32', numbers),
  });
}
