/**
 * A model that Keras made, compiled and began to train: it is loaded with all that it was compiled with, evaluated, trained
 * further, saved in the middle of it, and goes on from there.
 */
import * as tf from '@tensorflow/tfjs';
import { register, serializeLoss, unregister, type Loss } from 'tfjs-losses';

import { useFastestBackend } from './support/backend.js';
import { loadBreastCancer, type Samples } from './support/breast_cancer.js';
import { readKerasModel } from './support/keras_model.js';
import { percent, printRow } from './support/table.js';

export async function main(): Promise<void> {
  const { artifacts, keras } = readKerasModel();
  console.log(`Breast cancer: 30 → 16 relu → 1 logit, trained for ${keras.epochs} epochs.`);
  console.log(`Made by ${keras.source}: model.compile, model.fit, model.save.`);
  await useFastestBackend();
  const { training, validation } = loadBreastCancer();

  console.log('\n1. tf.loadLayersModel\n');
  console.log(`TensorFlow.js alone: "${await withoutUs(artifacts, validation)}"`);
  console.log("With import 'tfjs-losses' it comes out compiled, as it was in Keras:\n");
  const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  const { class_name: className, config } = serializeLoss(model.loss as Loss);
  const { optimizer } = model;
  console.log(`loss       ${className}\n           ${list(config)}`);
  console.log(`optimizer  ${optimizer.getClassName()}\n           ${list(optimizer.getConfig())}`);
  console.log(`metrics    ${(model.metrics as string[]).join(', ')}`);

  console.log(`\n2. model.evaluate on ${validation.xs.shape[0]} validation tumours\n`);
  const ours = evaluate(model, validation);
  printRow('', ['Keras', 'tfjs-losses'], 13);
  printRow(
    'loss',
    [keras.evaluate.loss, ours.loss].map((value) => value.toFixed(6)),
    13,
  );
  printRow('> 0.5', [percent(keras.evaluate.accuracy)], 13);
  printRow('> 0', [percent(keras.aboveZero.benign), percent(ours.accuracy)], 13);
  console.log(
    "\nThe last two lines are accuracies: of logits, Keras's 'accuracy' takes those above 0.5 for a yes," +
      '\nours those above 0, where the probability is ½. The loss is the same.',
  );

  console.log('\n3. model.fit\n');
  printRow('epoch', ['loss    val. acc.']);
  let epoch = keras.epochs;
  printRow(String(epoch), [cell(model, training, validation)]);
  while (epoch < 8) {
    await trainOneEpoch(model, training);
    printRow(String(++epoch), [cell(model, training, validation)]);
  }
  console.log(
    '\nThe file has no averages of Adam, which the converter leaves out: they begin at 0.',
  );

  console.log('\n4. model.save with its optimizer, and tf.loadLayersModel again\n');
  const saved = await save(model);
  const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved));
  const anew = await tf.loadLayersModel(tf.io.fromMemory(saved));
  anew.compile({ loss: model.loss, optimizer: tf.train.adam(0.003), metrics: ['accuracy'] });
  const models = [model, loaded, anew];
  printRow('', ['uninterrupted', 'loaded again', 'loaded, then']);
  printRow('', ['', '', 'compiled anew']);
  printRow('epoch', Array<string>(3).fill('loss    val. acc.'));
  while (epoch < 12) {
    for (const each of models) await trainOneEpoch(each, training);
    printRow(
      String(++epoch),
      models.map((each) => cell(each, training, validation)),
    );
  }
  console.log(
    '\nThe loss with its options and the averages of Adam are in what was saved: training goes on as if' +
      '\nnothing had happened. Another compile is not needed, and would lose the averages.',
  );
}

/** What TensorFlow.js says without this package, which finds the settings of Keras's `compile` in the file. */
async function withoutUs(artifacts: tf.io.ModelArtifacts, { xs, ys }: Samples): Promise<string> {
  unregister();
  try {
    const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
    return String(model.evaluate(xs, ys));
  } catch (error) {
    return (error as Error).message;
  } finally {
    register(tf);
  }
}

/** `name value, …`, without the digits that a float32 adds. */
function list(config: object): string {
  const short = (value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value;
  return Object.entries(config)
    .map(([name, value]) => `${name} ${String(short(value))}`)
    .join(', ');
}

/** One epoch, by the same batches for each model. */
async function trainOneEpoch(model: tf.LayersModel, { xs, ys }: Samples): Promise<void> {
  await model.fit(xs, ys, { batchSize: 32, shuffle: false, verbose: 0 });
}

/** What `tf.loadLayersModel` takes, as `model.save` hands it out. */
async function save(model: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let saved: tf.io.ModelArtifacts = {};
  const handler = tf.io.withSaveHandler((artifacts) => {
    saved = artifacts;
    return Promise.resolve({
      modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts),
    });
  });
  await model.save(handler, { includeOptimizer: true });
  return saved;
}

/** Loss on the training rows, accuracy on the validation rows. */
function cell(model: tf.LayersModel, training: Samples, validation: Samples): string {
  const { loss } = evaluate(model, training);
  const { accuracy } = evaluate(model, validation);
  return `${loss.toFixed(4)}  ${percent(accuracy)}`;
}

function evaluate(model: tf.LayersModel, { xs, ys }: Samples): { loss: number; accuracy: number } {
  return tf.tidy(() => {
    const [loss, accuracy] = model.evaluate(xs, ys) as [tf.Scalar, tf.Scalar];
    return { loss: loss.arraySync(), accuracy: accuracy.arraySync() };
  });
}
