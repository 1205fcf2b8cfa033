import { tensor } from '@tensorflow/tfjs-core';

import { rowsOf, type Kernel } from './kernel.js';

/** tfjs-node's native ops are faster than reading the tensors. */
const BACKENDS = ['cpu', 'wasm'];

type Values = ArrayLike<number>;

/** The largest logit of a row, its first place, and Σ e^(x − largest) over the others. */
export function scan(x: Values, start: number, length: number, stride: number) {
  let place = start;
  let largest = -Infinity;
  for (let j = 0, i = start; j < length; j++, i += stride) {
    const value = x[i]!;
    if (value > largest) {
      largest = value;
      place = i;
    }
  }
  let rest = 0;
  for (let j = 0, i = start; j < length; j++, i += stride) {
    if (i !== place) rest += x[i] === largest ? 1 : Math.exp(x[i]! - largest);
  }
  // A row of −Infinity alone has no place of its own, and NaN is larger than nothing.
  return { largest, place, rest: Number.isNaN(x[place]) ? NaN : rest };
}

/** x − largest, 0 for what is as large, also where both are infinite. */
export const behind = (x: number, largest: number) => (x === largest ? 0 : x - largest);

export const negativeLogSoftmax: Kernel = {
  op: 'NegativeLogSoftmax',
  backends: BACKENDS,
  run: ([logits], { axis }) => {
    const { shape } = logits!;
    const x = logits!.dataSync();
    const out = new Float32Array(x.length);
    const { count, length, stride, start } = rowsOf(shape, axis!);
    for (let row = 0; row < count; row++) {
      const first = start(row);
      const { largest, rest } = scan(x, first, length, stride);
      const least = Math.log1p(rest);
      for (let j = 0, i = first; j < length; j++, i += stride) {
        out[i] = least - behind(x[i]!, largest);
      }
    }
    return tensor(out, shape);
  },
};

export const negativeLogSoftmaxGradient: Kernel = {
  op: 'NegativeLogSoftmaxGradient',
  backends: BACKENDS,
  run: ([logits, weights], { axis }) => {
    const { shape } = logits!;
    const [x, v] = [logits!.dataSync(), weights!.dataSync()];
    const out = new Float32Array(x.length);
    const { count, length, stride, start } = rowsOf(shape, axis!);
    for (let row = 0; row < count; row++) {
      const first = start(row);
      let sum = 0;
      for (let j = 0, i = first; j < length; j++, i += stride) sum += v[i]!;
      const { largest, place, rest } = scan(x, first, length, stride);
      const total = 1 + rest;
      for (let j = 0, i = first; j < length; j++, i += stride) {
        const p = Math.exp(behind(x[i]!, largest)) / total;
        const notP = i === place ? rest / total : 1 - p;
        const [others, own] = [sum - v[i]!, v[i]!];
        out[i] = (others === 0 ? 0 : p * others) - (own === 0 ? 0 : notP * own);
      }
    }
    return tensor(out, shape);
  },
};
