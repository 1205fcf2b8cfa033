import { describe, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { Hinge, hinge } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './hinge.golden.json';

describe('hinge', () => {
  describeGolden(Hinge, golden);

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
