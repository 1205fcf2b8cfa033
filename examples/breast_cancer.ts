/**
 * The same small dense model, trained with and without a final sigmoid layer, by our loss and by TensorFlow.js's own.
 */
import * as tf from '@tensorflow/tfjs';
import { BinaryCrossentropy, register, unregister } from 'tfjs-losses';

import { useFastestBackend } from './support/backend.js';
import { loadBreastCancer, type Samples } from './support/breast_cancer.js';
import { percent, printRow } from './support/table.js';

export async function main(): Promise<void> {
  console.log('Breast cancer: 569 tumours, 30 measurements each, malignant or benign.');
  await useFastestBackend();
  const { training, validation } = loadBreastCancer();
  console.log(`${size(training)} tumours for training, ${size(validation)} for validation.`);

  console.log('\n1. 30 → 16 relu → 1, Adam, four times from the same weights\n');
  const weights = denseModel().getWeights();
  const runs = compileAll(() => tf.train.adam(0.005));
  await trainSideBySide(runs, weights, training, validation, 20);
  console.log(
    '\nOur loss trains the same model with a final sigmoid and without one. The loss of TensorFlow.js' +
      '\ntakes logits for probabilities and clips them to [0, 1]: it does not say so, and trains worse.',
  );

  console.log('\n2. A saturated start: logits near ±40, on the wrong side, by gradient descent\n');
  const learned = runs[1].model.getWeights();
  const { wrong, sure } = await wrongAndSure(learned, training);
  const saturated = compileAll(() => tf.train.sgd(0.05));
  await trainSideBySide(saturated, wrong, sure, validation, 8);
  console.log(
    '\nAt ±40 a probability is clipped, and its gradient is exactly 0: the loss of TensorFlow.js never moves.' +
      '\nOurs reads the logits, also those behind a final sigmoid layer, and the model recovers.',
  );
}

/** A model with a name for its column. */
interface Run {
  title: [string, string];
  model: tf.LayersModel;
}

/** Four models: ours and TensorFlow.js's, with a final sigmoid and without. */
function compileAll(optimizer: () => tf.Optimizer): [Run, Run, Run, Run] {
  const compiled = (output: 'sigmoid' | 'linear', loss: BinaryCrossentropy | string) => {
    const model = denseModel(output);
    model.compile({ optimizer: optimizer(), loss, metrics: ['accuracy'] });
    return model;
  };
  const sigmoid = compiled('sigmoid', new BinaryCrossentropy());
  const logits = compiled('linear', new BinaryCrossentropy({ fromLogits: true }));

  // The loss that TensorFlow.js has without this package.
  unregister();
  const theirSigmoid = compiled('sigmoid', 'binaryCrossentropy');
  const theirLinear = compiled('linear', 'binaryCrossentropy');
  register(tf);

  return [
    { title: ['tfjs-losses', 'sigmoid layer'], model: sigmoid },
    { title: ['tfjs-losses', 'from logits'], model: logits },
    { title: ['TensorFlow.js', 'sigmoid layer'], model: theirSigmoid },
    { title: ['TensorFlow.js', 'no sigmoid'], model: theirLinear },
  ];
}

function denseModel(output: 'sigmoid' | 'linear' = 'linear'): tf.LayersModel {
  const kernelInitializer = tf.initializers.glorotUniform({ seed: 1 });
  return tf.sequential({
    layers: [
      tf.layers.dense({ units: 16, activation: 'relu', inputShape: [30], kernelInitializer }),
      tf.layers.dense({ units: 1, activation: output, kernelInitializer }),
    ],
  });
}

/** Trains all models by the same batches, one epoch after another, and prints a line for each. */
async function trainSideBySide(
  runs: Run[],
  weights: tf.Tensor[],
  training: Samples,
  validation: Samples,
  epochs: number,
): Promise<void> {
  for (const { model } of runs) model.setWeights(weights);
  printRow(
    '',
    runs.map(({ title }) => title[0]),
  );
  printRow(
    '',
    runs.map(({ title }) => title[1]),
  );
  printRow(
    'epoch',
    runs.map(() => 'loss    val. acc.'),
  );
  for (let epoch = 0; epoch <= epochs; epoch++) {
    const cells: string[] = [];
    for (const { model } of runs) {
      if (epoch > 0) {
        await model.fit(training.xs, training.ys, { batchSize: 32, shuffle: false, verbose: 0 });
      }
      const { loss } = evaluate(model, training);
      const { accuracy } = evaluate(model, validation);
      cells.push(`${loss.toPrecision(4).slice(0, 6)}  ${percent(accuracy)}`);
    }
    printRow(epoch === 0 ? 'start' : String(epoch), cells);
  }
}

function evaluate(model: tf.LayersModel, { xs, ys }: Samples): { loss: number; accuracy: number } {
  return tf.tidy(() => {
    const [loss, accuracy] = model.evaluate(xs, ys) as [tf.Scalar, tf.Scalar];
    return { loss: loss.arraySync(), accuracy: accuracy.arraySync() };
  });
}

/**
 * Weights of a model that has learned, with the last layer turned around and scaled to logits near ±40, and the tumours
 * whose logits are then beyond ±20.
 */
async function wrongAndSure(
  weights: tf.Tensor[],
  { xs, ys }: Samples,
): Promise<{ wrong: tf.Tensor[]; sure: Samples }> {
  const model = denseModel();
  model.setWeights(weights);
  const sizes = tf.abs(model.predict(xs) as tf.Tensor2D).flatten();
  const scale = -40 / tf.mean<tf.Scalar>(sizes).arraySync();
  const beyond = tf.greater(tf.mul(sizes, Math.abs(scale)), 20);
  const last = weights.length - 2;
  return {
    wrong: weights.map((weight, index) => (index < last ? weight : tf.mul(weight, scale))),
    sure: {
      xs: (await tf.booleanMaskAsync(xs, beyond)) as tf.Tensor2D,
      ys: (await tf.booleanMaskAsync(ys, beyond)) as tf.Tensor2D,
    },
  };
}

function size({ xs }: Samples): number {
  return xs.shape[0];
}
