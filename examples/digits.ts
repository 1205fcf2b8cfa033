/**
 * Ten classes, told in four ways: by a softmax layer or by logits, with one-hot labels or class indices. All four train the
 * same model.
 */
import * as tf from '@tensorflow/tfjs';
import { CategoricalCrossentropy, SparseCategoricalCrossentropy, type Loss } from 'tfjs-losses';

import { useFastestBackend } from './support/backend.js';
import { loadDigits, pixelsOf, type Digit } from './support/digits.js';
import { percent, printRow } from './support/table.js';

const EPOCHS = 10;

export async function main(): Promise<void> {
  console.log('Digits: 1,797 handwritten ones, 8 × 8 pixels each, 10 classes.');
  await useFastestBackend();
  const { training, validation } = loadDigits();
  console.log(`${String(training.length)} for training, ${String(validation.length)} to validate.`);

  console.log('\n64 → 32 relu → 10, Adam, four times from the same weights\n');
  const runs = compileAll(training, validation);
  const [xs, validationXs] = [pixelsOf(training), pixelsOf(validation)];
  printRow('', ['softmax layer', 'from logits', 'softmax layer', 'from logits']);
  printRow('', ['one-hot labels', 'one-hot labels', 'class indices', 'class indices']);
  printRow('epoch', Array<string>(4).fill('loss    val. acc.'));
  for (let epoch = 0; epoch <= EPOCHS; epoch++) {
    const cells: string[] = [];
    for (const { model, ys, validationYs } of runs) {
      if (epoch > 0) await model.fit(xs, ys, { batchSize: 32, shuffle: false, verbose: 0 });
      const { loss } = evaluate(model, xs, ys);
      const { accuracy } = evaluate(model, validationXs, validationYs);
      cells.push(`${loss.toFixed(4)}  ${percent(accuracy)}`);
    }
    printRow(epoch === 0 ? 'start' : String(epoch), cells);
  }
  console.log(
    '\nFour spellings of one loss, four times the same training: behind the softmax layer our loss finds the logits,' +
      "\nand `metrics: ['accuracy']` is right for either output and for either kind of labels.",
  );
}

/** A compiled model, and its labels. */
interface Run {
  model: tf.LayersModel;
  ys: tf.Tensor;
  validationYs: tf.Tensor;
}

/** Four models with the same weights. */
function compileAll(training: Digit[], validation: Digit[]): Run[] {
  const weights = denseModel('linear').getWeights();
  const compiled = (output: 'softmax' | 'linear', loss: Loss) => {
    const model = denseModel(output);
    model.setWeights(weights);
    model.compile({ optimizer: tf.train.adam(0.01), loss, metrics: ['accuracy'] });
    return model;
  };
  const dense = { ys: oneHot(training), validationYs: oneHot(validation) };
  const sparse = { ys: indices(training), validationYs: indices(validation) };
  const fromLogits = true;
  return [
    { ...dense, model: compiled('softmax', new CategoricalCrossentropy()) },
    { ...dense, model: compiled('linear', new CategoricalCrossentropy({ fromLogits })) },
    { ...sparse, model: compiled('softmax', new SparseCategoricalCrossentropy()) },
    { ...sparse, model: compiled('linear', new SparseCategoricalCrossentropy({ fromLogits })) },
  ];
}

function denseModel(output: 'softmax' | 'linear'): tf.LayersModel {
  const kernelInitializer = tf.initializers.glorotUniform({ seed: 1 });
  return tf.sequential({
    layers: [
      tf.layers.dense({ units: 32, activation: 'relu', inputShape: [64], kernelInitializer }),
      tf.layers.dense({ units: 10, activation: output, kernelInitializer }),
    ],
  });
}

/** Class indices, int32, shape [batch]. */
function indices(digits: Digit[]): tf.Tensor1D {
  return tf.tensor1d(
    digits.map(({ value }) => value),
    'int32',
  );
}

/** One-hot labels, shape [batch, 10]. */
function oneHot(digits: Digit[]): tf.Tensor {
  return tf.oneHot(indices(digits), 10);
}

function evaluate(
  model: tf.LayersModel,
  xs: tf.Tensor,
  ys: tf.Tensor,
): { loss: number; accuracy: number } {
  return tf.tidy(() => {
    const [loss, accuracy] = model.evaluate(xs, ys, { batchSize: 256 }) as [tf.Scalar, tf.Scalar];
    return { loss: loss.arraySync(), accuracy: accuracy.arraySync() };
  });
}
