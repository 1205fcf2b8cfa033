/**
 * A regression in which some training labels have a slipped decimal point. The squared error follows those few; the absolute
 * error, Huber's loss and LogCosh follow the rest.
 */
import * as tf from '@tensorflow/tfjs';
import { getLoss, Huber, type Loss } from 'tfjs-losses';

import { useFastestBackend } from './support/backend.js';
import { loadDiabetes, type Patient } from './support/diabetes.js';
import { shuffle } from './support/shuffle.js';
import { printRow } from './support/table.js';

/** How many of the 354 training labels are ten times too large. */
const SLIPPED = [0, 1, 35];
const SEEDS = 10;
const EPOCHS = 20;
/** About the error of a trained model, in units of the spread of the labels. */
const ORDINARY = 0.5;
const WIDTH = 16;

const LOSSES = [
  { title: 'mse', loss: getLoss('mse') },
  { title: 'mae', loss: getLoss('mae') },
  { title: 'huber, delta: 1', loss: new Huber({ delta: 1 }) },
  { title: 'logCosh', loss: getLoss('logCosh') },
];

export async function main(): Promise<void> {
  console.log('Diabetes: 442 patients, 10 measurements each. How far is the disease a year later?');
  await useFastestBackend();

  console.log(
    '\n10 → 16 relu → 1, trained by each loss from the same weights. Of the training labels, 25 to 346, some are ten' +
      '\ntimes too large; the validation labels are right. Mean absolute error on these, in their own units: the mean' +
      `\nof ${String(SEEDS)} seeds, each with its own split and weights, and in how many of them it is better : worse than by` +
      '\nmse. A guess is the median of the training labels, for every patient.\n',
  );
  const titles = LOSSES.map(({ title }) => title);
  printRow('slipped', ['guess', ...titles], WIDTH);
  const maeBesideHuber: string[] = [];
  for (const slipped of SLIPPED) {
    const { guess, errors } = await trainAll(slipped);
    const [mse, mae, huber, logCosh] = errors;
    printRow(
      String(slipped),
      [
        mean(guess).toFixed(1),
        mean(mse!).toFixed(1),
        ...[mae!, huber!, logCosh!].map(
          (found) => `${mean(found).toFixed(1).padEnd(6)}${compare(found, mse!)}`,
        ),
      ],
      WIDTH,
    );
    maeBesideHuber.push(`${compare(mae!, huber!)} with ${String(slipped)} slipped`);
  }
  console.log(
    '\nWithout wrong labels all four are about as good. A single one costs mse more than 35 cost huber, and with 35 it' +
      '\nis far worse than the guess. Wrong labels here are always too large, and draw each loss up: mae the least, huber' +
      '\nthe more, the larger delta is.' +
      `\nmae beside huber, better : worse: ${maeBesideHuber.join(', ')}.`,
  );

  printGradients(titles);
}

/** Why: the gradient by a prediction is how hard its patient pulls at the model. */
function printGradients(titles: string[]): void {
  const { scale, training, validation } = prepare(1, 0);
  dispose(training, validation);
  const slipped = (9 * scale.middle) / scale.spread;
  console.log(
    `\nThe gradient of one patient, by error in units of the spread of the labels, ${scale.spread.toFixed(0)}: an ordinary error, and` +
      '\nthat of the median label when it is ten times too large.\n',
  );
  printRow('error', titles, WIDTH);
  const [usual, large] = [ORDINARY, slipped].map((error) =>
    LOSSES.map(({ loss }) => gradientAt(loss, error)),
  );
  for (const [error, gradients] of [
    [ORDINARY, usual!],
    [slipped, large!],
  ] as const) {
    printRow(
      error.toFixed(1),
      gradients.map((gradient) => gradient.toFixed(2)),
      WIDTH,
    );
  }
  printRow(
    'ratio',
    large!.map((gradient, column) => (gradient / usual![column]!).toFixed(1)),
    WIDTH,
  );
  console.log(
    '\nThe ratio is how many ordinary patients one slipped decimal point outweighs. Delta is the error from which on the' +
      '\ngradient of huber stays as it is: here 1, the spread of the labels by their quartiles, which outliers hardly move.',
  );
}

function gradientAt(loss: Loss, error: number): number {
  return tf.tidy(() => {
    const gradient = tf.grad((yPred) => loss([[0]], yPred));
    return gradient(tf.tensor2d([[error]])).dataSync<'float32'>()[0]!;
  });
}

/** Mean absolute errors on the validation patients, by seed: of the guess, and of the model by each loss. */
async function trainAll(slipped: number): Promise<{ guess: number[]; errors: number[][] }> {
  const guess: number[] = [];
  const errors = LOSSES.map((): number[] => []);
  for (let seed = 1; seed <= SEEDS; seed++) {
    const samples = prepare(seed, slipped);
    const { validation, scale } = samples;
    guess.push(absoluteError(tf.zerosLike(validation.ys), validation.ys) * scale.spread);
    for (const [column, { loss }] of LOSSES.entries()) {
      errors[column]?.push((await train(loss, seed, samples)) * scale.spread);
    }
    dispose(samples.training, validation);
  }
  return { guess, errors };
}

/** Measurements and progression, both standardised, shapes [batch, 10] and [batch, 1]. */
interface Samples {
  xs: tf.Tensor2D;
  ys: tf.Tensor2D;
}

interface Prepared {
  training: Samples;
  validation: Samples;
  /** Median and spread of the training labels: what 0 and 1 stand for in `ys`. */
  scale: { middle: number; spread: number };
}

/** The patients of `seed`, with a slipped decimal point in so many training labels. */
function prepare(seed: number, slipped: number): Prepared {
  const patients = loadDiabetes(seed);
  const slip = ({ measurements, progression }: Patient): Patient => ({
    measurements,
    progression: 10 * progression,
  });
  // Batches are taken in order: a second shuffle gives each its share of wrong labels.
  const training = shuffle(
    patients.training.map((patient, index) => (index < slipped ? slip(patient) : patient)),
    seed,
  );

  const { mean, variance } = tf.moments(measurementsOf(training), 0);
  // Mean and deviation of the labels would follow the wrong ones; median and quartiles hardly do.
  const labels = training.map(({ progression }) => progression);
  const middle = quantile(labels, 0.5);
  // The quartiles of normally distributed numbers are 1.349 deviations apart.
  const spread = (quantile(labels, 0.75) - quantile(labels, 0.25)) / 1.349;
  const samples = (part: Patient[]): Samples => ({
    xs: tf.div(tf.sub(measurementsOf(part), mean), tf.sqrt(variance)),
    ys: tf.tensor2d(part.map(({ progression }) => [(progression - middle) / spread])),
  });
  return {
    training: samples(training),
    validation: samples(patients.validation),
    scale: { middle, spread },
  };
}

/** Trains the model of `seed` by `loss`, and returns its mean absolute error on the validation patients. */
async function train(
  loss: Loss,
  seed: number,
  { training, validation }: Prepared,
): Promise<number> {
  const kernelInitializer = tf.initializers.glorotUniform({ seed });
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 16, activation: 'relu', inputShape: [10], kernelInitializer }),
      tf.layers.dense({ units: 1, kernelInitializer }),
    ],
  });
  const optimizer = tf.train.adam(0.03);
  model.compile({ optimizer, loss });
  await model.fit(training.xs, training.ys, {
    epochs: EPOCHS,
    batchSize: 128,
    shuffle: false,
    verbose: 0,
  });
  const predicted = model.predict(validation.xs) as tf.Tensor;
  const error = absoluteError(predicted, validation.ys);
  predicted.dispose();
  model.dispose();
  optimizer.dispose();
  return error;
}

function dispose(...parts: Samples[]): void {
  for (const { xs, ys } of parts) tf.dispose([xs, ys]);
}

function absoluteError(predicted: tf.Tensor, labels: tf.Tensor): number {
  return tf.tidy(() => tf.mean<tf.Scalar>(tf.abs(tf.sub(predicted, labels))).arraySync());
}

function measurementsOf(patients: Patient[]): tf.Tensor2D {
  return tf.tensor2d(patients.map((patient) => patient.measurements));
}

function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * sorted.length)]!;
}

function compare(found: number[], other: number[]): string {
  const better = found.filter((error, seed) => error < other[seed]!).length;
  const worse = found.filter((error, seed) => error > other[seed]!).length;
  return `${String(better)} : ${String(worse)}`;
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
