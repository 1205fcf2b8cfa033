import { describe, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  meanAbsoluteError,
  MeanAbsolutePercentageError,
  meanAbsolutePercentageError,
} from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import golden from './mean_absolute_percentage_error.golden.json';

describe('mean absolute percentage error', () => {
  describeGolden(MeanAbsolutePercentageError, golden);

  it('divides by 1e-7 where the label is 0', () => {
    const slope = tf.grad((x) => tf.sum(meanAbsolutePercentageError([[0]], x)));
    expectClose(meanAbsolutePercentageError([[0]], [[0.5]]), [5e8]);
    expectClose(slope(tf.tensor2d([[0.5]])), [[1e9]]);
  });

  it('is the mean absolute error of ratios, in percent', () => {
    const [y, p] = [
      tf.randomUniform([5, 4], 1, 3, 'float32', 1),
      tf.randomNormal([5, 4], 0, 2, 'float32', 2),
    ];
    const ratios = tf.div(p, y);
    expectClose(
      meanAbsolutePercentageError(y, p),
      tf.mul(100, meanAbsoluteError(tf.onesLike(y), ratios)),
      { relative: 4e-6 },
    );
  });

  it('has a gradient for labels too', () => {
    const f = (labels: tf.Tensor) => tf.sum(meanAbsolutePercentageError(labels, [[3, -2]]));
    expectClose(tf.grad(f)(tf.tensor2d([[2, -4]])), [[-37.5, -6.25]]);
  });

  it('has a gradient of 0 for labels below epsilon, but through the error', () => {
    const f = (y: tf.Tensor) => tf.sum(meanAbsolutePercentageError(y, [[1]]));
    expectClose(tf.grad(f)(tf.tensor2d([[0]])), [[-1e9]]);
  });
});
