/** Training without `model.fit`: `optimizer.minimize`, weights per sample, logits until the very end. */
import * as tf from '@tensorflow/tfjs';
import { binaryAccuracy, BinaryCrossentropy } from 'tfjs-losses';

import { useFastestBackend } from './support/backend.js';
import { loadBreastCancer, type Samples } from './support/breast_cancer.js';
import { percent } from './support/table.js';

const EPOCHS = 15;
const BATCH = 32;

export async function main(): Promise<void> {
  await useFastestBackend();
  const { training, validation } = loadBreastCancer();

  // Logistic regression: logits = xs · kernel + bias.
  const kernel = tf.variable(tf.zeros([30, 1]));
  const bias = tf.variable(tf.zeros([1]));
  const logitsOf = (xs: tf.Tensor2D) => tf.add(tf.matMul(xs, kernel), bias);

  const loss = new BinaryCrossentropy({ fromLogits: true });
  const accuracy = binaryAccuracy({ fromLogits: true });
  const optimizer = tf.train.adam(0.05);

  console.log(
    'Breast cancer, logistic regression; a malignant tumour (label 0) counts three times.',
  );
  console.log('\nepoch   loss     val. acc.   malignant found');
  const before = tf.memory().numTensors;
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    const losses: number[] = [];
    for (const { xs, ys } of batches(training)) {
      const value = optimizer.minimize(() => {
        const weights = tf.sub(3, tf.mul(2, ys)).flatten();
        return loss(ys, logitsOf(xs), weights);
      }, true);
      losses.push(value?.arraySync() ?? NaN);
      tf.dispose([xs, ys, value ?? []]);
    }
    const [correct, found] = tf.tidy(() => {
      const logits = logitsOf(validation.xs);
      const hits = accuracy(validation.ys, logits);
      const malignant = tf.sub(1, validation.ys).flatten();
      return [
        tf.mean<tf.Scalar>(hits).arraySync(),
        tf.div<tf.Scalar>(tf.sum(tf.mul(hits, malignant)), tf.sum(malignant)).arraySync(),
      ];
    });
    const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length;
    console.log(
      `${String(epoch).padEnd(8)}${mean.toFixed(4)}   ${percent(correct).padEnd(6)}      ${percent(found)}`,
    );
  }
  // Adam keeps two tensors for each of the two variables; nothing else is left.
  console.log(`\nTensors left behind: ${String(tf.memory().numTensors - before - 4)}`);
}

/** The samples in batches, which the caller disposes. */
function* batches({ xs, ys }: Samples): Generator<Samples> {
  for (let start = 0; start < xs.shape[0]; start += BATCH) {
    const size = Math.min(BATCH, xs.shape[0] - start);
    yield { xs: tf.slice(xs, start, size), ys: tf.slice(ys, start, size) };
  }
}
