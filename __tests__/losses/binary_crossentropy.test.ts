import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { BinaryCrossentropy, binaryCrossentropy, ops, ShapeError } from '../../src/pure.js';
import { labelsAndLogits, seeded } from '../support/arbitraries.js';
import { backend } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import { expectTensorsKept, kernelsOf } from '../support/memory.js';
import golden from './binary_crossentropy.golden.json';

const fromLogits = { fromLogits: true };
const y = [
  [0, 1],
  [0, 0],
];
const p = [
  [0.6, 0.4],
  [0.4, 0.6],
];
const x = [
  [-18.6, 0.51],
  [2.94, -12.8],
];

describe('binary cross-entropy', () => {
  describeGolden(BinaryCrossentropy, golden);

  describe('gives the values that Keras 3.15.1 documents or prints', () => {
    it('per sample, and as an object', () => {
      expectClose(binaryCrossentropy(y, p), [0.91629073, 0.71355818]);
      expectClose(new BinaryCrossentropy()(y, p), 0.81492424);
    });

    it('from logits, also as a flat vector', () => {
      expectClose(new BinaryCrossentropy(fromLogits)(y, x), 0.865458);
      expectClose(new BinaryCrossentropy(fromLogits)(y.flat(), x.flat()), 0.865458);
    });

    it('weighted, summed, and not reduced', () => {
      const sum = new BinaryCrossentropy({ fromLogits: true, reduction: 'sum' });
      const none = new BinaryCrossentropy({ fromLogits: true, reduction: 'none' });
      expectClose(new BinaryCrossentropy(fromLogits)(y, x, [0.8, 0.2]), 0.2436386);
      expectClose(sum(y, x), 1.730916);
      expectClose(none(y, x), [0.23515666, 1.4957594]);
    });

    it('clipped at both ends: 1e-7, and 1 − 1.19e-7 in float32', () => {
      expectClose(new BinaryCrossentropy()([1, 1, 1], [1, 1, 0]), 5.3726983070373535);
      expectClose(binaryCrossentropy([[1], [0]], [[0], [1]]), [16.118095, 15.942385]);
    });

    it('with the second epsilon of tf.keras 2.21', () => {
      const bce = new BinaryCrossentropy({ compat: 'keras2' });
      expectClose(bce([1, 1, 1], [1, 1, 0]), 5.1416497230529785);
      expectClose(
        binaryCrossentropy([[1], [0]], [[0], [1]], { compat: 'keras2' }),
        [15.424949, 15.333239],
      );
    });
  });

  it('with keras2 has the gradient of its value', () => {
    // d/dp of −log(p + 1e-7) and −log(1 − p + 1e-7), by hand.
    const f = (output: tf.Tensor) =>
      tf.sum(binaryCrossentropy([[1], [0]], output, { compat: 'keras2' }));
    const gradient = tf.grad(f)(tf.tensor([[0.25], [0.25]]));
    expectClose(gradient, [[-1 / 0.2500001], [1 / 0.7500001]]);
  });

  it('counts positive labels posWeight times, for all labels or per label', () => {
    // PyTorch 2.13 and tf.nn.weighted_cross_entropy_with_logits: 3 log 2 and log 2.
    expectClose(binaryCrossentropy([[1], [0]], [[0], [0]], { fromLogits: true, posWeight: 3 }), [
      3 * Math.LN2,
      Math.LN2,
    ]);
    const perLabel = { fromLogits: true, posWeight: [2, 5], axis: [] };
    expectClose(
      binaryCrossentropy(
        [
          [1, 1],
          [0, 0],
        ],
        tf.zeros([2, 2]),
        perLabel,
      ),
      [
        [2 * Math.LN2, 5 * Math.LN2],
        [Math.LN2, Math.LN2],
      ],
    );
  });

  it('has the same posWeight from logits and from their sigmoid, value and gradient', () => {
    const logits = tf.tensor([[-2, 0.5, 3]]);
    const labels = [[1, 0.3, 1]];
    const options = { posWeight: [0.5, 2, 3] };
    const direct = (z: tf.Tensor) =>
      tf.sum(binaryCrossentropy(labels, z, { ...options, ...fromLogits }));
    const through = (z: tf.Tensor) => tf.sum(binaryCrossentropy(labels, tf.sigmoid(z), options));
    expectClose(through(logits), direct(logits), { relative: 2e-6 });
    expectClose(tf.grad(through)(logits), tf.grad(direct)(logits), { relative: 2e-6 });
  });

  // torch.nn.functional.binary_cross_entropy_with_logits of PyTorch 2.13 in float64, with weight and pos_weight.
  it.each([
    [
      null,
      [0.07838555857974004, 1.134275978783295],
      [
        [5.5722600210079486e-9, -0.06253225425526178, 0],
        [-0.5450496507957624, 4.601274916988411e-7, 0],
      ],
    ],
    [
      [3, 1, 2],
      [0.07838555857974004, 3.4028270160936316],
      [
        [5.5722600210079486e-9, -0.06253225425526178, 0],
        [-1.6351489523872873, 4.601274916988411e-7, 0],
      ],
    ],
  ])('weighs labels by classWeights, with posWeight %j', (posWeight, values, gradient) => {
    const labels = [
      [0, 1, 1],
      [1, 0, 0.25],
    ];
    const logits = tf.tensor([
      [-18.6, 0.51, 2.94],
      [-1.5, -12.8, 40],
    ]);
    const options = { posWeight, classWeights: [2, 0.5, 0] };
    const loss = (z: tf.Tensor) => binaryCrossentropy(labels, z, { ...options, ...fromLogits });
    expectClose(loss(logits), values);
    expectClose(tf.grad((z) => tf.sum(loss(z)))(logits), gradient);
    const small = tf.tensor([
      [-2, 0.5, NaN],
      [1.5, -1, NaN],
    ]);
    const through = binaryCrossentropy(labels, tf.sigmoid(small), options);
    // The label with weight 0 is left out, whatever is predicted for it.
    expectClose(through, loss(small), { relative: 2e-6 });
  });

  it('is 0 for an empty batch also with weights of labels, and has an empty gradient', () => {
    const empty = tf.zeros([0, 3]);
    const loss = (z: tf.Tensor) =>
      new BinaryCrossentropy({ classWeights: [1, 2, 3], posWeight: [1, 2, 3] })(empty, z);
    expectClose(loss(empty), 0);
    expect(tf.grad(loss)(empty).shape).toEqual([0, 3]);
    const values = new BinaryCrossentropy({ reduction: 'none', axis: [] })(empty, empty, [
      [1, 2, 3],
    ]);
    expect(values.shape).toEqual([0, 3]);
  });

  it('smooths labels towards ½ before posWeight applies', () => {
    // y = 1 with ε = 0.2 is 0.9: −3 · 0.9 · log ½ − 0.1 · log ½.
    const options = { fromLogits: true, labelSmoothing: 0.2, posWeight: 3 };
    expectClose(binaryCrossentropy([[1]], [[0]], options), [2.8 * Math.LN2]);
  });

  it('keeps the digits of 1 − p where p is small', () => {
    // −log1p(−p), by its series; Keras rounds 1 − p first and gives 1.1920929e-7 for all three.
    const small = [1e-7, 1.5e-7, 1e-6].map(Math.fround);
    expectClose(
      binaryCrossentropy([[0], [0], [0]], tf.tensor2d(small, [3, 1])),
      small.map((q) => q + (q * q) / 2),
    );
  });

  it('stays exact where the sigmoid saturates', () => {
    const labels = [[1], [1], [0], [0]];
    const logits = tf.tensor([[-1e4], [40], [1e4], [-40]]);
    // log(1 + e⁻⁴⁰) = e⁻⁴⁰ to 17 digits.
    expectClose(binaryCrossentropy(labels, logits, fromLogits), [
      1e4,
      Math.exp(-40),
      1e4,
      Math.exp(-40),
    ]);
    const gradient = tf.grad((z) => tf.sum(binaryCrossentropy(labels, z, fromLogits)))(logits);
    expectClose(gradient, [[-1], [-Math.exp(-40)], [1], [Math.exp(-40)]]);
  });

  it('takes an infinite logit for 0 or Infinity, and NaN alone for NaN', () => {
    const labels = [[1], [0], [1], [0], [1], [NaN]];
    const logits = [[Infinity], [-Infinity], [-Infinity], [Infinity], [NaN], [0]];
    expectClose(binaryCrossentropy(labels, logits, fromLogits), [
      0,
      0,
      Infinity,
      Infinity,
      NaN,
      NaN,
    ]);
  });

  it('shows a NaN probability instead of clipping it', () => {
    expectClose(binaryCrossentropy([[1], [0]], [[NaN], [0.5]]), [NaN, Math.LN2]);
  });

  it('from logits is the mean of the op; from probabilities, of the op on them', () => {
    const logits = tf.tensor(x);
    expectClose(
      tf.mean(ops.binaryCrossentropy(y, logits, fromLogits), -1),
      binaryCrossentropy(y, logits, fromLogits),
    );
    expectClose(
      tf.mean(ops.binaryCrossentropy(y, logits, fromLogits)),
      new BinaryCrossentropy()(y, tf.sigmoid(logits)),
      // σ(−18.6) is below the clip: 1e-7 instead of 8e-9, and σ(−12.8) is rounded.
      { absolute: 1e-7 },
    );
  });

  it('is the same from logits x as from probabilities σ(x)', () => {
    fc.assert(
      fc.property(labelsAndLogits, ({ y, x }) => {
        const clear = x.map((logit) => Math.max(-12, Math.min(12, logit)));
        tf.tidy(() => {
          expectClose(
            ops.binaryCrossentropy(y, tf.sigmoid(clear)),
            tf.tensor(ops.binaryCrossentropy(y, clear, fromLogits).dataSync()),
            // A probability near 1 has an absolute error of 3e-8, which e¹² makes 5e-3 of 1 − p; twice that on GPUs.
            { relative: backend.startsWith('webg') ? 1.2e-2 : 6e-3 },
          );
        });
      }),
      seeded,
    );
  });

  it('is unchanged when every label flips and every logit changes sign', () => {
    fc.assert(
      fc.property(labelsAndLogits, ({ y, x }) => {
        tf.tidy(() => {
          const hard = y.map(Math.round);
          const flipped = hard.map((label) => 1 - label);
          const mirrored = x.map((logit) => -logit);
          expectClose(
            ops.binaryCrossentropy(flipped, mirrored, fromLogits),
            ops.binaryCrossentropy(hard, x, fromLogits),
          );
        });
      }),
      seeded,
    );
  });

  it('is linear in the labels', () => {
    fc.assert(
      fc.property(labelsAndLogits, ({ y, x }) => {
        tf.tidy(() => {
          const [zeros, ones] = [tf.zeros([x.length]), tf.ones([x.length])];
          const mixed = tf.add(
            tf.mul(y, ops.binaryCrossentropy(ones, x, fromLogits)),
            tf.mul(tf.sub(1, y), ops.binaryCrossentropy(zeros, x, fromLogits)),
          );
          expectClose(ops.binaryCrossentropy(y, x, fromLogits), mixed, { relative: 2e-6 });
        });
      }),
      seeded,
    );
  });

  it('takes tensors, nested arrays, typed arrays, numbers, and labels of any numeric dtype', () => {
    const bce = new BinaryCrossentropy();
    const expected = new BinaryCrossentropy()([1, 0], [0.7, 0.2]).dataSync()[0]!;
    for (const labels of [
      [true, false],
      new Int32Array([1, 0]),
      new Uint8Array([1, 0]),
      new Float64Array([1, 0]),
      tf.tensor([1, 0], undefined, 'int32'),
      tf.tensor([1, 0], undefined, 'bool'),
    ]) {
      expectClose(bce(labels, new Float32Array([0.7, 0.2])), expected);
    }
    expectClose(bce(1, 0.5), Math.LN2);
    const rows = (values: number[][]) => values.map((row) => new Float64Array(row)) as never;
    const nested = binaryCrossentropy(
      rows([
        [1, 0],
        [0, 1],
      ]),
      rows([
        [0.5, 0.5],
        [0.2, 0.8],
      ]),
    );
    expectClose(nested, [Math.LN2, -Math.log(0.8)]);
  });

  describe('rejects bad input before any kernel runs, and leaves nothing behind', () => {
    const disposed = () => {
      const tensor = tf.tensor1d([1]);
      tensor.dispose();
      return tensor;
    };
    it.each<[string, () => unknown, new (...args: never[]) => Error, string]>([
      [
        'shapes that differ',
        () => binaryCrossentropy([[1, 0]], [[0.5]]),
        ShapeError,
        'binaryCrossentropy: yTrue and yPred must have the same shape. ' +
          'Received: yTrue [1, 2] and yPred [1, 1].',
      ],
      [
        'ranks that differ, in the function form, as Keras does',
        () => binaryCrossentropy([1, 0], [[0.5], [0.5]]),
        ShapeError,
        'yTrue [2] and yPred [2, 1]',
      ],
      [
        'label smoothing outside [0, 1]',
        () => binaryCrossentropy([1], [0.5], { labelSmoothing: 1.5 }),
        RangeError,
        'binaryCrossentropy: labelSmoothing must be in [0, 1]. Received: 1.5.',
      ],
      [
        'label smoothing that is not a number',
        () => binaryCrossentropy([1], [0.5], { labelSmoothing: '0.1' as never }),
        TypeError,
        'labelSmoothing must be a number in [0, 1]. Received: "0.1".',
      ],
      [
        'an unknown option, and offers the nearest',
        () => new BinaryCrossentropy({ fromLogit: true } as never),
        RangeError,
        `Received: "fromLogit". Did you mean 'fromLogits'?`,
      ],
      [
        'an unknown reduction, and offers the nearest',
        () => new BinaryCrossentropy({ reduction: 'men' as never }),
        RangeError,
        `Did you mean 'mean'?`,
      ],
      [
        'a compat that does not exist',
        () => new BinaryCrossentropy({ compat: 'keras1' as never }),
        RangeError,
        `Received: "keras1". Did you mean 'keras2'?`,
      ],
      [
        'fromLogits that is not a boolean',
        () => new BinaryCrossentropy({ fromLogits: 1 as never }),
        TypeError,
        "fromLogits must be true, false or 'auto'. Received: 1.",
      ],
      [
        'an axis out of range',
        () => binaryCrossentropy([[1]], [[0.5]], { axis: 2 }),
        RangeError,
        'binaryCrossentropy: axis must be in [-2, 1] for yPred [1, 1]. Received: 2.',
      ],
      [
        'an axis named twice',
        () => binaryCrossentropy([[1]], [[0.5]], { axis: [1, -1] }),
        RangeError,
        'axis must name each axis once. Received: [1,-1].',
      ],
      [
        'an axis that is not whole',
        () => binaryCrossentropy([[1]], [[0.5]], { axis: 0.5 }),
        TypeError,
        'axis must be a whole number, a list of them, or null. Received: 0.5.',
      ],
      [
        'one weight for all classes',
        () => binaryCrossentropy([[1, 0]], [[0.5, 0.5]], { classWeights: 2 as never }),
        TypeError,
        'classWeights must be an array with one number per class. Received: 2.',
      ],
      [
        'classWeights, but not one for each label',
        () => binaryCrossentropy([[1, 0]], [[0.5, 0.5]], { classWeights: [1] }),
        ShapeError,
        'classWeights must have one weight per entry of axis 1 of yPred [1, 2]. Received: 1 weights.',
      ],
      [
        'a negative posWeight',
        () => new BinaryCrossentropy({ posWeight: -1 }),
        RangeError,
        'posWeight must be finite and at least 0. Received: -1.',
      ],
      [
        'posWeight per label, but not one for each',
        () => binaryCrossentropy([[1, 0]], [[0.5, 0.5]], { posWeight: [1, 2, 3] }),
        ShapeError,
        'posWeight must have one weight per entry of axis 1 of yPred [1, 2]. Received: 3 weights.',
      ],
      [
        'a disposed tensor',
        () => binaryCrossentropy([1], disposed()),
        TypeError,
        'binaryCrossentropy: yPred must be a live tensor. Received: a disposed tensor.',
      ],
      [
        'strings',
        () => binaryCrossentropy(['yes'] as never, [0.5]),
        TypeError,
        'Received: ["yes"].',
      ],
      [
        'ragged rows',
        () => binaryCrossentropy([[1, 0], [1]], [[0.5, 0.5], [0.5]]),
        TypeError,
        'a nested array of numbers whose rows have one length. Received: [[1,0],[1]].',
      ],
      [
        'string tensors',
        () => tf.tidy(() => binaryCrossentropy(tf.tensor(['yes']), [0.5])),
        TypeError,
        'binaryCrossentropy: yTrue must be numeric (float32, int32 or bool). Received: dtype string.',
      ],
      [
        'a string among numbers',
        () => binaryCrossentropy([1, '0'] as never, [0.5, 0.5]),
        TypeError,
        'Received: [1,"0"].',
      ],
      [
        'ragged rows deep inside',
        () => binaryCrossentropy([[[1]], [[1, 0]]], [[[0.5]], [[0.5, 0.5]]]),
        TypeError,
        'Received: [[[1]],[[1,0]]].',
      ],
      [
        'numbers too large for a tensor',
        () => binaryCrossentropy(new BigInt64Array([1n]) as never, [0.5]),
        TypeError,
        'Received: a BigInt64Array.',
      ],
      [
        'sample weights that fit neither samples nor values',
        () => new BinaryCrossentropy()(y, p, [1, 2, 3]),
        ShapeError,
        'BinaryCrossentropy: sampleWeight must fit the per-sample values: their shape, its first axes, or a shape ' +
          'that broadcasts. Received: sampleWeight [3] and values [2].',
      ],
      [
        'a reduction in the function form, which has none',
        () => binaryCrossentropy([1], [0.5], { reduction: 'sum' } as never),
        RangeError,
        "option must be one of 'fromLogits', 'labelSmoothing', 'axis', 'classWeights', 'compat', 'posWeight'. Received: \"reduction\".",
      ],
      [
        'options that are no object',
        () => binaryCrossentropy([1], [0.5], null as never),
        TypeError,
        'binaryCrossentropy: options must be an object. Received: null.',
      ],
      [
        'null',
        () => binaryCrossentropy(null as never, [0.5]),
        TypeError,
        'yTrue must be a tensor, a number, a typed array, or a nested array',
      ],
    ])('%s', (_, f, error, text) => {
      expect(f).toThrow(error);
      expect(f).toThrow(text);
      const attempt = () => {
        try {
          f();
        } catch {
          // Thrown above.
        }
      };
      expectTensorsKept(0, attempt);
      expect(kernelsOf(attempt)).toEqual([]);
    });
  });
});
