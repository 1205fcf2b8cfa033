import type { Tensor } from '@tensorflow/tfjs-core';

import type { Input } from './inputs.js';
import type { Reduction } from './reduction.js';

/** One call of a loss. */
export interface LossCall {
  readonly yTrue: Input;
  readonly yPred: Input;
  /** Weights of the per-sample values. */
  readonly sampleWeight?: Input | undefined;
  /** A factor on the loss of each label, in the shape of `yTrue` as it is aligned, for losses that weigh labels. */
  readonly labelWeights?: Tensor | undefined;
  /** What `'mean_with_sample_weight'` divides by, where labels have weights: those of samples times the mean of their labels'. */
  readonly totalWeights?: Tensor | undefined;
  /** What `fromLogits` of the loss means here, where the call knows it better than the options: for `'auto'`. */
  readonly fromLogits?: boolean | undefined;
  /** Default: that of the loss. */
  readonly reduction?: Reduction;
  /** The function or class that error texts name. Default: the class of the loss. */
  readonly who?: string;
  /** Whether labels and predictions whose ranks differ by a last axis of 1 are aligned. Default: `true`. */
  readonly align?: boolean;
  /** Sees per-sample values whose shape nobody knew before they were computed, and may throw. */
  readonly checkValues?: (values: Tensor, weights: Tensor | undefined) => void;
}

/** A call after all checks. No kernel has run yet. */
export interface CheckedCall extends LossCall {
  readonly yTrue: Tensor;
  /** The predictions or, where the loss reads probabilities and their logits were found, those logits. */
  readonly yPred: Tensor;
  readonly sampleWeight: Tensor | undefined;
  /** Whether `yPred` are logits; `false` for a loss whose own `compute` reads them. */
  readonly fromLogits: boolean;
  readonly reduction: Reduction;
  readonly who: string;
  /** The shapes that labels and predictions are computed in. */
  readonly shapes: readonly [labels: number[], predictions: number[]];
  /** The shape of the per-sample values; `undefined` where only `compute` can tell. */
  readonly valuesShape: number[] | undefined;
}
