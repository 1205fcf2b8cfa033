import { expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { READABLE, fusedKernelName } from '../../src/core/kernel_contract.js';
import * as losses from '../../src/losses/index.js';
import { backend, describeFloat32 } from '../support/backend.js';
import { ulpsOfLargest } from '../support/ulp.js';
import precision from './number_losses.mpmath.json';

/** Kernels compute in float64, or a handful of float32 operations with polynomials of their own. */
const KERNEL_ULPS = 4;

/** The formulas' operations each round, with functions of the backend that are less exact, and a square doubles the error. */
const FORMULA_ULPS = 8;

const worst = (ulps: number[]) => Math.max(...ulps);

describeFloat32(`losses of numbers against exactly rounded results of ${precision.source}`, () => {
  it.each(precision.cases)('$title', ({ loss, labels, predictions, ...exact }) => {
    const number = new losses[loss as 'LogCosh']({ reduction: 'none' });
    const [y, p] = [tf.tensor2d(labels), tf.tensor2d(predictions)];
    const spec = number.kernel(y.shape, p.shape)!;
    const hasKernel = tf
      .getKernelsForBackend(backend)
      .some(({ kernelName }) => kernelName === fusedKernelName(spec.kernel));
    const limit = hasKernel ? KERNEL_ULPS : FORMULA_ULPS;
    const value = Float32Array.from(exact.value);
    const gradient = Float32Array.from(exact.gradient.flat());

    const alone = number(y, p).dataSync();
    const both = tf.valueAndGrad((x) => number(y, x))(p);
    expect(worst(ulpsOfLargest(alone, value, 1))).toBeLessThanOrEqual(limit);
    expect(worst(ulpsOfLargest(both.value.dataSync(), value, 1))).toBeLessThanOrEqual(limit);
    // In float32, what is left between nearly parallel directions has the rounding errors of the directions.
    const terms =
      !(hasKernel && READABLE.includes(backend)) && loss === 'CosineSimilarity'
        ? directions(labels, predictions)
        : gradient;
    const ulps = ulpsOfLargest(both.grad.dataSync(), gradient, spec.rowLength, terms);
    expect(worst(ulps)).toBeLessThanOrEqual(limit);
  });
});

/** y / (‖y‖ · ‖p‖), from which the gradient of the cosine takes away what is parallel to p. */
function directions(labels: number[][], predictions: number[][]): number[] {
  return labels.flatMap((y, row) =>
    y.map((entry) => entry / (Math.hypot(...y) * Math.hypot(...predictions[row]!))),
  );
}
