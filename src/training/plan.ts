import type { Tensor } from '@tensorflow/tfjs-core';

import type { Loss } from '../core/loss.js';
import type { CompileArgs } from './arguments.js';
import type { OutputActivation } from './compile/output_activation.js';

/** How a model is trained and measured, as `compile` worked it out. */
export interface Plan {
  readonly outputs: readonly OutputPlan[];
  /** `true`: our own steps run on every batch. `false`: TensorFlow.js's steps run, unless the batch has sample weights. */
  readonly usesOwnSteps: boolean;
  /** What the user gave to `compile`. */
  readonly args: CompileArgs;
}

/** How one output of a model is trained and measured. */
export interface OutputPlan {
  readonly name: string;
  /** Absent for an output without a loss. */
  readonly chooseLoss: ChooseLoss | undefined;
  /** The factor of the output's loss in the total. */
  readonly lossWeight: number;
  /** The activation that the output ends in, if its last step is one. */
  readonly activation: OutputActivation | undefined;
  /** Whether a loss reads this output as logits. `undefined` if the loss has no option to say so. */
  readonly readsLogits: (loss: Loss) => boolean | undefined;
  readonly metrics: readonly OutputMetric[];
}

/** Gives the loss for labels and predictions of these shapes. Most outputs have one loss for all shapes. */
export type ChooseLoss = (yTrue: readonly number[], yPred: readonly number[]) => Loss;

/** A metric of one output. */
export interface OutputMetric {
  /** The name in logs. */
  readonly name: string;
  /** Whether sample and class weights weigh it. */
  readonly weighted: boolean;
  readonly measure: (batch: OutputBatch) => Measured;
}

/** The values of a metric on a batch: the metric is their mean. */
export interface Measured {
  readonly values: Tensor;
  /** 1 for each value that counts and 0 for each that does not. Without it, all values count. */
  readonly counts?: Tensor | undefined;
}

/** One output on one batch. */
export interface OutputBatch extends OutputPlan, OutputWeights {
  readonly yTrue: Tensor;
  readonly yPred: Tensor;
  readonly loss: Loss | undefined;
}

/** The weights of one output on one batch. */
export interface OutputWeights {
  readonly sampleWeight?: Tensor | undefined;
  /** Weights of labels or of per-sample values, made of the weights of their classes. */
  readonly classWeight?: Tensor | undefined;
}
