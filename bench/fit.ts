import * as tf from '@tensorflow/tfjs';
import { register, unregister } from 'tfjs-losses';

import { use, type BackendName } from './support/backends.js';
import { generator, normal, type CROSS_ENTROPIES } from './support/cells.js';
import { table } from './support/document.js';
import { interleave, sampleOf, type Sample } from './support/interleave.js';
import { median, ratio, rounded } from './support/statistics.js';

/** A dense network of these widths, and what it is trained on. */
export interface Training {
  widths: number[];
  loss: (typeof CROSS_ENTROPIES)[number];
  batchSize: number;
  /** How many batches an epoch has: a sample is one epoch or more. */
  batches: number;
  metrics: string[];
}

export const TRAININGS: Training[] = [
  { widths: [30, 16, 1], loss: 'sigmoid', batchSize: 32, batches: 16, metrics: ['accuracy'] },
  { widths: [784, 128, 10], loss: 'softmax', batchSize: 128, batches: 4, metrics: ['accuracy'] },
  { widths: [16, 32000], loss: 'sparse', batchSize: 64, batches: 2, metrics: [] },
];

const COMPILED_AS = {
  sigmoid: { activation: 'sigmoid', loss: 'binaryCrossentropy' },
  softmax: { activation: 'softmax', loss: 'categoricalCrossentropy' },
  sparse: { activation: 'softmax', loss: 'sparseCategoricalCrossentropy' },
} as const;

/** The losses of the first epoch agree so far: the same model, on the same numbers in the same order. */
const TOLERANCE = 1e-3;

/** Measures `model.fit` with and without this package, on the same model compiled with the same words. */
export async function measureFit(
  backends: BackendName[],
  trainings: Training[],
): Promise<Record<string, string>> {
  const rows: string[][] = [];
  for (const backend of backends) {
    await use(backend);
    for (const training of trainings) {
      const { widths, loss, batchSize, batches } = training;
      const first = [backend, widths.join('-'), String(batchSize), COMPILED_AS[loss].loss];
      console.error('fit', ...first);
      const data = dataFor(training);
      const sides = { theirs: side(unregister, training, data), ours: side(enter, training, data) };
      await assertSameStart(sides.theirs.epoch, sides.ours.epoch, first.join(' '));
      const all = await interleave({ theirs: sides.theirs.sample, ours: sides.ours.sample });
      const stepsPerSecond = (times: number[]) => rounded((1000 * batches) / median(times));
      rows.push([
        ...first,
        stepsPerSecond(all.theirs),
        stepsPerSecond(all.ours),
        ratio(all.theirs, all.ours),
      ]);
      for (const { model } of Object.values(sides)) model.dispose();
      tf.dispose([data.xs, data.ys]);
    }
  }
  const head = ['backend', 'model', 'batch', 'loss', 'TensorFlow.js, steps/s'];
  return { fit: table([...head, 'with tfjs-losses, steps/s', 'times as fast'], rows) };
}

function enter(): void {
  register(tf);
}

interface Side {
  model: tf.Sequential;
  /** Trains for an epoch and gives its loss. */
  epoch: () => Promise<number>;
  /** Times epochs. */
  sample: Sample;
}

/** A model that is built, compiled and trained only after `enterSide`, so that it meets TF.js's own methods or ours. */
function side(enterSide: () => void, training: Training, { xs, ys }: Batches): Side {
  enterSide();
  const model = modelOf(training);
  const { batchSize } = training;
  const fit = async () => {
    const { history } = await model.fit(xs, ys, {
      batchSize,
      epochs: 1,
      shuffle: false,
      verbose: 0,
    });
    // The history is read from the backend, and with it all steps are done.
    return Number(history.loss?.[0]);
  };
  const timed = sampleOf(fit);
  return {
    model,
    epoch: () => {
      enterSide();
      return fit();
    },
    sample: (calls) => {
      enterSide();
      return timed(calls);
    },
  };
}

function modelOf({ widths, loss, metrics }: Training): tf.Sequential {
  const model = tf.sequential();
  for (const [layer, units] of widths.slice(1).entries()) {
    model.add(
      tf.layers.dense({
        units,
        inputShape: [widths[layer] ?? NaN],
        activation: layer === widths.length - 2 ? COMPILED_AS[loss].activation : 'relu',
        kernelInitializer: tf.initializers.glorotUniform({ seed: layer + 1 }),
      }),
    );
  }
  model.compile({ optimizer: 'sgd', loss: COMPILED_AS[loss].loss, metrics });
  return model;
}

interface Batches {
  xs: tf.Tensor;
  ys: tf.Tensor;
}

function dataFor({ widths, loss, batchSize, batches }: Training): Batches {
  const random = generator(widths.length);
  const [inputs = NaN, outputs = NaN] = [widths[0], widths.at(-1)];
  const rows = batchSize * batches;
  const xs = tf.tensor2d(
    Float32Array.from({ length: rows * inputs }, () => normal(random)),
    [rows, inputs],
  );
  const classes = Array.from({ length: rows }, () => Math.floor(random() * Math.max(outputs, 2)));
  const indices = tf.tensor2d(classes, [rows, 1]);
  if (loss !== 'softmax') return { xs, ys: indices };
  const oneHot = new Float32Array(rows * outputs);
  for (const [row, index] of classes.entries()) oneHot[row * outputs + index] = 1;
  indices.dispose();
  return { xs, ys: tf.tensor2d(oneHot, [rows, outputs]) };
}

async function assertSameStart(
  theirs: () => Promise<number>,
  ours: () => Promise<number>,
  where: string,
): Promise<void> {
  const [expected, got] = [await theirs(), await ours()];
  if (Math.abs(got / expected - 1) <= TOLERANCE) return;
  throw new Error(
    `${where}: the first epoch's loss is ${got} with tfjs-losses, ${expected} without.`,
  );
}
