import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

import type { Loss } from '../core/loss.js';
import type { CompileArgs } from './compile/compile.js';
import type { EpochMeans } from './step/epoch_means.js';
import type { OutputActivation } from './step/recovered_logits.js';
import type { OutputWeights } from './weights/tensors.js';

/** A metric of one output. */
export interface OutputMetric {
  /** The name in logs. */
  readonly name: string;
  /** Whether sample and class weights weigh it. */
  readonly weighted: boolean;
  readonly measure: (batch: OutputBatch) => Measured;
}

/** Values whose mean is a metric. */
export interface Measured {
  readonly values: Tensor;
  /** Which of them count: 1 where one does, 0 elsewhere. By default all do. */
  readonly counts?: Tensor | undefined;
}

/** The loss for labels and predictions of these shapes; most outputs have one for all. */
export type ChooseLoss = (yTrue: readonly number[], yPred: readonly number[]) => Loss;

/** How one output of a model is trained and measured. */
export interface OutputPlan {
  readonly name: string;
  /** None for an output without a loss. */
  readonly chooseLoss: ChooseLoss | undefined;
  /** Factor of the output's loss in the total. */
  readonly lossWeight: number;
  /** What makes the output, if its last step is an activation. */
  readonly activation: OutputActivation | undefined;
  /** Whether a loss of this output reads logits, if it says: `'auto'` follows the activation. */
  readonly readsLogits: (loss: Loss) => boolean | undefined;
  readonly metrics: readonly OutputMetric[];
}

/** An output on a batch. */
export interface OutputBatch extends OutputPlan, OutputWeights {
  readonly yTrue: Tensor;
  readonly yPred: Tensor;
  readonly loss: Loss | undefined;
}

/** How a model is trained and measured, as `compile` worked it out. */
export interface Plan {
  readonly outputs: readonly OutputPlan[];
  /** Whether our steps always run. Where TF.js's own do what Keras does, ours run for batches with sample weights alone. */
  readonly ours: boolean;
  /** What the user gave to `compile`. */
  readonly args: CompileArgs;
  /** The means of the training step that was made last. */
  trained?: EpochMeans;
}

/** By the model that does the work. */
const plans = new WeakMap<LayersModel, Plan>();

/** The plan of a compiled model. */
export function planOf(model: LayersModel): Plan | undefined {
  return plans.get(model);
}

/** Remembers the plan of a model. */
export function setPlan(model: LayersModel, plan: Plan): void {
  plans.set(model, plan);
}

/** Forgets it. */
export function forgetPlan(model: LayersModel): void {
  plans.delete(model);
}
