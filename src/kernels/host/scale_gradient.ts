import type { TensorInfo } from '@tensorflow/tfjs-core';

import type { RefCountingBackend, ScaleGradientTensors } from '../backend_kernels.js';
import type { KernelMemory } from './kernel_memory.js';

/** The kernel {@link SCALE_GRADIENT}. */
export function scaleGradient(
  memory: KernelMemory,
  { gradient, dy }: ScaleGradientTensors,
  backend: RefCountingBackend,
): TensorInfo {
  const dyNumbers = memory.read(dy);
  const same = aliasIfScaledByOne(backend, gradient, dyNumbers);
  if (same) return same;
  // A copy: what was read is not valid any more once the output is allocated.
  const scales = Float32Array.from(dyNumbers);
  const output = memory.output(gradient.shape);
  const from = memory.read(gradient);
  const to = output.numbers();
  const rowLength = to.length / scales.length;
  for (let row = 0, i = 0; row < scales.length; row++) {
    const scale = scales[row]!;
    for (const end = i + rowLength; i < end; i++) to[i] = scale === 0 ? 0 : from[i]! * scale;
  }
  return output.tensor();
}

/** Another tensor with the gradient's own buffer, if the one scale is 1: that saves a copy. */
export function aliasIfScaledByOne(
  backend: RefCountingBackend,
  { dataId, shape, dtype }: TensorInfo,
  scales: ArrayLike<number> | null | undefined,
): TensorInfo | undefined {
  if (scales?.length !== 1 || scales[0] !== 1) return undefined;
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}
