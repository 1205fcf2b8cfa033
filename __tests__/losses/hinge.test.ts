import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { Hinge, hinge, ShapeError } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './hinge.golden.json';

describe('hinge', () => {
  describeGolden(Hinge, golden);

  it('rejects shapes that do not broadcast, and names both', () => {
    const mismatch = () => hinge(tf.zeros([2, 3]), tf.zeros([2, 4]));
    expect(mismatch).toThrow(ShapeError);
    expect(mismatch).toThrow(
      'hinge: yTrue and yPred must have the same shape, or shapes that broadcast.',
    );
    expect(mismatch).toThrow('Received: yTrue [2, 3] and yPred [2, 4].');
  });
  it('reads labels 0 and 1 as −1 and 1, if the batch holds nothing else', () => {
    const p = tf.tensor2d([
      [0.5, -2],
      [3, 0.25],
    ]);
    const signed = [
      [-1, 1],
      [1, -1],
    ];
    const binary = [
      [0, 1],
      [1, 0],
    ];
    expectClose(hinge(binary, p), hinge(signed, p));
    const slope = (y: number[][]) => tf.grad((x) => tf.sum(hinge(y, x)))(p);
    expectClose(slope(binary), slope(signed));
    const soft = [
      [0, 1],
      [1, 0.5],
    ];
    expectClose(hinge(soft, p), [2, 0.4375]);
  });

  it('has the slope −y at the margin, as in Keras, and 0 beyond', () => {
    const slope = tf.grad((x) => tf.sum(hinge([[1, -1, 1]], x)));
    expectClose(slope(tf.tensor2d([[1, -1, 1.01]])), [[-1 / 3, 1 / 3, 0]]);
  });

  it('has second-order gradients', () => {
    const slope = tf.grad((x) => tf.sum(hinge([[1, 1]], x)));
    const curvature = tf.grad((x) => tf.sum(slope(x)));
    expectClose(curvature(tf.tensor2d([[0.5, 3]])), [[0, 0]]);
  });
  it('has a gradient for labels too', () => {
    const f = (labels: tf.Tensor) => tf.sum(hinge(labels, [[0.5, -2]]));
    expectClose(tf.grad(f)(tf.tensor2d([[1, -1]])), [[-0.25, 0]]);
  });
});
