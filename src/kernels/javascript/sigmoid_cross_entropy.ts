import { elementwiseKernel } from './kernel.js';

/** tfjs-node's native ops are faster than reading the tensors. */
const BACKENDS = ['cpu', 'wasm'];

/** Weight of the label that the sign of the logit speaks against. */
const opposed = (y: number, x: number, w: number) => (x > 0 ? 1 - y : y * w);

export const sigmoidCrossEntropy = elementwiseKernel(
  'SigmoidCrossEntropy',
  BACKENDS,
  (y, x, w = 1) => {
    const distance = Math.abs(x);
    const against = opposed(y, x, w);
    const tail = Math.log1p(Math.exp(-distance)) * (1 - y + y * w);
    return (against === 0 ? 0 : distance * against) + tail;
  },
);

export const sigmoidCrossEntropyGradient = elementwiseKernel(
  'SigmoidCrossEntropyGradient',
  BACKENDS,
  (y, x, w = 1) => {
    const e = Math.exp(-Math.abs(x));
    const outward = opposed(y, x, w) - (e / (1 + e)) * (1 - y + y * w);
    return x > 0 ? outward : -outward;
  },
);
