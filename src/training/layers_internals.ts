import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** All members of TF.js's layers that this package uses though its types hide them. */

/** An activation function as layers hold it. */
export interface Activation {
  apply(x: Tensor): Tensor;
  getClassName(): string;
}

/** One step of training or evaluation on a batch: inputs, targets, weights. */
export type Step = (data: Tensor[]) => Scalar[];

/** The part of a model that makes its steps. */
export interface StepMakers {
  makeTrainFunction?: () => Step;
  makeTestFunction?: () => void;
  /** The step that `makeTestFunction` made. */
  testFunction?: Step;
}

/** The hidden members of a model. */
export function stepMakers(model: LayersModel): StepMakers {
  return model as unknown as StepMakers;
}

/** The activation of a layer, if it has one. */
export function layerActivation(layer: object): Activation | undefined {
  const { activation } = layer as { activation?: Activation | null };
  return activation ?? undefined;
}

/**
 * Lets an output's targets have any shape. TF.js expects that of the output, unless the loss is the very function that
 * it calls sparse itself; our losses check shapes themselves.
 */
export function acceptAnyTarget(model: LayersModel, output: number): void {
  const { feedOutputShapes } = model as unknown as { feedOutputShapes?: unknown[] };
  if (feedOutputShapes !== undefined) feedOutputShapes[output] = null;
}
