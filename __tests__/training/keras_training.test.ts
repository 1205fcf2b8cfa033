/** Trains small models step by step beside Keras, whose numbers `tools/training.py` has written down. */
import { beforeAll, describe, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { getLoss, register, type LossIdentifier, type SerializedLoss } from '../../src/index.js';
import { isGpu } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';
import { KerasAdam } from '../support/keras_adam.js';
import golden from './keras_training.golden.json';

interface Batch {
  x: number[][] | number[][][];
  y: tf.TensorLike[];
  yDtype?: 'int32';
  sampleWeight?: tf.TensorLike[];
  classWeight?: Record<string, number>;
}

interface Head {
  name: string;
  units: number;
  activation: 'sigmoid' | 'softmax' | 'linear';
}

interface Case {
  title: string;
  inputs: number;
  outputs: Head[];
  hidden?: { units: number; l2?: number };
  weights: Record<string, { kernel: number[][]; bias: number[] }>;
  optimizer: { name: string; learning_rate: number };
  loss: string | SerializedLoss | SerializedLoss[];
  loss_weights?: number[];
  batches: Batch[];
  steps: Record<string, number[]>;
  finalWeights: Record<string, { kernel: number[][]; bias: number[] }>;
  evaluate: Record<string, number>;
}

const cases = golden.cases as unknown as Case[];

/** Sums of float32 in another order, 60 steps long. */
const TRAINED = { relative: 1e-4, absolute: 1e-6 };
/** Where software computes in the place of a GPU, all of them would take minutes, and others follow the same path. */
const STEPS = isGpu ? 15 : Infinity;
/** A weight may end near 0, far from where it began. */
const WEIGHTS = { relative: 1e-4, absolute: 3e-5 };

function build({ inputs, hidden, outputs, weights, batches }: Case): tf.LayersModel {
  const layer = (
    name: string,
    units: number,
    activation: Head['activation'] | 'tanh',
    l2?: number,
  ) =>
    tf.layers.dense({
      name,
      units,
      activation,
      weights: [tf.tensor2d(weights[name]!.kernel), tf.tensor1d(weights[name]!.bias)],
      ...(l2 === undefined ? {} : { kernelRegularizer: tf.regularizers.l2({ l2 }) }),
    });
  const sequence = Array.isArray((batches[0]!.x as number[][][])[0]![0]);
  const input = tf.input({ shape: sequence ? [3, inputs] : [inputs] });
  const shared = hidden
    ? (layer('hidden', hidden.units, 'tanh', hidden.l2).apply(input) as tf.SymbolicTensor)
    : input;
  return tf.model({
    inputs: input,
    outputs: outputs.map(
      ({ name, units, activation }) =>
        layer(name, units, activation).apply(shared) as tf.SymbolicTensor,
    ),
  });
}

function compile(model: tf.LayersModel, { loss, loss_weights, optimizer, evaluate }: Case): void {
  const { name, learning_rate: rate } = optimizer;
  const identifiers: LossIdentifier | LossIdentifier[] = Array.isArray(loss)
    ? loss.map((entry) => getLoss(entry))
    : loss;
  model.compile({
    optimizer: name === 'sgd' ? tf.train.sgd(rate) : new KerasAdam(rate),
    loss: identifiers,
    ...(loss_weights && { lossWeights: loss_weights }),
    ...('accuracy' in evaluate && { metrics: ['accuracy'], weightedMetrics: ['accuracy'] }),
  });
}

function tensors({ x, y, yDtype, sampleWeight }: Batch) {
  return {
    xs: tf.tensor(x),
    ys: y.map((labels) => tf.tensor(labels, undefined, yDtype)),
    weights: sampleWeight?.map((weights) => tf.tensor(weights)),
  };
}

/** Names of Keras for what TF.js reports under its own. */
function reported(model: tf.LayersModel, values: number | number[]): Record<string, number> {
  const list = typeof values === 'number' ? [values] : values;
  return Object.fromEntries(
    model.metricsNames.map((name, index) => [name.replace(/acc$/, 'accuracy'), list[index]!]),
  );
}

beforeAll(() => {
  register(tf);
});

describe(`trains as ${golden.source}`, () => {
  it.each(cases.map((each) => [each.title, each] as const))('%s', async (_, each) => {
    const model = build(each);
    compile(model, each);
    const batches = each.batches.map(tensors);
    const got: Record<string, number[]> = {};
    const steps = Math.min(each.steps.loss!.length, STEPS);
    for (let step = 0; step < steps; step++) {
      const { xs, ys, weights } = batches[step % batches.length]!;
      const { classWeight } = each.batches[step % batches.length]!;
      const values = await model.trainOnBatch(xs, ys, {
        ...(weights && { sampleWeight: weights }),
        ...(classWeight && { classWeight }),
      });
      for (const [name, value] of Object.entries(reported(model, values)))
        (got[name] ??= []).push(value);
    }
    for (const [name, losses] of Object.entries(each.steps)) {
      expectClose(tf.tensor1d(got[name]!), losses.slice(0, steps), TRAINED);
    }
    if (steps < each.steps.loss!.length) return;
    for (const { name } of model.layers) {
      const expected = each.finalWeights[name];
      if (expected === undefined) continue;
      const [kernel, bias] = model.getLayer(name).getWeights();
      expectClose(kernel!, expected.kernel, WEIGHTS);
      expectClose(bias!, expected.bias, WEIGHTS);
    }
    expectClose(
      tf.tensor1d(Object.values(each.evaluate)),
      Object.keys(each.evaluate).map(valueOf(await evaluate(model, each, batches))),
      TRAINED,
    );
  });
});

const valueOf = (values: Record<string, number>) => (name: string) => values[name]!;

/** What `evaluate` gives on all rows. Of one loss among several, Keras takes the mean over batches, also a short one. */
async function evaluate(
  model: tf.LayersModel,
  { batches }: Case,
  given: ReturnType<typeof tensors>[],
) {
  const concat = (list: tf.Tensor[]) => tf.concat(list, 0);
  const sampleWeight = given[0]!.weights?.map((_, i) =>
    concat(given.map(({ weights }) => weights![i]!)),
  );
  const ys = batches[0]!.y.map((_, i) => concat(given.map((batch) => batch.ys[i]!)));
  const values = model.evaluate(concat(given.map(({ xs }) => xs)), ys, {
    batchSize: 8,
    ...(sampleWeight && { sampleWeight }),
  });
  const all = reported(
    model,
    [values].flat().map((value) => value.dataSync()[0]!),
  );
  for (const name of Object.keys(all)) {
    if (!name.endsWith('_loss')) continue;
    const perBatch = given.map(({ xs, ys: labels, weights }) => {
      const batch = model.evaluate(xs, labels, { ...(weights && { sampleWeight: weights }) });
      return reported(
        model,
        (batch as tf.Scalar[]).map((value) => value.dataSync()[0]!),
      )[name]!;
    });
    all[name] = perBatch.reduce((sum, value) => sum + value, 0) / perBatch.length;
  }
  return Promise.resolve(all);
}
