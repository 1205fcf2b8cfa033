import type { Tensor } from '@tensorflow/tfjs-core';

import { multiplyNoNan } from './op.js';
import { alignRanks, broadcast, commonShape, mismatch, withShape } from './inputs.js';

/**
 * Per-sample values times weights; a weight of 0 excludes its value, also a NaN or infinite one.
 *
 * 1. Ranks that differ by a last axis of 1 are aligned, as in Keras.
 * 2. Weights whose axes are the first axes of the values weigh whole samples: [batch] on [batch, time].
 * 3. Everything else broadcasts from the last axis, as in Keras.
 *
 * Differs from Keras: rule 2. Keras 3 rejects [batch] weights on [batch, time] values, or, where batch and time happen to
 * be equal, weighs the time axis.
 *
 * @throws {@link ShapeError} if none of them fits.
 */
export function weigh(who: string, values: Tensor, weights: Tensor): Tensor {
  const shapes = weighting(who, values.shape, weights.shape);
  return multiplyNoNan(
    broadcast(withShape(values, shapes.values), shapes.product),
    broadcast(withShape(weights, shapes.weights), shapes.product),
  );
}

/** The product of both weights where both are given, and the one that is given where one is. */
export function combineWeights(
  who: string,
  weights: Tensor | undefined,
  others: Tensor | undefined,
): Tensor | undefined {
  return weights && others ? weigh(who, weights, others) : (weights ?? others);
}

/** Throws where {@link weigh} would. */
export function assertWeighs(who: string, values: number[], weights: number[]): void {
  weighting(who, values, weights);
}

/** The shape of values with weights. */
export function weighedShape(who: string, values: number[], weights: number[]): number[] {
  return weighting(who, values, weights).product;
}

/** One weight for each value. */
export function expandWeights(who: string, values: number[], weights: Tensor): Tensor {
  const shapes = weighting(who, values, weights.shape);
  return broadcast(withShape(weights, shapes.weights), shapes.product);
}

/** The shapes in which values and weights are multiplied, and that of their product. */
function weighting(who: string, valuesShape: number[], weightsShape: number[]) {
  const [values, aligned] = alignRanks(valuesShape, weightsShape);
  const weights = leads(aligned, values)
    ? [...aligned, ...values.slice(aligned.length).map(() => 1)]
    : aligned;
  const product = commonShape(values, weights, () =>
    mismatch(
      `${who}: sampleWeight must fit the per-sample values: their shape, its first axes, or a shape that broadcasts.`,
      ['sampleWeight', weightsShape],
      ['values', valuesShape],
    ),
  );
  return { values, weights, product };
}

/** Whether the axes of `first` are the first axes of `shape`, with others behind them. */
function leads(first: readonly number[], shape: readonly number[]): boolean {
  return (
    first.length > 0 &&
    first.length < shape.length &&
    first.every((size, axis) => size === shape[axis])
  );
}
