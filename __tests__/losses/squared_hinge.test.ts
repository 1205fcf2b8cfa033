import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { hinge, ShapeError, SquaredHinge, squaredHinge } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './squared_hinge.golden.json';

describe('squared hinge', () => {
  describeGolden(SquaredHinge, golden);

  it('rejects shapes that do not broadcast, and names both', () => {
    const mismatch = () => squaredHinge(tf.zeros([2, 3]), tf.zeros([2, 4]));
    expect(mismatch).toThrow(ShapeError);
    expect(mismatch).toThrow(
      'squaredHinge: yTrue and yPred must have the same shape, or shapes that broadcast.',
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
    expectClose(squaredHinge(binary, p), squaredHinge(signed, p));
    const slope = (y: number[][]) => tf.grad((x) => tf.sum(squaredHinge(y, x)))(p);
    expectClose(slope(binary), slope(signed));
    const soft = [
      [0, 1],
      [1, 0.5],
    ];
    expectClose(squaredHinge(soft, p), [5, 0.3828125]);
  });

  it('is the square of the hinge loss, element by element', () => {
    const y = tf.tensor2d([[1], [-1], [1], [-1]]);
    const p = tf.tensor2d([[0.5], [0.75], [3], [-0.25]]);
    expectClose(squaredHinge(y, p), tf.square(hinge(y, p)));
  });

  it('has second-order gradients', () => {
    const slope = tf.grad((x) => tf.sum(squaredHinge([[1, 1]], x)));
    const curvature = tf.grad((x) => tf.sum(slope(x)));
    expectClose(curvature(tf.tensor2d([[0.5, 3]])), [[1, 0]]);
  });
  it('has a gradient for labels too', () => {
    const f = (labels: tf.Tensor) => tf.sum(squaredHinge(labels, [[0.5, -2]]));
    expectClose(tf.grad(f)(tf.tensor2d([[1, -1]])), [[-0.25, 0]]);
  });
});
