import { tensor } from '@tensorflow/tfjs-core';

import { READABLE } from '../../core/kernel_contract.js';
import { rowsOf, type Kernel } from './kernel.js';

export const oneHot: Kernel = {
  op: 'OneHot',
  backends: READABLE,
  run: ([indices], { axis, classes }) => {
    const shape = [...indices!.shape];
    shape.splice(axis!, 0, classes!);
    const labels = indices!.dataSync();
    const out = new Float32Array(labels.length * classes!);
    const { count, length, stride, start } = rowsOf(shape, axis!);
    for (let row = 0; row < count; row++) {
      const [label, first] = [labels[row]!, start(row)];
      if (label >= 0 && label < length) out[first + label * stride] = 1;
      else for (let j = 0; j < length; j++) out[first + j * stride] = NaN;
    }
    return tensor(out, shape);
  },
};
