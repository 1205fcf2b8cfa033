/**
 * Labels of which few are positive: plain cross-entropy learns from the negative ones first. With `posWeight`, or with focal
 * loss, the same model finds the positive ones sooner.
 */
import * as tf from '@tensorflow/tfjs';
import { BinaryCrossentropy, BinaryFocalCrossentropy, type Loss } from 'tfjs-losses';

import { useFastestBackend } from './support/backend.js';
import { loadDigits, pixelsOf, type Digit } from './support/digits.js';
import { shuffle } from './support/shuffle.js';
import { percent, printRow } from './support/table.js';

const POSITIVE = 8;
/** Share of the digits that are positive, once most of the positive ones are left out. */
const SHARE = 0.03;
const PRECISION = 0.9;
const SEEDS = 10;
const EPOCHS = [10, 20, 40];

const fromLogits = true;
const LOSSES = [
  { title: 'plain', loss: new BinaryCrossentropy({ fromLogits }) },
  { title: 'posWeight: 10', loss: new BinaryCrossentropy({ fromLogits, posWeight: 10 }) },
  {
    title: 'focal, alpha: 0.9',
    loss: new BinaryFocalCrossentropy({ fromLogits, applyClassBalancing: true, alpha: 0.9 }),
  },
];

export async function main(): Promise<void> {
  console.log(
    `Digits: is it an ${String(POSITIVE)}? With most of these left out, ${percent(SHARE)} of the digits are.`,
  );
  await useFastestBackend();

  // Recalls in the order [loss][row of EPOCHS][seed].
  const recalls = LOSSES.map(() => EPOCHS.map((): number[] => []));
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { training, validation } = loadRare(seed);
    if (seed === 1) {
      console.log(`${count(training)} for training, ${count(validation)} to validate.`);
    }
    for (const [column, { loss }] of LOSSES.entries()) {
      const found = await train(loss, seed, training, validation);
      found.forEach((recall, row) => recalls[column]?.[row]?.push(recall));
    }
    tf.dispose([training.xs, training.ys, validation.xs, validation.ys]);
  }

  console.log(
    `\n64 → 16 relu → 1, from logits. Recall at ${percent(PRECISION)} precision on the validation digits:` +
      `\nthe mean of ${String(SEEDS)} seeds, each with its own split and weights, and in how many of them it is` +
      '\nbetter : worse than by plain cross-entropy.\n',
  );
  printRow(
    'epochs',
    LOSSES.map(({ title }) => title),
  );
  for (const [row, epochs] of EPOCHS.entries()) {
    const [plain = [], ...others] = recalls.map((rows) => rows[row] ?? []);
    printRow(String(epochs), [
      percent(mean(plain)),
      ...others.map((found) => `${percent(mean(found)).padEnd(8)}${compare(found, plain)}`),
    ]);
  }
  console.log(
    '\nBoth find the rare digits sooner. Their lead shrinks with more epochs: how much the loss gains is a' +
      '\nquestion of how long you can train, and of how rare and how hard the positive labels are.',
  );
}

/** Digits and whether each is positive, shape [batch, 1]. */
interface Samples {
  xs: tf.Tensor2D;
  ys: tf.Tensor2D;
}

/** Half of the digits for training, half for validation, with few positive ones in both. */
function loadRare(seed: number): { training: Samples; validation: Samples } {
  const { training, validation } = loadDigits(seed, 0.5);
  const samples = (digits: Digit[]): Samples => {
    const negatives = digits.filter(({ value }) => value !== POSITIVE);
    const positives = digits.filter(({ value }) => value === POSITIVE);
    const kept = positives.slice(0, Math.round((negatives.length * SHARE) / (1 - SHARE)));
    const rare = shuffle([...negatives, ...kept], seed);
    return {
      xs: pixelsOf(rare),
      ys: tf.tensor2d(rare.map(({ value }) => [Number(value === POSITIVE)])),
    };
  };
  return { training: samples(training), validation: samples(validation) };
}

/** Trains the model of `seed` by `loss`, and returns the recall on the validation digits after each of EPOCHS. */
async function train(
  loss: Loss,
  seed: number,
  training: Samples,
  validation: Samples,
): Promise<number[]> {
  const kernelInitializer = tf.initializers.glorotUniform({ seed });
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 16, activation: 'relu', inputShape: [64], kernelInitializer }),
      tf.layers.dense({ units: 1, kernelInitializer }),
    ],
  });
  const optimizer = tf.train.adam(0.03);
  model.compile({ optimizer, loss });
  const recalls: number[] = [];
  let done = 0;
  for (const epochs of EPOCHS) {
    await model.fit(training.xs, training.ys, {
      epochs: epochs - done,
      batchSize: 256,
      shuffle: false,
      verbose: 0,
    });
    done = epochs;
    const logits = tf.tidy(() => (model.predict(validation.xs) as tf.Tensor).dataSync<'float32'>());
    recalls.push(recallAtPrecision(validation.ys.dataSync<'float32'>(), logits));
  }
  model.dispose();
  optimizer.dispose();
  return recalls;
}

/** The largest recall of all thresholds at which at least PRECISION of what is found is positive. */
function recallAtPrecision(labels: Float32Array, logits: Float32Array): number {
  const order = [...logits.keys()].sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0));
  let [found, best] = [0, 0];
  for (const [rank, index] of order.entries()) {
    found += labels[index] ?? 0;
    if (found / (rank + 1) >= PRECISION) best = found;
  }
  return best / found;
}

function compare(found: number[], plain: number[]): string {
  const better = found.filter((recall, seed) => recall > (plain[seed] ?? 0)).length;
  const worse = found.filter((recall, seed) => recall < (plain[seed] ?? 0)).length;
  return `${String(better)} : ${String(worse)}`;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function count({ ys }: Samples): string {
  return `${String(ys.dataSync<'float32'>().reduce((sum, y) => sum + y))} of ${String(ys.shape[0])}`;
}
