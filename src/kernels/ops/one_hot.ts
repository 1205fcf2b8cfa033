import { tensor } from '@tensorflow/tfjs-core';

import { READABLE } from '../../core/kernel_contract.js';
import { axisRows, type OpKernel } from './kernel.js';

export const oneHot: OpKernel = {
  op: 'OneHot',
  backends: READABLE,
  run: ([indices], { axis, classes }) => {
    const shape = [...indices!.shape];
    shape.splice(axis!, 0, classes!);
    const labels = indices!.dataSync();
    const out = new Float32Array(labels.length * classes!);
    const { count, length, stride, start } = axisRows(shape, axis!);
    for (let row = 0; row < count; row++) {
      const [label, first] = [labels[row]!, start(row)];
      if (label >= 0 && label < length) out[first + label * stride] = 1;
      // A label that is no class makes its whole row NaN.
      else for (let j = 0; j < length; j++) out[first + j * stride] = NaN;
    }
    return tensor(out, shape);
  },
};
