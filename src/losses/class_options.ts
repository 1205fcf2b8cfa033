import { add, mul, type Tensor } from '@tensorflow/tfjs-core';

import { assertBoolean, assertFraction, assertWhole } from '../core/checks.js';

/** Options that all losses over classes share. */
export interface ClassOptions {
  /** Read `yPred` as logits (any real number), not probabilities. Default: `false`. */
  fromLogits?: boolean;
  /** Share ε of each label spread evenly over all classes, in [0, 1]. Default: `0`. */
  labelSmoothing?: number;
  /** Axis of the classes. Default: `-1`, the last. */
  axis?: number;
}

export const classDefaults: Required<ClassOptions> = {
  fromLogits: false,
  labelSmoothing: 0,
  axis: -1,
};

export function checkClassOptions(who: string, options: Required<ClassOptions>): void {
  assertBoolean(who, 'fromLogits', options.fromLogits);
  assertFraction(who, 'labelSmoothing', options.labelSmoothing);
  assertWhole(who, 'axis', options.axis);
}

/** labels · (1 − ε) + ε / classes */
export function smoothClasses(labels: Tensor, share: number, axis: number): Tensor {
  if (share === 0) return labels;
  return add(mul(labels, 1 - share), share / (labels.shape[axis] ?? 1));
}
