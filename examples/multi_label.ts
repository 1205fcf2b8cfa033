/** Several yes/no questions at once: one model, one logit per question, one loss with a weight for each. */
import * as tf from '@tensorflow/tfjs';
import { binaryAccuracy, BinaryCrossentropy } from 'tfjs-losses';

import { useFastestBackend } from './support/backend.js';
import { loadDigits, pixelsOf, type Digit } from './support/digits.js';
import { percent, printRow } from './support/table.js';

const EPOCHS = 15;

const QUESTIONS = [
  { title: 'even', of: [0, 2, 4, 6, 8] },
  { title: 'above four', of: [5, 6, 7, 8, 9] },
  { title: 'closed loop', of: [0, 4, 6, 8, 9] },
  { title: 'prime', of: [2, 3, 5, 7] },
];

export async function main(): Promise<void> {
  console.log('Digits: four questions about each.');
  await useFastestBackend();
  const { training, validation } = loadDigits();
  const [xs, ys] = [pixelsOf(training), answers(training)];
  const [validationXs, validationYs] = [pixelsOf(validation), answers(validation)];

  // As much weight for the digits of which a question is true as for the others: 6 / 4 for primes.
  const posWeight = QUESTIONS.map(({ of }) => (10 - of.length) / of.length);
  const kernelInitializer = tf.initializers.glorotUniform({ seed: 1 });
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 32, activation: 'relu', inputShape: [64], kernelInitializer }),
      tf.layers.dense({ units: QUESTIONS.length, kernelInitializer }),
    ],
  });
  const accuracy = binaryAccuracy({ fromLogits: true });
  const loss = new BinaryCrossentropy({ fromLogits: true, posWeight });
  model.compile({ optimizer: tf.train.adam(0.01), loss, metrics: ['accuracy'] });

  console.log(`\n64 → 32 relu → 4 logits, posWeight: [${posWeight.join(', ')}]\n`);
  printRow('', ['validation', 'accuracy'], 13);
  printRow('epoch', ['loss', 'overall', ...QUESTIONS.map(({ title }) => title)], 13);
  for (let epoch = 0; epoch <= EPOCHS; epoch++) {
    if (epoch > 0) await model.fit(xs, ys, { batchSize: 32, shuffle: false, verbose: 0 });
    const cells = tf.tidy(() => {
      const logits = model.predict(validationXs) as tf.Tensor2D;
      const [value, overall] = model.evaluate(validationXs, validationYs) as [tf.Scalar, tf.Scalar];
      // A mean over the last axis: with the questions first, it is one accuracy per question.
      const each = accuracy(tf.transpose(validationYs), tf.transpose(logits)) as tf.Tensor1D;
      return [
        value.arraySync().toFixed(4),
        ...[overall.arraySync(), ...each.arraySync()].map(percent),
      ];
    });
    printRow(epoch === 0 ? 'start' : String(epoch), cells, 13);
  }

  console.log('\nWhat it answers about three validation digits, with σ(logit):\n');
  const three = tf.slice(validationXs, 0, 3);
  const yeses = tf.tidy(() => tf.sigmoid(model.predict(three) as tf.Tensor2D).arraySync());
  printRow(
    'digit',
    QUESTIONS.map(({ title }) => `${title}?`),
    18,
  );
  for (const [index, row] of yeses.entries()) {
    const cells = row.map((yes) => (yes > 0.5 ? 'yes' : 'no').padEnd(5) + percent(yes));
    printRow(String(validation[index]?.value), cells, 18);
  }
  console.log("\n`metrics: ['accuracy']` counts each answer: yes from a logit above 0.");
}

/** Labels, 1 for yes, shape [batch, questions]. */
function answers(digits: Digit[]): tf.Tensor2D {
  return tf.tensor2d(
    digits.map(({ value }) => QUESTIONS.map(({ of }) => Number(of.includes(value)))),
  );
}
