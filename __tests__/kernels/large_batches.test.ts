import { it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { each, expectEqualBothWays, LOSSES, NAMES, random } from '../support/fused.js';
import { describeKernels } from '../support/kernels.js';

describeKernels(
  'losses of large batches, which kernels may compute in parts, equal the formulas',
  () => {
    const [rows, width] = [340, 100];
    const options = [{ labelSmoothing: 0.1 }, { reduction: 'none' }];

    it.each(each(options))('%s with %j', (name, own) => {
      const given = LOSSES[name]!(own, random([rows, width], 24));
      expectEqualBothWays(given);
      const sampleWeight = tf.floor(tf.randomUniform([rows], 0, 3, 'float32', 25));
      expectEqualBothWays({ ...given, sampleWeight });
    });

    it('weights by label and by class, and ignored classes', () => {
      const logits = random([rows, width], 26);
      const perClass = Array.from({ length: width }, (_, j) => (j % 7) / 2);
      const binary = LOSSES.BinaryCrossentropy!({ posWeight: perClass }, logits);
      expectEqualBothWays(binary);
      expectEqualBothWays(LOSSES.CategoricalCrossentropy!({ classWeights: perClass }, logits));
      const sparse = { classWeights: perClass, ignoreClass: 3 };
      expectEqualBothWays(LOSSES.SparseCategoricalCrossentropy!(sparse, logits));
      expectEqualBothWays(LOSSES.SparseCategoricalCrossentropy!({ ignoreClass: 3 }, logits));
    });

    it('with rows that are not finite', () => {
      const weights = Array.from({ length: rows }, (_, row) => row % 3);
      const spoiled = tf.buffer(
        [rows, width],
        'float32',
        random([rows, width], 27).dataSync<'float32'>(),
      );
      for (let row = 0; row < rows; row += 3)
        spoiled.set([NaN, Infinity, -Infinity][(row % 9) / 3]!, row, row % width);
      for (const name of NAMES) {
        const given = LOSSES[name]!({}, spoiled.toTensor());
        expectEqualBothWays({ ...given, sampleWeight: tf.tensor1d(weights) });
      }
    });
  },
);
