import { readFileSync } from 'node:fs';

import * as tf from '@tensorflow/tfjs';

import { shuffle, split } from './shuffle.js';

/** Features, standardised, and labels: 0 malignant, 1 benign. */
export interface Samples {
  xs: tf.Tensor2D;
  ys: tf.Tensor2D;
}

/**
 * Breast Cancer Wisconsin (Diagnostic): 569 tumours with 30 measurements of their cell nuclei each.
 * W. H. Wolberg, W. N. Street, O. L. Mangasarian, 1995; UCI Machine Learning Repository, CC BY 4.0.
 */
export function loadBreastCancer(): { training: Samples; validation: Samples } {
  const file = new URL('../data/breast_cancer.csv', import.meta.url);
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const rows = shuffle(lines.map((line) => line.split(',').map(Number)));
  const { training, validation } = split(rows);

  // Mean and deviation come from the training rows alone: validation rows must not be seen before.
  const { mean, variance } = tf.moments(features(training), 0);
  const samples = (part: number[][]): Samples => ({
    xs: tf.div(tf.sub(features(part), mean), tf.sqrt(variance)),
    ys: tf.tensor2d(part.map((row) => row.slice(-1))),
  });
  return { training: samples(training), validation: samples(validation) };
}

function features(rows: number[][]): tf.Tensor2D {
  return tf.tensor2d(rows.map((row) => row.slice(0, -1)));
}
