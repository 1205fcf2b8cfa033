import type { TensorLike } from '@tensorflow/tfjs';

/** A file that tools/golden.py filled: inputs and options, with loss and gradient as Keras gives them. */
export interface Golden {
  /** Name and versions of what computed `loss` and `gradient`. */
  source: string;
  /** Class of the loss. */
  class: string;
  cases: GoldenCase[];
}

export interface GoldenCase {
  title: string;
  options: Record<string, unknown>;
  yTrue: TensorLike;
  yTrueDtype?: 'float32' | 'int32' | 'bool';
  yPred: TensorLike;
  sampleWeight?: TensorLike;
  loss: TensorLike;
  /** Gradient of the sum of `loss` with respect to `yPred`. */
  gradient: TensorLike;
}
