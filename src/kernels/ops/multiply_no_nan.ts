import { elementwiseKernel } from './kernel.js';

export const multiplyNoNan = elementwiseKernel('MultiplyNoNan', ['cpu'], (x, y) =>
  y === 0 ? y : x * y,
);
