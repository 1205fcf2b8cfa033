import * as tf from '@tensorflow/tfjs';

import type { CompileArgs } from '../../src/training/arguments.js';

/** Small models whose outputs are their inputs, so that tests choose logits and work out by hand what follows. */

type Activation = 'linear' | 'sigmoid' | 'softmax' | 'relu';

interface Head {
  activation?: Activation;
  name?: string;
  /** What the output is times, before the activation. */
  factor?: number;
  /** Strength of a penalty on the squares of the kernel. */
  l2?: number;
}

/** A dense layer that hands on the last axis of its input, times a factor: its kernel is a multiple of the identity. */
export function head(size: number, { activation, name, factor = 1, l2 }: Head = {}) {
  return tf.layers.dense({
    units: size,
    ...(activation && { activation }),
    ...(name !== undefined && { name }),
    ...(l2 !== undefined && { kernelRegularizer: tf.regularizers.l2({ l2 }) }),
    weights: [tf.mul(tf.eye(size), factor), tf.zeros([size])],
  });
}

/** A `tf.Sequential` of such a layer. */
export function sequential(shape: number[], options?: Head): tf.LayersModel {
  const input = tf.layers.inputLayer({ inputShape: shape });
  return tf.sequential({ layers: [input, head(shape.at(-1)!, options)] });
}

/** A functional model of such layers side by side, one for each output. */
export function functional(shape: number[], ...options: Head[]): tf.LayersModel {
  const input = tf.input({ shape });
  const heads = options.length === 0 ? [{}] : options;
  const outputs = heads.map((each) => head(shape.at(-1)!, each).apply(input) as tf.SymbolicTensor);
  return tf.model({ inputs: input, outputs });
}

/** Both kinds with one output, for `describe.each`. */
export const KINDS: [kind: string, build: (shape: number[]) => tf.LayersModel][] = [
  ['a sequential model', sequential],
  ['a functional model', functional],
];

/** Compiles such that training changes nothing, and returns the model. */
export function frozen(
  model: tf.LayersModel,
  args: Omit<CompileArgs, 'optimizer'>,
): tf.LayersModel {
  model.compile({ optimizer: tf.train.sgd(0), ...args });
  return model;
}

/** What one epoch or more reported, by name. */
export async function reportedBy(training: Promise<tf.History>): Promise<Record<string, number[]>> {
  return (await training).history as Record<string, number[]>;
}

/** Numbers of scalars. */
export function numbers(scalars: tf.Tensor | tf.Tensor[]): number[] {
  return [scalars].flat().map((scalar) => scalar.dataSync()[0]!);
}

/** log(1 + exp(x)) in float64. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** The binary cross-entropy of a label and a logit in float64. */
export function binary(label: number, logit: number): number {
  return softplus(logit) - label * logit;
}

/** The cross-entropy of a class and logits in float64. */
export function categorical(label: number, logits: readonly number[]): number {
  return Math.log(logits.reduce((total, logit) => total + Math.exp(logit), 0)) - logits[label]!;
}

/** 1 / (1 + exp(−x)) in float64. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

export function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
