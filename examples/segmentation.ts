/**
 * Segmentation: which pixels of a picture are the ink of a digit? Few are, and noise hides many of them. Cross-entropy counts
 * pixels, and most of those are paper: it leaves ink out where it is in doubt. Dice loss counts the overlap with the ink.
 */
import * as tf from '@tensorflow/tfjs';
import { addLosses, BinaryCrossentropy, Dice, scaleLoss, type Loss } from 'tfjs-losses';

import { useFastestBackend } from './support/backend.js';
import { loadDigits, type Digit } from './support/digits.js';
import { randomNumbers } from './support/shuffle.js';
import { percent, printRow } from './support/table.js';

const SIZE = 20;
/** How far a pixel sees, in each direction. */
const SIGHT = 3;
const NOISE = 0.35;
const EPOCHS = 12;

const fromLogits = true;
const bce = new BinaryCrossentropy({ fromLogits });
/** One value per image [batch, height, width, 1]. */
const dice = new Dice({ fromLogits, axis: [1, 2, 3] });

const LOSSES = [
  { title: 'BCE', loss: bce },
  { title: 'Dice', loss: dice },
  { title: '0.5 · Dice + BCE', loss: addLosses(scaleLoss(dice, 0.5), bce) },
];

export async function main(): Promise<void> {
  console.log(
    `Digits on pictures of ${String(SIZE)} × ${String(SIZE)} pixels with noise: which pixels are ink?`,
  );
  await useFastestBackend();
  const digits = loadDigits(1, 0.75);
  const random = randomNumbers(1);
  const training = picturesOf(digits.training.slice(0, 300), random);
  const validation = picturesOf(digits.validation.slice(0, 150), random);
  const ink = tf.tidy(() => tf.mean<tf.Scalar>(validation.ys).arraySync());
  console.log(
    `${String(training.xs.shape[0])} for training, ${String(validation.xs.shape[0])} to validate; ${percent(ink)} of the pixels are ink.`,
  );

  const columns: Scores[][] = [];
  for (const { loss } of LOSSES) columns.push(await train(loss, training, validation));

  console.log(
    '\n49 pixels around each → 24 relu → 1 logit. On the validation pictures, logits above 0 taken for ink:' +
      '\nDice score (2 · both / (predicted + ink)), IoU (both / either), and the share of the ink that is found\n',
  );
  printRow(
    'epoch',
    LOSSES.map(({ title }) => title),
    26,
  );
  for (let epoch = 0; epoch <= EPOCHS; epoch++) {
    const cells = columns.map((scores) => {
      const { overlap, iou, found } = scores[epoch]!;
      return `${overlap.toFixed(3)}  ${iou.toFixed(3)}  ${percent(found)}`;
    });
    printRow(epoch === 0 ? 'start' : String(epoch), cells, 26);
  }
  const nats = columns.map((scores) => scores.at(-1)!.nats.toFixed(3));
  printRow('BCE', nats, 26);
  console.log(
    '\nWhere it is in doubt, cross-entropy says paper, and most of the doubtful pixels are; Dice loss says ink, and overlaps' +
      '\nmore with it, but its probabilities are surer than they may be: the last line. The sum has most of both.',
  );
}

/** What surrounds each pixel, [batch, height, width, 49], and whether it is ink, [batch, height, width, 1]. */
interface Pictures {
  xs: tf.Tensor4D;
  ys: tf.Tensor4D;
}

/** Each digit somewhere on a picture of its own, under noise. */
function picturesOf(digits: readonly Digit[], random: () => number): Pictures {
  const width = 2 * SIGHT + 1;
  const xs = new Float32Array(digits.length * SIZE * SIZE * width * width);
  const ys = new Float32Array(digits.length * SIZE * SIZE);
  let next = 0;
  for (const [index, { pixels }] of digits.entries()) {
    const [top, left] = [random(), random()].map((share) => Math.floor(share * (SIZE - 7)));
    const digitAt = (y: number, x: number) => {
      const [row, column] = [y - top!, x - left!];
      return row >= 0 && row < 8 && column >= 0 && column < 8 ? pixels[8 * row + column]! : 0;
    };
    const picture = new Float32Array(SIZE * SIZE);
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        // The sum of three is nearly normal, with deviation 1 / 2.
        const noise = 2 * NOISE * (random() + random() + random() - 1.5);
        picture[SIZE * y + x] = digitAt(y, x) * 0.6 + noise;
        ys[SIZE * (SIZE * index + y) + x] = Number(digitAt(y, x) >= 0.5);
      }
    }
    const at = (y: number, x: number) =>
      y >= 0 && y < SIZE && x >= 0 && x < SIZE ? picture[SIZE * y + x]! : 0;
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        for (let dy = -SIGHT; dy <= SIGHT; dy++) {
          for (let dx = -SIGHT; dx <= SIGHT; dx++) xs[next++] = at(y + dy, x + dx);
        }
      }
    }
  }
  return {
    xs: tf.tensor4d(xs, [digits.length, SIZE, SIZE, width * width]),
    ys: tf.tensor4d(ys, [digits.length, SIZE, SIZE, 1]),
  };
}

interface Scores {
  overlap: number;
  iou: number;
  found: number;
  /** Cross-entropy per pixel. */
  nats: number;
}

/** Trains a model by the loss, and returns its scores at the start and after each epoch. */
async function train(loss: Loss, training: Pictures, validation: Pictures): Promise<Scores[]> {
  const kernelInitializer = tf.initializers.glorotUniform({ seed: 1 });
  const model = tf.sequential({
    layers: [
      tf.layers.dense({
        units: 24,
        activation: 'relu',
        inputShape: training.xs.shape.slice(1),
        kernelInitializer,
      }),
      tf.layers.dense({ units: 1, kernelInitializer }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.005), loss });
  const scores = [score(model, validation)];
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    await model.fit(training.xs, training.ys, { batchSize: 20, shuffle: false, verbose: 0 });
    scores.push(score(model, validation));
  }
  model.dispose();
  return scores;
}

function score(model: tf.LayersModel, { xs, ys }: Pictures): Scores {
  return tf.tidy(() => {
    const logits = model.predict(xs) as tf.Tensor;
    const predicted = tf.cast(tf.greater(logits, 0), 'float32');
    const total = (pixels: tf.Tensor) => tf.sum<tf.Scalar>(pixels).arraySync();
    const [both, either, ink] = [tf.mul(predicted, ys), tf.maximum(predicted, ys), ys].map(
      total,
    ) as [number, number, number];
    return {
      overlap: (2 * both) / (both + either),
      iou: both / either,
      found: both / ink,
      nats: bce<tf.Scalar>(ys, logits).arraySync(),
    };
  });
}
