import { expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  type Loss,
} from '../../src/pure.js';
import { isGpu } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';
import { bothWays, describeKernels } from '../support/kernels.js';
import { expectTensorsKept, kernelsOf } from '../support/memory.js';

const fromLogits = { fromLogits: true } as const;

/** Losses with labels for logits of shape [4, 3]. */
const cases = (options = {}): [Loss, tf.Tensor][] => [
  [new BinaryCrossentropy({ ...fromLogits, ...options }), tf.ones([4, 3])],
  [new CategoricalCrossentropy({ ...fromLogits, ...options }), tf.ones([4, 3])],
  [new SparseCategoricalCrossentropy({ ...fromLogits, ...options }), tf.zeros([4], 'int32')],
];

const times = (count: number, f: () => void) => {
  for (let i = 0; i < count; i++) f();
};

describeKernels('a fused loss leaves no tensor behind', () => {
  it.each(['mean', 'none', 'mean_with_sample_weight'] as const)(
    'after 50 steps, reduction %s',
    (reduction) => {
      const x = tf.randomNormal([4, 3]);
      const weights = tf.tensor1d([1, 2, 0, 4]);
      for (const [loss, y] of cases({ reduction })) {
        for (const w of [undefined, weights]) {
          expectTensorsKept(0, () => {
            times(50, () => {
              loss(y, x, w).dispose();
              tf.dispose(tf.grad((z) => tf.sum(loss(y, z, w)))(x));
              tf.dispose(tf.grad((z) => tf.mul(tf.sum(loss(y, z, w)), 3))(x));
              tf.dispose(tf.valueAndGrad((z) => tf.sum(loss(y, z, w)))(x));
            });
          });
        }
      }
    },
  );

  it('after gradients with respect to labels and weights, and of second order', () => {
    const [x, weights] = [tf.randomNormal([4, 3]), tf.ones([4])];
    for (const [loss, y] of cases().slice(0, 2)) {
      expectTensorsKept(0, () => {
        const f = (l: tf.Tensor, z: tf.Tensor, w: tf.Tensor) => loss(l, z, w);
        tf.dispose(tf.grads(f)([y, x, weights]));
        tf.dispose(tf.grad((z) => tf.sum(tf.grad((u) => loss(y, u))(z)))(x));
      });
    }
  });

  it('after training', () => {
    const variable = tf.variable(tf.randomNormal([4, 3]));
    const optimizer = tf.train.sgd(0.5);
    for (const [loss, y] of cases()) {
      const before = loss(y, variable).dataSync()[0]!;
      expectTensorsKept(0, () => {
        times(50, () => {
          optimizer.minimize(() => loss(y, variable));
        });
      });
      expect(loss(y, variable).dataSync()[0]).toBeLessThan(before);
    }
    variable.dispose();
    optimizer.dispose();
  });

  it('where its result is not used, or the variable is not connected to it', () => {
    const x = tf.randomNormal([4, 3]);
    const other = tf.randomNormal([4, 3]);
    for (const [loss, y] of cases()) {
      expectTensorsKept(1, () =>
        tf.grad((z) => {
          loss(y, z);
          return tf.sum(z);
        })(x),
      );
      // The loss of something else, beside what depends on x.
      expectTensorsKept(1, () => tf.grad((z) => tf.add(loss(y, other), tf.sum(z)))(x));
    }
  });

  it('where the variable is not connected to anything, no more than TensorFlow.js itself', () => {
    const x = tf.randomNormal([4, 3]);
    const other = tf.randomNormal([4, 3]);
    const kept = (f: () => tf.Tensor) => {
      const before = tf.memory().numTensors;
      expect(() => tf.grad(f)(x)).toThrow('Cannot compute gradient');
      return tf.memory().numTensors - before;
    };
    const own = kept(() => tf.sum(other));
    for (const [loss, y] of cases()) expect(kept(() => loss(y, other))).toBe(own);
  });

  it('where the gradient is computed twice in one function', () => {
    const x = tf.randomNormal([4, 3]);
    for (const [loss, y] of cases()) {
      expectTensorsKept(1, () => tf.grad((z) => tf.add(loss(y, z), loss(y, tf.mul(z, 2))))(x));
    }
  });
});

// A GPU is not asked for labels: that would wait for all that it has to do.
const itWhereRead = isGpu ? it.skip : it;

describeKernels('a label that is no class', () => {
  itWhereRead.each([3, -1, 1e9, -5])('is an error before anything is computed: %d', (label) => {
    const loss = new SparseCategoricalCrossentropy(fromLogits);
    const x = tf.zeros([2, 3]);
    const y = tf.tensor1d([0, label], 'int32');
    const message = `SparseCategoricalCrossentropy: labels must be class indices in [0, 2]. Received: ${label}.`;
    const wrong = () => loss(y, x);
    const wrongInGradient = () => tf.grad((z) => loss(y, z))(x);
    for (const f of [wrong, wrongInGradient]) {
      expect(f).toThrow(RangeError);
      expect(f).toThrow(message);
      expectTensorsKept(0, () => {
        times(50, () => {
          expect(f).toThrow(RangeError);
        });
      });
    }
    const { numBytes, numDataBuffers } = tf.memory();
    expect(
      kernelsOf(() => {
        expect(wrong).toThrow();
      }),
    ).toEqual(['TfjsLossesFusedSparseSoftmaxCrossEntropy']);
    expect(tf.memory()).toMatchObject({ numBytes, numDataBuffers });
  });

  it.each([NaN, 2.5, Infinity, -0.5])('is treated as by the formula: %d', (label) => {
    const { fast, formula } = bothWays(() => {
      const loss = new SparseCategoricalCrossentropy(fromLogits);
      try {
        return loss(
          tf.tensor1d([0, label]),
          tf.tensor2d([
            [1, 2, 3],
            [1, 2, 3],
          ]),
        ).dataSync()[0];
      } catch (error) {
        return String(error);
      }
    });
    const expected = isGpu && typeof formula === 'string' ? NaN : formula;
    if (Number.isFinite(expected)) expect(fast).toBeCloseTo(expected as number, 5);
    else expect(fast).toBe(expected);
  });

  itWhereRead('after the error, losses and gradients are right', () => {
    const loss = new SparseCategoricalCrossentropy(fromLogits);
    const x = tf.zeros([2, 3]);
    expect(() => tf.grad((z) => loss([0, 7], z))(x)).toThrow(RangeError);
    const { value, grad } = tf.valueAndGrad((z: tf.Tensor) => loss([0, 2], z))(x);
    expectClose(value, Math.log(3));
    expectClose(grad, [
      [-1 / 3, 1 / 6, 1 / 6],
      [1 / 6, 1 / 6, -1 / 3],
    ]);
  });

  it('the ignored class may be any number', () => {
    const loss = new SparseCategoricalCrossentropy({ ...fromLogits, ignoreClass: 255 });
    expectClose(loss([0, 255], tf.zeros([2, 3])), Math.log(3));
    if (isGpu) expectClose(loss([3, 255], tf.zeros([2, 3])), NaN);
    else expect(() => loss([3, 255], tf.zeros([2, 3]))).toThrow('Received: 3.');
  });
});

describeKernels('gradients of a fused loss outlive its inputs', () => {
  const logits = () =>
    tf.tensor2d([
      [1, -2, 0.5],
      [0, 3, -1],
    ]);
  const weights = () => tf.tensor1d([2, 0.5]);
  const loss = new CategoricalCrossentropy(fromLogits);
  const labels = () => tf.oneHot(tf.tensor1d([0, 2], 'int32'), 3);

  /** With respect to logits, labels and weights, of which the function disposes what it wants. */
  const gradients = (dispose: (y: tf.Tensor, x: tf.Tensor, w: tf.Tensor) => void) =>
    tf.grads((x, y, w) => {
      const own = (t: tf.Tensor) => tf.mul(t, 1);
      const [l, z, v] = [own(y), own(x), own(w)];
      const value = loss(l, z, v);
      dispose(l, z, v);
      return value;
    })([logits(), tf.cast(labels(), 'float32'), weights()]);

  it('made inside the function, in a tidy or not, and disposed', () => {
    const { fast, formula } = bothWays(() => gradients(() => undefined));
    formula.forEach((gradient, i) => {
      expectClose(fast[i]!, gradient, { absolute: 1e-6 });
    });
    const disposed = gradients((...all) => {
      tf.dispose(all);
    });
    formula.forEach((gradient, i) => {
      expectClose(disposed[i]!, gradient, { absolute: 1e-6 });
    });
  });

  it('labels made by tf.oneHot inside the function, and inside tf.tidy there', () => {
    const expected = tf.grad((x) => loss(labels(), x, weights()))(logits());
    const inside = tf.grad((x) => loss(labels(), x, weights()))(logits());
    const tidied = tf.grad((x) => tf.tidy(() => loss(labels(), x, weights())))(logits());
    const twice = tf.grad((x) => tf.tidy(() => tf.tidy(() => tf.mul(loss(labels(), x), 2))))(
      logits(),
    );
    expectClose(inside, expected);
    expectClose(tidied, expected);
    expectClose(twice, tf.mul(tf.grad((x) => loss(labels(), x))(logits()), 2));
  });

  it('logits made inside tf.tidy, with gradients to what they were made of', () => {
    const chained = (x: tf.Tensor) =>
      tf.tidy(() =>
        loss(
          labels(),
          tf.tidy(() => tf.mul(x, 2)),
        ),
      );
    const { fast, formula } = bothWays(() => tf.grad(chained)(logits()));
    expectClose(fast, formula, { absolute: 1e-6 });
  });

  it('inputs from outside, disposed before the gradient is computed', () => {
    const expected = tf.grad((x) => loss(labels(), x, weights()))(logits());
    const [y, w] = [labels(), weights()];
    const gradient = tf.grad((x) => {
      const value = loss(y, x, w);
      tf.dispose([y, w]);
      return value;
    })(logits());
    expectClose(gradient, expected);
  });
});
