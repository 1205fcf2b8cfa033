import { tensor } from '@tensorflow/tfjs-core';

import { axisRows, type OpKernel } from './kernel.js';

/** Not tfjs-node: its native ops are faster than reading the tensors. */
const BACKENDS = ['cpu', 'wasm'];

type Values = ArrayLike<number>;

/** The largest logit x of a row, the index of one that is so large, and Σ e^(x − largest) over all others. */
export function scanRow(x: Values, start: number, length: number, stride: number) {
  let largestAt = start;
  let largest = -Infinity;
  for (let j = 0, i = start; j < length; j++, i += stride) {
    const value = x[i]!;
    if (value > largest) {
      largest = value;
      largestAt = i;
    }
  }
  let sumExpOthers = 0;
  for (let j = 0, i = start; j < length; j++, i += stride) {
    if (i !== largestAt) sumExpOthers += x[i] === largest ? 1 : Math.exp(x[i]! - largest);
  }
  // The sum leaves out x[largestAt]. That is NaN where NaN comes first and all others are −Infinity.
  return { largest, largestAt, sumExpOthers: Number.isNaN(x[largestAt]) ? NaN : sumExpOthers };
}

/** x − largest. The difference of two equal infinities would be NaN. */
export const shifted = (x: number, largest: number) => (x === largest ? 0 : x - largest);

export const negativeLogSoftmax: OpKernel = {
  op: 'NegativeLogSoftmax',
  backends: BACKENDS,
  run: ([logits], { axis }) => {
    const { shape } = logits!;
    const x = logits!.dataSync();
    const out = new Float32Array(x.length);
    const { count, length, stride, start } = axisRows(shape, axis!);
    for (let row = 0; row < count; row++) {
      const first = start(row);
      const { largest, sumExpOthers } = scanRow(x, first, length, stride);
      // Of the shifted logits. That of the largest one, 0, adds e⁰ = 1.
      const logSumExp = Math.log1p(sumExpOthers);
      for (let j = 0, i = first; j < length; j++, i += stride) {
        out[i] = logSumExp - shifted(x[i]!, largest);
      }
    }
    return tensor(out, shape);
  },
};

export const negativeLogSoftmaxGradient: OpKernel = {
  op: 'NegativeLogSoftmaxGradient',
  backends: BACKENDS,
  run: ([logits, weights], { axis }) => {
    const { shape } = logits!;
    const [x, v] = [logits!.dataSync(), weights!.dataSync()];
    const out = new Float32Array(x.length);
    const { count, length, stride, start } = axisRows(shape, axis!);
    for (let row = 0; row < count; row++) {
      const first = start(row);
      let sum = 0;
      for (let j = 0, i = first; j < length; j++, i += stride) sum += v[i]!;
      const { largest, largestAt, sumExpOthers } = scanRow(x, first, length, stride);
      const sumExp = 1 + sumExpOthers;
      for (let j = 0, i = first; j < length; j++, i += stride) {
        const p = Math.exp(shifted(x[i]!, largest)) / sumExp;
        // Where p is nearly 1, the difference 1 − p would lose its digits.
        const oneMinusP = i === largestAt ? sumExpOthers / sumExp : 1 - p;
        const [weight, otherWeights] = [v[i]!, sum - v[i]!];
        // A factor of 0 makes 0 even of NaN.
        out[i] =
          (otherWeights === 0 ? 0 : p * otherWeights) - (weight === 0 ? 0 : oneMinusP * weight);
      }
    }
    return tensor(out, shape);
  },
};
