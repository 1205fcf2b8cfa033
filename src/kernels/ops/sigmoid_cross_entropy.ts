import { elementwiseKernel } from './kernel.js';

/** Not tfjs-node: its native ops are faster than reading the tensors. */
const BACKENDS = ['cpu', 'wasm'];

/** The weight of the label that the sign of the logit contradicts. */
const opposed = (y: number, x: number, posWeight: number) => (x > 0 ? 1 - y : y * posWeight);

export const sigmoidCrossEntropy = elementwiseKernel(
  'SigmoidCrossEntropy',
  BACKENDS,
  (y, x, posWeight = 1) => {
    const distance = Math.abs(x);
    const weight = opposed(y, x, posWeight);
    const tail = Math.log1p(Math.exp(-distance)) * (1 - y + y * posWeight);
    return (weight === 0 ? 0 : distance * weight) + tail;
  },
);

export const sigmoidCrossEntropyGradient = elementwiseKernel(
  'SigmoidCrossEntropyGradient',
  BACKENDS,
  (y, x, posWeight = 1) => {
    const e = Math.exp(-Math.abs(x));
    const outward = opposed(y, x, posWeight) - (e / (1 + e)) * (1 - y + y * posWeight);
    return x > 0 ? outward : -outward;
  },
);
