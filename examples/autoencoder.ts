/**
 * An autoencoder: 64 pixels through 16 numbers and back, by binary cross-entropy per pixel. A pixel is a label between 0 and
 * 1, so the loss does not end at 0 but at the entropy of the pixels.
 */
import * as tf from '@tensorflow/tfjs';
import { binaryCrossentropy, BinaryCrossentropy } from 'tfjs-losses';

import { useFastestBackend } from './support/backend.js';
import { loadDigits, pixelsOf } from './support/digits.js';
import { printRow } from './support/table.js';

const EPOCHS = 20;
const DRAWN = 3;

export async function main(): Promise<void> {
  console.log('Digits: 64 pixels → 16 numbers relu → 64 logits, the digit itself is the label.');
  await useFastestBackend();
  const { training, validation } = loadDigits();
  const [xs, validationXs] = [pixelsOf(training), pixelsOf(validation)];

  const kernelInitializer = tf.initializers.glorotUniform({ seed: 1 });
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 16, activation: 'relu', inputShape: [64], kernelInitializer }),
      tf.layers.dense({ units: 64, kernelInitializer }),
    ],
  });
  model.compile({
    optimizer: tf.train.adam(0.01),
    loss: new BinaryCrossentropy({ fromLogits: true }),
  });

  // The lowest loss is that of a model whose probabilities are the pixels.
  const lowest = meanOf(binaryCrossentropy(validationXs, validationXs));
  const before = reconstruct(model, validationXs);

  console.log('\nOn validation digits, in nats per pixel\n');
  printRow('epoch', ['loss', 'lowest', 'above it'], 10);
  for (let epoch = 0; epoch <= EPOCHS; epoch++) {
    if (epoch > 0) await model.fit(xs, xs, { batchSize: 32, shuffle: false, verbose: 0 });
    if (epoch > 4 && epoch % 5 !== 0) continue;
    const value = meanOf(model.evaluate(validationXs, validationXs) as tf.Scalar);
    const cells = [value, lowest, value - lowest].map((nats) => nats.toFixed(4));
    printRow(epoch === 0 ? 'start' : String(epoch), cells, 10);
  }

  console.log();
  const after = reconstruct(model, validationXs);
  printRow('', ['digit', 'before training', 'after'], 20);
  for (let index = 0; index < DRAWN; index++) {
    const pictures = [validation[index]?.pixels ?? [], before[index] ?? [], after[index] ?? []].map(
      draw,
    );
    for (let line = 0; line < 8; line++) {
      const first = line === 0 ? String(validation[index]?.value) : '';
      printRow(
        first,
        pictures.map((picture) => picture[line] ?? ''),
        20,
      );
    }
    console.log();
  }
  console.log(
    'A quarter of the numbers is enough to draw a digit that it has not seen in training.',
  );
}

/** The mean of a tensor, as a number; disposes the tensor. */
function meanOf(values: tf.Tensor): number {
  const mean = tf.tidy(() => tf.mean<tf.Scalar>(values).arraySync());
  values.dispose();
  return mean;
}

/** The probabilities of the pixels, one row per digit. */
function reconstruct(model: tf.LayersModel, xs: tf.Tensor2D): number[][] {
  return tf.tidy(() => tf.sigmoid(model.predict(xs) as tf.Tensor2D).arraySync());
}

/** The eight lines of a digit, two characters per pixel, which makes it about square. */
function draw(pixels: readonly number[]): string[] {
  const shades = pixels.map((ink) => ' ░▒▓█'.charAt(Math.round(4 * ink)).repeat(2));
  return Array.from({ length: 8 }, (_, line) => shades.slice(8 * line, 8 * line + 8).join(''));
}
