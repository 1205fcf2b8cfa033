import * as tf from '@tensorflow/tfjs';

import type { Dataset, Samples } from '../data/dataset.js';
import { lossNamed } from '../losses.js';
import { BATCH_SIZE, type Settings } from '../settings.js';
import { VARIANTS, type VariantId } from '../variants.js';
import { GradientNorms } from './gradient_norms.js';
import { createModel } from './model.js';

/** What the three models are like at one moment of a training. */
interface Measurement {
  /** How much training there was; parts of an epoch count. */
  readonly epoch: number;
  readonly variant: VariantId;
  /** On the validation rows, as the model itself evaluates. */
  readonly loss: number;
  readonly accuracy: number;
  /** Mean size of the gradients since the last measurement; none at the start. */
  readonly gradient: number | undefined;
}

/** A training, as far as it went. */
export interface Run {
  readonly settings: Settings;
  readonly dataset: Dataset;
  readonly measurements: readonly Measurement[];
  /** Probabilities of the validation rows, by variant: one per unit of the model. */
  readonly predictions: Readonly<Partial<Record<VariantId, number[][]>>>;
  /** Steps that had a gradient of exactly 0, by variant. */
  readonly blindSteps: Readonly<Record<VariantId, number>>;
  readonly steps: number;
  readonly totalSteps: number;
}

/** Measurements per training, about: curves are smooth, and most of the time is spent on training. */
const MEASUREMENTS = 60;

/** Longest time without a breath for the page, in milliseconds. */
const PATIENCE = 30;

/** Trains all three models by the same batches in the same order, and reports as it goes. */
export async function train(
  dataset: Dataset,
  settings: Settings,
  signal: AbortSignal,
  report: (run: Run) => void,
): Promise<void> {
  const training = toTensors(dataset.training, dataset, settings);
  const validation = toTensors(dataset.validation, dataset, settings);
  const trainees = VARIANTS.map(({ id }) => {
    const model = createModel(id, dataset, settings);
    return { id, model, norms: new GradientNorms(model.optimizer) };
  });
  const batches = Math.ceil(dataset.training.labels.length / BATCH_SIZE);
  const totalSteps = settings.epochs * batches;
  const stride = Math.max(1, Math.round(totalSteps / MEASUREMENTS));

  let run: Run = {
    settings,
    dataset,
    measurements: [],
    predictions: {},
    blindSteps: { activation: 0, logits: 0, tfjs: 0 },
    steps: 0,
    totalSteps,
  };
  const measure = async (steps: number) => {
    for (const { id, model, norms } of trainees) {
      const { loss, accuracy } = await evaluate(model, validation);
      const recent = await norms.take();
      const measurement = {
        epoch: steps / batches,
        variant: id,
        loss,
        accuracy,
        gradient: recent.length === 0 ? undefined : mean(recent),
      };
      const blind = recent.filter((norm) => norm === 0).length;
      run = {
        ...run,
        steps,
        measurements: [...run.measurements, measurement],
        predictions: { ...run.predictions, [id]: await predict(model, validation.xs, dataset) },
        blindSteps: { ...run.blindSteps, [id]: run.blindSteps[id] + blind },
      };
    }
    report(run);
    await tf.nextFrame();
  };

  try {
    await measure(0);
    let breath = performance.now();
    for (let step = 0; step < totalSteps; step++) {
      const batch = sliceBatch(training, step % batches);
      for (const { model } of trainees) await model.trainOnBatch(batch.xs, batch.ys);
      tf.dispose([batch.xs, batch.ys]);
      if (signal.aborted || (step + 1) % stride === 0 || step + 1 === totalSteps) {
        await measure(step + 1);
        breath = performance.now();
      } else if (performance.now() - breath > PATIENCE) {
        await tf.nextFrame();
        breath = performance.now();
      }
      if (signal.aborted) break;
    }
  } finally {
    for (const { model, norms } of trainees) {
      await norms.take();
      // A model does not dispose an optimizer that it was given.
      model.optimizer.dispose();
      model.dispose();
    }
    tf.dispose([training.xs, training.ys, validation.xs, validation.ys]);
  }
}

/** Features and labels, in the form that the loss takes. */
interface Tensors {
  readonly xs: tf.Tensor2D;
  readonly ys: tf.Tensor2D;
}

function toTensors({ features, labels }: Samples, { units }: Dataset, settings: Settings): Tensors {
  return tf.tidy(() => ({
    xs: tf.tensor2d(features),
    ys:
      units === 1 || lossNamed(settings.loss).labels === 'index'
        ? tf.tensor2d(labels, [labels.length, 1])
        : // Not by the dtype of `oneHot`: on wasm, that makes 1.4e-45 of 1.
          (tf.cast(tf.oneHot(labels, units), 'float32') as tf.Tensor2D),
  }));
}

function sliceBatch({ xs, ys }: Tensors, batch: number): Tensors {
  const begin = batch * BATCH_SIZE;
  const size = Math.min(BATCH_SIZE, xs.shape[0] - begin);
  return { xs: tf.slice(xs, begin, size), ys: tf.slice(ys, begin, size) };
}

async function evaluate(model: tf.Sequential, { xs, ys }: Tensors) {
  const scalars = model.evaluate(xs, ys, { batchSize: xs.shape[0] }) as tf.Scalar[];
  const [loss, accuracy] = await Promise.all(scalars.map((scalar) => scalar.data()));
  tf.dispose(scalars);
  return { loss: loss?.[0] ?? NaN, accuracy: accuracy?.[0] ?? NaN };
}

/** Probabilities, also where the model gives logits. */
async function predict(
  model: tf.Sequential,
  xs: tf.Tensor2D,
  { activation }: Dataset,
): Promise<number[][]> {
  const probabilities = tf.tidy(() => {
    const output = model.predict(xs, { batchSize: xs.shape[0] }) as tf.Tensor2D;
    const gives = (model.layers.at(-1)?.getConfig() as { activation: string }).activation;
    return gives === 'linear' ? tf[activation](output) : output.clone();
  });
  const values = await probabilities.array();
  probabilities.dispose();
  return values;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
