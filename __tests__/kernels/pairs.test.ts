import { it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import * as losses from '../../src/losses/index.js';
import { partsOf } from '../../src/core/description.js';
import { isLossClass, type LossClass } from '../../src/core/loss.js';
import { ELEMENTWISE_KERNELS } from '../../src/core/kernel_contract.js';
import { seeded } from '../support/arbitraries.js';
import { backend } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';
import { bothWays, describeKernels } from '../support/kernels.js';

const kernelOf = (lossClass: LossClass) =>
  partsOf(new lossClass())?.kernel?.([2, 3], [2, 3], false)?.kernel;
/** The losses that compare each label with its prediction. */
const pairs = Object.values(losses as Readonly<Record<string, unknown>>)
  .filter(isLossClass)
  .filter((lossClass) => !('fromLogits' in lossClass.defaults))
  .filter((lossClass) => (ELEMENTWISE_KERNELS as readonly unknown[]).includes(kernelOf(lossClass)));

/** TF.js's own ops on webgpu pass over a NaN. */
const special = fc.constantFrom(0, 1, -1, 1e-7, 1e-3, ...(backend === 'webgpu' ? [] : [NaN]));
/** GPUs flush numbers below 1e-38 to 0. */
const ordinary = fc
  .float({ min: -8, max: 8, noNaN: true })
  .map((x) => (Math.abs(x) < 1e-30 ? 0 : x));
const number = fc.oneof(special, ordinary);
const prediction =
  backend === 'webgpu' ? number : fc.oneof(number, fc.constantFrom(Infinity, -Infinity));
const weight = fc.constantFrom(0, 0.5, 1, 2);

const batch = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(1, 2, 3, 5, 9))
  .chain(([rows, length]) => {
    const numbers = (of: fc.Arbitrary<number>, count: number) =>
      fc.array(of, { minLength: count, maxLength: count });
    return fc.record({
      shape: fc.constant([rows, length] as [number, number]),
      labels: numbers(number, rows * length),
      output: numbers(prediction, rows * length),
      weights: numbers(weight, rows),
    });
  });

describeKernels('losses of numbers are the same by their kernel as by their formula', () => {
  it.each(pairs.map((lossClass) => ({ name: lossClass.className, lossClass })))(
    '$name: values and gradients, with weights, NaN where the formula has it',
    ({ lossClass }) => {
      const all = ['none', 'mean_with_sample_weight'].map(
        (reduction) => new lossClass({ reduction } as never),
      );
      fc.assert(
        fc.property(batch, ({ shape, labels, output, weights }) => {
          tf.tidy(() => {
            const [y, x] = [tf.tensor2d(labels, shape), tf.tensor2d(output, shape)];
            for (const loss of all) {
              const { fast, formula } = bothWays(() => {
                const f = (z: tf.Tensor) => tf.sum(loss(y, z, weights));
                return { value: loss(y, x, weights), gradient: tf.grad(f)(x) };
              });
              // Numbers of percent at labels near 0, and terms of both signs, are rounded in sums.
              const most = Math.max(
                1,
                ...Array.from(formula.value.dataSync(), Math.abs).filter(Number.isFinite),
              );
              const close = { relative: 1e-5, absolute: 2e-6 * most };
              expectClose(fast.value, formula.value, close);
              expectClose(fast.gradient, formula.gradient, close);
            }
          });
        }),
        { ...seeded, numRuns: seeded.numRuns / 2 },
      );
    },
  );

  // GPUs put long rows together from parts.
  it.each(
    pairs.flatMap((lossClass) => [
      { name: lossClass.className, labelled: 'numbers', lossClass },
      { name: lossClass.className, labelled: '0 and 1', lossClass },
    ]),
  )('$name: of rows of 1,500 entries, labels $labelled', ({ lossClass, labelled }) => {
    const shape: [number, number] = [3, 1500];
    const [given, p] = [7, 8].map((seed) => tf.randomUniform(shape, 0.05, 0.95, 'float32', seed));
    // Rounded predictions have ties, of which each has a share.
    const y = labelled === 'numbers' ? given! : tf.round(given!);
    const x = labelled === 'numbers' ? p! : tf.div(tf.round(tf.mul(p!, 64)), 64);
    const loss = new lossClass({ reduction: 'none' } as never);
    const { fast, formula } = bothWays(() => ({
      value: loss(y, x),
      gradient: tf.grad((z) => tf.sum(loss(y, z)))(x),
    }));
    expectClose(fast.value, formula.value, { relative: 1e-5 });
    const largest = Math.max(...Array.from(formula.gradient.dataSync(), Math.abs));
    expectClose(fast.gradient, formula.gradient, { relative: 1e-5, absolute: 1e-6 * largest });
  });

  // By hand: a margin that is kept has slope 0, however large the label; a weight of 0 leaves out a slope that is infinite.
  it('0 stays 0 beside infinities', () => {
    const gradient = (name: 'SquaredHinge' | 'Poisson', y: number[][], x: number[][], weight = 1) =>
      tf.grad((z) => new losses[name]({ reduction: 'sum' })(y, z, [weight]))(tf.tensor(x));
    expectClose(gradient('SquaredHinge', [[2e38, -1]], [[1, 2]]), [[0, 3]]);
    expectClose(gradient('Poisson', [[1e30]], [[-9.999999406318238e-8]], 0), [[0]]);
  });

  it('cosine of vectors whose lengths are beyond float32', () => {
    const [y, x] = [tf.fill([1, 4], 3e38), tf.fill([1, 4], 3e38)];
    const { value, grad } = tf.valueAndGrad((z) => new losses.CosineSimilarity()(y, z))(x);
    expectClose(value, -1, { relative: 1e-5 });
    expectClose(grad, [[0, 0, 0, 0]], { absolute: 1e-37 });
  });

  it('all of them', () => {
    if (pairs.length !== ELEMENTWISE_KERNELS.length)
      throw new Error(`${pairs.length} of ${ELEMENTWISE_KERNELS.length}`);
  });
});
