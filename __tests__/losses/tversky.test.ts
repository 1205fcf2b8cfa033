import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { Dice, Tversky, tversky } from '../../src/pure.js';
import { describeFloat32 } from '../support/backend.js';
import { expectClose, TAIL } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './tversky.golden.json';

const fromLogits = { fromLogits: true };

describe('Tversky', () => {
  describeGolden(Tversky, golden);

  it('lets alpha weigh false positives, and beta false negatives', () => {
    // By hand: one hit, one false positive, two false negatives.
    const [y, p] = [
      [1, 0, 1, 1],
      [1, 1, 0, 0],
    ];
    expectClose(tversky(y, p, { alpha: 0.9, beta: 0.1 }), 1 - 1 / (1 + 0.9 + 0.2 + 1e-7));
    expectClose(tversky(y, p, { alpha: 0.1, beta: 0.9 }), 1 - 1 / (1 + 0.1 + 1.8 + 1e-7));
    // Keras 3.15.1 says 0.5 and 0.6774 in the other order: its alpha weighs false negatives.
  });

  it('with both at ½ is Dice, from probabilities and logits, value and gradient', () => {
    const y = tf.tensor2d([
      [1, 0, 1],
      [0, 0.3, 1],
    ]);
    const x = tf.tensor2d([
      [0.9, 0.2, 0.4],
      [0.3, 0.1, 0.7],
    ]);
    for (const options of [
      {},
      fromLogits,
      { axis: 1 },
      { ...fromLogits, classWeights: [1, 2, 0.5] },
    ]) {
      const [a, b] = [new Tversky(options), new Dice(options)];
      expectClose(a(y, x), b(y, x));
      expectClose(tf.grad((z) => a(y, z))(x), tf.grad((z) => b(y, z))(x), { absolute: 1e-7 });
    }
  });

  it('with both at 1 is 1 − intersection over union', () => {
    expectClose(tversky([1, 1, 1, 0, 0], [1, 1, 0, 1, 0], { alpha: 1, beta: 1 }), 1 - 2 / 4);
  });

  describeFloat32('from logits', () => {
    // mpmath 1.4, 60 digits.
    it.each<[string, number[], number[], number, number[]]>([
      [
        'right and sure',
        [1, 1, 0, 0],
        [20, 18, -20, -25],
        5.63631501406e-8,
        [-7.21403747882e-10, -5.33049262269e-9, 3.09173009912e-10, 2.08319136287e-12],
      ],
      [
        'wrong and sure',
        [1, 0, 1, 0],
        [-30, 20, -40, 25],
        1,
        [-4.67881125193e-14, 1.44662791008e-23, -2.1241770221e-18, 9.74730222541e-26],
      ],
    ])('keeps all digits where it is %s', (_, y, x, loss, gradient) => {
      const f = (z: tf.Tensor) => tversky(y, z, { ...fromLogits, alpha: 0.3, beta: 0.7 });
      expectClose(f(tf.tensor1d(x)), loss);
      expectClose(tf.grad(f)(tf.tensor1d(x)), gradient, TAIL);
    });
  });

  it.each<[string, () => unknown, new (...args: never[]) => Error, string]>([
    [
      'a negative alpha',
      () => new Tversky({ alpha: -1 }),
      RangeError,
      'Tversky: alpha must be finite and at least 0. Received: -1.',
    ],
    [
      'a beta that is no number',
      () => tversky([1], [1], { beta: null as never }),
      TypeError,
      'tversky: beta must be a number. Received: null.',
    ],
  ])('rejects %s', (_, f, error, text) => {
    expect(f).toThrow(error);
    expect(f).toThrow(text);
  });
});
