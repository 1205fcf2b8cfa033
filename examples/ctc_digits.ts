/**
 * Reading rows of three to five digits without being told where each one is: the CTC loss knows what is to be read, and finds
 * out by itself which columns of pixels belong to it.
 */
import * as tf from '@tensorflow/tfjs';
import { CTC } from 'tfjs-losses';

import { useFastestBackend } from './support/backend.js';
import { loadDigits, type Digit } from './support/digits.js';
import { randomNumbers } from './support/shuffle.js';
import { percent, printRow } from './support/table.js';

const EPOCHS = 8;
/** Columns of an image; a digit has 8 × 8 pixels. */
const WIDTH = 48;
/** A step of time is two columns further, and sees this many. */
const WINDOW = 12;
const STEPS = WIDTH / 2;
const LONGEST = 5;
/** Class 0 is the blank of CTC: digit d is class d + 1. */
const CLASSES = 11;

export async function main(): Promise<void> {
  console.log('Rows of 3 to 5 handwritten digits, at any place in an image of 48 × 8 pixels.');
  await useFastestBackend();
  const { training, validation } = loadDigits();
  const [train, test] = [rowsOf(training, 2000, 1), rowsOf(validation, 300, 2)];
  console.log('2,000 rows of digits for training, 300 of others to validate.');

  const model = recogniser();
  model.compile({ optimizer: tf.train.adam(0.01), loss: new CTC() });
  console.log('\n24 steps of time, for each of them 12 × 8 → 64 relu → 11 logits, Adam\n');
  printRow('', ['training', 'validation', 'validation'], 14);
  printRow('epoch', ['loss', 'loss', 'rows read'], 14);
  for (let epoch = 0; epoch <= EPOCHS; epoch++) {
    const loss = epoch > 0 ? await trainEpoch(model, train) : evaluate(model, train);
    const read = pathsOf(model, test.xs).map(decode);
    const right = read.filter((digits, index) => digits === test.texts[index]).length;
    const cells = [loss.toFixed(4), evaluate(model, test).toFixed(4), percent(right / read.length)];
    printRow(epoch === 0 ? 'start' : String(epoch), cells, 14);
  }

  console.log('\nThe likeliest class at each step of time, and what is left of it:\n');
  const paths = pathsOf(model, tf.slice(test.xs, 0, 4));
  for (const [index, path] of paths.entries()) {
    printRow(test.texts[index] ?? '', [path.map(symbol).join(''), decode(path)], WIDTH / 2 + 4);
  }
  console.log(
    '\nA · is the blank. What follows its like is one digit; with a blank between them they are two.',
  );
}

/** Images with their labels. */
interface Rows {
  /** What each step sees of the pixels, [batch, 24, 12 · 8]. */
  xs: tf.Tensor3D;
  /** Classes of the digits, padded with 0, [batch, 5]. */
  ys: tf.Tensor2D;
  texts: string[];
}

/** Rows of digits that are drawn at random, with gaps at random before them. */
function rowsOf(digits: Digit[], count: number, seed: number): Rows {
  const random = randomNumbers(seed);
  const below = (end: number) => Math.floor(random() * end);
  const images = tf.buffer<tf.Rank.R3>([count, WIDTH, 8]);
  const ys = tf.buffer<tf.Rank.R2, 'int32'>([count, LONGEST], 'int32');
  const texts = Array.from({ length: count }, (_, row) => {
    const drawn = Array.from({ length: 3 + below(3) }, () => digits[below(digits.length)]!);
    let spare = WIDTH - 8 * drawn.length;
    let column = 0;
    drawn.forEach(({ pixels, value }, place) => {
      const gap = below(Math.min(spare, 6) + 1);
      spare -= gap;
      column += gap;
      pixels.forEach((ink, pixel) => {
        images.set(ink, row, column + (pixel % 8), Math.floor(pixel / 8));
      });
      column += 8;
      ys.set(value + 1, row, place);
    });
    return drawn.map(({ value }) => value).join('');
  });
  return { xs: windows(images.toTensor()), ys: ys.toTensor(), texts };
}

/** What is seen from each second column. */
function windows(images: tf.Tensor3D): tf.Tensor3D {
  return tf.tidy(() => {
    const wide = tf.pad(images, [
      [0, 0],
      [WINDOW / 2, WINDOW / 2],
      [0, 0],
    ]);
    const seen = Array.from({ length: STEPS }, (_, step) =>
      tf.reshape(tf.slice(wide, [0, 2 * step, 0], [-1, WINDOW, 8]), [-1, WINDOW * 8]),
    );
    return tf.stack(seen, 1) as tf.Tensor3D;
  });
}

/** The same dense layers for every step of time. */
function recogniser(): tf.LayersModel {
  const kernel = (seed: number) => ({
    kernelInitializer: tf.initializers.glorotUniform({ seed }),
  });
  return tf.sequential({
    layers: [
      tf.layers.dense({
        units: 64,
        activation: 'relu',
        inputShape: [STEPS, WINDOW * 8],
        ...kernel(1),
      }),
      tf.layers.dense({ units: CLASSES, ...kernel(2) }),
    ],
  });
}

/** The mean loss of the batches. */
async function trainEpoch(model: tf.LayersModel, { xs, ys }: Rows): Promise<number> {
  const { history } = await model.fit(xs, ys, { batchSize: 32, shuffle: false, verbose: 0 });
  return (history.loss as number[])[0]!;
}

function evaluate(model: tf.LayersModel, { xs, ys }: Rows): number {
  return tf.tidy(() => (model.evaluate(xs, ys, { batchSize: 100 }) as tf.Scalar).arraySync());
}

/** The likeliest class at each step of time. */
function pathsOf(model: tf.LayersModel, xs: tf.Tensor): number[][] {
  return tf.tidy(() => {
    const logits = model.predict(xs) as tf.Tensor3D;
    return tf.argMax<tf.Tensor2D>(logits, 2).arraySync();
  });
}

/** Greedy decoding: without repetitions, then without blanks. */
function decode(path: number[]): string {
  const read = path.filter((label, step) => label !== 0 && label !== path[step - 1]);
  return read.map(symbol).join('');
}

function symbol(label: number): string {
  return label === 0 ? '·' : String(label - 1);
}
