import type { Optimizer, Tensor } from '@tensorflow/tfjs-core';

import type { Input } from '../core/inputs.js';
import type { LossIdentifier } from '../registry.js';

/** One value for all outputs of a model, or one for each output: by position in a list, or by name in a dict. */
export type PerOutput<T> = T | readonly T[] | Readonly<Record<string, T>>;

/** A metric as users give it: a name, a function, a loss object, or a saved config. */
export type MetricIdentifier =
  | string
  | ((yTrue: Tensor, yPred: Tensor) => Tensor)
  | {
      /** The name of the metric's class or function. */
      class_name: string;
      /** What the metric's `getConfig()` gives, or the name of a function. */
      config: unknown;
    };

/** Metrics as `compile` takes them: one or several for all outputs, or a list or dict of them by output. */
export type MetricsByOutput = PerOutput<MetricIdentifier | readonly MetricIdentifier[] | null>;

/** What `model.compile` and {@link compile} take. */
export interface CompileArgs {
  /** An optimizer, or the name of one of TensorFlow.js's. */
  optimizer: string | Optimizer;
  /** The loss of all outputs, or of each; `null` for an output that is not trained. */
  loss: PerOutput<LossIdentifier | null>;
  /** The factor of each output's loss in the total. The losses that are reported by output do not contain it. */
  lossWeights?: PerOutput<number> | null | undefined;
  /** Metrics that no weights change. */
  metrics?: MetricsByOutput | null | undefined;
  /** Metrics that sample and class weights weigh. */
  weightedMetrics?: MetricsByOutput | null | undefined;
}

/** The weight of each class, by its index. A class that is not listed has the weight 1. */
export type ClassWeight = Readonly<Record<number, number>>;

/** Weights as `fit`, `evaluate` and the other methods take them. */
export interface GivenWeights {
  /** Weights of samples: for all outputs, or for each by position or name. */
  readonly sampleWeight?: PerOutput<Input | null> | null | undefined;
  /** Weights of classes: for the only output, or for each by position or name. */
  readonly classWeight?: PerOutput<ClassWeight | null> | null | undefined;
}
