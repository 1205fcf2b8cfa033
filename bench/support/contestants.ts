import * as tf from '@tensorflow/tfjs';
import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  getLoss,
  SparseCategoricalCrossentropy,
  register,
  unregister,
} from 'tfjs-losses';
import type { Cell, Data, LossName } from './cells.js';
import { NUMBER_LOSS_NAMES, numberLoss, type NumberLossName } from './number_losses.js';
import type { Result } from './reference.js';
import { settle } from './tensorflow.js';

/** A mean loss of labels and logits, as a scalar. */
export type MeanLoss = (labels: tf.Tensor, logits: tf.Tensor) => tf.Tensor;

const fromLogits = true;

export const OURS: Record<LossName, MeanLoss> = {
  sigmoid: new BinaryCrossentropy({ fromLogits }),
  softmax: new CategoricalCrossentropy({ fromLogits }),
  sparse: new SparseCategoricalCrossentropy({ fromLogits }),
  ...byNumberLoss(getLoss),
};

const sparseOfLayers = await lossOfLayers('sparseCategoricalCrossentropy');

/** TF.js's own; where `tf.losses` has none, what a compiled model computes, behind its softmax for `sparse`. */
export const THEIRS: Record<LossName, MeanLoss> = {
  sigmoid: (labels, logits) => tf.losses.sigmoidCrossEntropy(labels, logits),
  softmax: (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits),
  sparse: (labels, logits) => tf.tidy(() => tf.mean(sparseOfLayers(labels, tf.softmax(logits)))),
  ...byNumberLoss(await meansOfLayers()),
};

function byNumberLoss(make: (name: NumberLossName) => MeanLoss): Record<NumberLossName, MeanLoss> {
  const entries = NUMBER_LOSS_NAMES.map((name) => [name, make(name)] as const);
  return Object.fromEntries(entries) as Record<NumberLossName, MeanLoss>;
}

async function meansOfLayers(): Promise<(name: NumberLossName) => MeanLoss> {
  const found = new Map<NumberLossName, MeanLoss>();
  for (const name of NUMBER_LOSS_NAMES) {
    const { layers } = numberLoss(name);
    if (layers === undefined) continue;
    const values = await lossOfLayers(layers);
    found.set(name, (labels, output) => tf.tidy(() => tf.mean(values(labels, output))));
  }
  return (name) => found.get(name) ?? ((labels, output) => tf.losses.huberLoss(labels, output));
}

/** The function behind one of TF.js's names, which it does not export. */
async function lossOfLayers(
  loss: string,
): Promise<(labels: tf.Tensor, outputs: tf.Tensor) => tf.Tensor> {
  await tf.ready();
  unregister();
  const inputs = tf.input({ shape: [2] });
  const outputs = tf.layers.softmax().apply(inputs) as tf.SymbolicTensor;
  const model = tf.model({ inputs, outputs });
  model.compile({ optimizer: 'sgd', loss });
  register(tf);
  const [found] = model.lossFunctions;
  if (!found) throw new Error(`TensorFlow.js has no loss ${loss}.`);
  return found;
}

/** Labels and logits of a cell, where the current backend computes. */
export interface Inputs {
  labels: tf.Tensor;
  logits: tf.Tensor;
}

export function inputsOf({ loss, shape }: Cell, data: Data): Inputs {
  const labels = tf.tensor(data.labels, loss === 'sparse' ? [shape[0]] : shape);
  const logits = tf.tensor(data.logits, shape);
  settle([labels, logits]);
  return { labels, logits };
}

/** Computes the loss, and reads it. */
export function forward(loss: MeanLoss, { labels, logits }: Inputs): () => void {
  return () => {
    const value = loss(labels, logits);
    value.dataSync();
    value.dispose();
  };
}

/** Computes loss and gradient, brings the gradient to where an optimizer would use it, and reads the loss. */
export function lossAndGradient(loss: MeanLoss, { labels, logits }: Inputs): () => void {
  const compute = tf.valueAndGrad((x) => loss(labels, x));
  return () => {
    const { value, grad } = compute(logits);
    settle([grad]);
    value.dataSync();
    tf.dispose([value, grad]);
  };
}

/** What is computed, all of it read. */
export function resultOf(loss: MeanLoss, { labels, logits }: Inputs): Result {
  return tf.tidy(() => {
    const { value, grad } = tf.valueAndGrad((x) => loss(labels, x))(logits);
    return { loss: value.dataSync()[0] ?? NaN, gradient: grad.dataSync() };
  });
}
