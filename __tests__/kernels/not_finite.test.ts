import { it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  type Reduction,
} from '../../src/pure.js';
import { seeded } from '../support/arbitraries.js';
import { backend, isGpu } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';
import { bothWays, describeKernels } from '../support/kernels.js';

/** On webgpu the formulas, not the kernels, pass over a NaN, as TF.js's max does. */
const noNaN = backend === 'webgpu';
const special = fc.constantFrom(0, -0, Infinity, -Infinity, noNaN ? 0 : NaN);
/** Numbers of all sizes, but none whose sums overflow: float32 sums of the formulas do so earlier than the kernels' float64. */
const logit = fc.oneof(
  special,
  fc.constantFrom(1e-45, 1e30, -1e30),
  fc.float({ min: -Math.fround(1e30), max: Math.fround(1e30), noNaN }),
  fc.float({ min: -50, max: 50, noNaN }),
  fc.float({ min: -5, max: 5, noNaN: true }),
);
/** Labels as they should be, and mistaken ones. */
const label = fc.oneof(
  fc.integer({ min: 0, max: 1000 }).map((n) => Math.fround(n / 1000)),
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom(0, -0, noNaN ? 0 : NaN),
);
/** A NaN among them makes a weighted mean NaN, and by the formula also the gradient of rows that do not count. */
const weight = fc.oneof(
  fc.float({ min: Math.fround(0.001), max: 4, noNaN: true }),
  fc.constantFrom(0, -0, 1),
);

/** A batch of logits with labels and weights, in rows of one length. */
const batch = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(1, 2, 3, 4, 9, 13, 18))
  .chain(([rows, length]) => {
    const numbers = (of: fc.Arbitrary<number>, count: number) =>
      fc.array(of, { minLength: count, maxLength: count });
    return fc.record({
      shape: fc.constant([rows, length] as [number, number]),
      logits: numbers(logit, rows * length),
      labels: numbers(label, rows * length),
      hard: numbers(fc.constantFrom(0, 1), rows * length),
      classes: numbers(fc.integer({ min: -1, max: length - 1 }), rows),
      weights: numbers(weight, rows),
    });
  });

/** The products and powers of the smallest numbers are 0 for one of both; gradients are differences. */
const CLOSE = { relative: 3e-6, absolute: 1e-28 };
const CLOSE_GRADIENT = { relative: 3e-6, absolute: 1e-5 };

/** The value and the gradient with kernels, and as formulas. */
const valueAndGradient = (f: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor) =>
  bothWays(() => ({ value: f(x), gradient: tf.grad((z) => tf.sum(f(z)))(x) }));

const REDUCTIONS: Reduction[] = ['none', 'sum', 'mean', 'mean_with_sample_weight'];

describeKernels(
  'for any numbers at all, fused losses equal the formulas: NaN and infinities where they have them',
  () => {
    it.each(REDUCTIONS)('labels 0 and 1, reduction %j', (reduction) => {
      const options = { fromLogits: true, reduction };
      fc.assert(
        fc.property(batch, ({ shape, logits, hard, classes }) => {
          tf.tidy(() => {
            const x = tf.tensor2d(logits, shape);
            const y = tf.tensor2d(hard, shape);
            const indices = tf.tensor1d(classes, 'int32');
            const sparse = new SparseCategoricalCrossentropy({ ...options, ignoreClass: -1 });
            for (const f of [
              (z: tf.Tensor) => new BinaryCrossentropy(options)(y, z),
              (z: tf.Tensor) => sparse(indices, z),
            ]) {
              const { fast, formula } = valueAndGradient(f, x);
              expectClose(fast.value, formula.value, CLOSE);
              expectClose(fast.gradient, formula.gradient, CLOSE_GRADIENT);
            }
          });
        }),
        seeded,
      );
    });

    it.each(REDUCTIONS)('any labels and weights, reduction %j', (reduction) => {
      const options = { fromLogits: true, reduction };
      fc.assert(
        fc.property(batch, ({ shape, logits, labels, weights }) => {
          tf.tidy(() => {
            const x = tf.tensor2d(logits, shape);
            const y = tf.tensor2d(labels, shape);
            const w = tf.tensor1d(weights);
            for (const loss of [
              new BinaryCrossentropy(options),
              new CategoricalCrossentropy(options),
            ]) {
              for (const sampleWeight of [undefined, w]) {
                const { fast, formula } = valueAndGradient((z) => loss(y, z, sampleWeight), x);
                expectClose(fast.value, formula.value, CLOSE);
                expectClose(fast.gradient, formula.gradient, CLOSE_GRADIENT);
              }
            }
          });
        }),
        seeded,
      );
    });

    it.each(REDUCTIONS)('weights of any kind, reduction %j', (reduction) => {
      const loss = new BinaryCrossentropy({ fromLogits: true, reduction });
      for (const weight of [NaN, 0, -0, -1]) {
        const weights = tf.tensor1d([1, weight, 2]);
        const { fast, formula } = bothWays(() => loss(tf.ones([3, 2]), tf.zeros([3, 2]), weights));
        expectClose(fast, formula, CLOSE);
      }
    });
  },
);

const { log1p, exp } = Math;
const each = { fromLogits: true, reduction: 'none' } as const;

describeKernels('in a fused loss', () => {
  it('an infinite logit costs 0 where the label agrees and Infinity where not, and no other row', () => {
    const logits = tf.tensor2d([Infinity, -Infinity, Infinity, -Infinity, 0], [5, 1]);
    const labels = tf.tensor2d([1, 0, 0, 1, 1], [5, 1]);
    const loss = new BinaryCrossentropy(each);
    const { value, grad } = tf.valueAndGrad((x) => loss(labels, x))(logits);
    expectClose(value, [0, 0, Infinity, Infinity, Math.LN2]);
    expectClose(grad, [[0], [0], [1], [-1], [-0.5]]);
  });

  it.each([3, 4, 12, 13, 64, 67])(
    'a class that is ruled out by −Infinity costs nothing: %i classes',
    (length) => {
      // Classes 0 and 1 with logits 1 and 0, the others ruled out; the next row is another one.
      const row = [1, 0, ...Array<number>(length - 2).fill(-Infinity)];
      const logits = tf.tensor2d([row, Array<number>(length).fill(2)]);
      const p = 1 / (1 + exp(-1));
      const gradient = [
        [p - 1, 1 - p, ...Array<number>(length - 2).fill(0)],
        [1 / length - 1, ...Array<number>(length - 1).fill(1 / length)],
      ];
      const sparse = new SparseCategoricalCrossentropy(each);
      const dense = new CategoricalCrossentropy(each);
      const hot = tf.oneHot([0, 0], length);
      for (const f of [(x: tf.Tensor) => sparse([0, 0], x), (x: tf.Tensor) => dense(hot, x)]) {
        const { value, grad } = tf.valueAndGrad(f)(logits);
        expectClose(value, [log1p(exp(-1)), Math.log(length)]);
        expectClose(grad, gradient);
      }
      expectClose(sparse([length - 1, 0], logits), [Infinity, Math.log(length)]);
    },
  );

  it.each([2, 5, 13, 65])(
    'rows of weight 0 and ignored ones may be NaN or infinite: %i numbers',
    (length) => {
      for (const bad of [NaN, Infinity, -Infinity]) {
        const good = Array.from({ length }, (_, j) => Math.sin(j));
        const spoiled = tf.tensor2d([good, Array<number>(length).fill(bad), good]);
        const clean = tf.tensor2d([good, good]);
        const weights = [1, 0, 2];
        for (const reduction of REDUCTIONS) {
          const options = { fromLogits: true, reduction };
          const y = good.map((_, j) => Number(j === 1));
          const [ys, cleanYs] = [tf.tensor2d([y, y.map(() => NaN), y]), tf.tensor2d([y, y])];
          const without = (values: tf.Tensor) => tf.gather(values, [0, 2]);
          const binary = new BinaryCrossentropy(options);
          const dense = new CategoricalCrossentropy(options);
          const sparse = new SparseCategoricalCrossentropy({ ...options, ignoreClass: -1 });
          const pairs: [(x: tf.Tensor) => tf.Tensor, (x: tf.Tensor) => tf.Tensor, number][] = [
            [(x) => binary(ys, x, weights), (x) => binary(cleanYs, x, [1, 2]), 2 / 3],
            [(x) => dense(ys, x, weights), (x) => dense(cleanYs, x, [1, 2]), 2 / 3],
            [(x) => sparse([1, 1, 1], x, weights), (x) => sparse([1, 1], x, [1, 2]), 2 / 3],
            [(x) => sparse([1, -1, 1], x), (x) => sparse([1, 1], x), 1],
          ];
          for (const [f, g, share] of pairs) {
            const spoiledRun = tf.valueAndGrad((x: tf.Tensor) => f(x))(spoiled);
            const cleanRun = tf.valueAndGrad((x: tf.Tensor) => g(x))(clean);
            // A mean divides by the number of rows, and a row of weight 0 is one of them.
            const factor = reduction === 'mean' ? share : 1;
            const value = reduction === 'none' ? without(spoiledRun.value) : spoiledRun.value;
            expectClose(value, tf.mul(cleanRun.value, factor));
            expectClose(without(spoiledRun.grad), tf.mul(cleanRun.grad, factor));
            expectClose(tf.gather(spoiledRun.grad, 1), tf.zeros([length]));
          }
        }
      }
    },
  );

  it('a row of NaN is NaN, and its neighbours are not', () => {
    for (const length of [1, 4, 12, 13, 64]) {
      const zeros = Array<number>(length).fill(0);
      const logits = tf.tensor2d([zeros, zeros.map((_, j) => (j === length - 1 ? NaN : 0)), zeros]);
      const binary = new BinaryCrossentropy(each)(tf.ones([3, length]), logits);
      expectClose(binary, [Math.LN2, NaN, Math.LN2]);
      const sparse = new SparseCategoricalCrossentropy(each)([0, 0, 0], logits);
      expectClose(sparse, [Math.log(length), NaN, Math.log(length)]);
    }
  });

  // The sum of two of them is more than the float32 of a GPU holds.
  (isGpu ? it.skip : it)('the largest numbers there are cost what they cost', () => {
    const largest = 3.4028234663852886e38;
    const loss = new BinaryCrossentropy({ fromLogits: true });
    expectClose(loss([[1], [0]], [[-largest], [largest]]), largest);
    const sparse = new SparseCategoricalCrossentropy({ fromLogits: true });
    expectClose(
      sparse(
        [1, 0],
        [
          [0, -largest],
          [-largest, 0],
        ],
      ),
      largest,
    );
    expectClose(
      sparse(
        [0, 1],
        [
          [largest, -largest],
          [-largest, largest],
        ],
      ),
      0,
    );
    expectClose(sparse([1], [[largest, -largest]]), Infinity);
  });
});
