import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { Huber, huber, meanAbsoluteError, meanSquaredError } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './huber.golden.json';

describe('Huber', () => {
  describeGolden(Huber, golden);

  it.each([0, -1, Infinity, NaN])('rejects delta %s', (delta) => {
    expect(() => huber([[1]], [[2]], { delta })).toThrow(RangeError);
    expect(() => new Huber({ delta })).toThrow(
      `Huber: delta must be finite and above 0. Received: ${String(delta)}.`,
    );
  });

  it('rejects a delta that is no number', () => {
    expect(() => new Huber({ delta: '1' as never })).toThrow(TypeError);
  });

  it("has Keras's name, and keeps delta in its config", () => {
    const config = new Huber({ delta: 2 }).getConfig();
    expect(config).toEqual({ name: 'huber_loss', reduction: 'sum_over_batch_size', delta: 2 });
    expect(Huber.fromConfig(config).options).toEqual({ delta: 2 });
  });

  it('is half the squared error for a large delta, and delta times the absolute error for a small one', () => {
    const y = tf.randomNormal([6, 3], 0, 1, 'float32', 1);
    const p = tf.randomNormal([6, 3], 0, 1, 'float32', 2);
    expectClose(huber(y, p, { delta: 100 }), tf.mul(0.5, meanSquaredError(y, p)));
    const delta = 1e-6;
    expectClose(huber(y, p, { delta }), tf.mul(delta, meanAbsoluteError(y, p)), { relative: 1e-4 });
  });

  it('keeps a NaN', () => {
    const slope = tf.grad((x) => tf.sum(huber([[0, 0]], x)));
    expectClose(huber([[0]], [[NaN]]), [NaN]);
    expectClose(slope(tf.tensor2d([[NaN, 3]])), [[NaN, 0.5]]);
  });

  it('has second-order gradients', () => {
    const slope = tf.grad((x) => tf.sum(huber([[0, 0]], x)));
    const curvature = tf.grad((x) => tf.sum(slope(x)));
    expectClose(curvature(tf.tensor2d([[0.5, -3]])), [[0.5, 0]]);
  });
});
