import { equal, greater, mean, reshape, tidy } from '@tensorflow/tfjs-core';

import { assertBoolean, assertFraction } from '../core/checks.js';
import { withDefaults } from '../core/config.js';
import { alignRanks, assertSameShape, toFloat, toTensor, withShape } from '../core/inputs.js';
import type { Metric } from '../core/loss.js';
import { nameMetric } from './metric.js';

/** Options of {@link binaryAccuracy}. */
export interface BinaryAccuracyOptions {
  /** Read `yPred` as logits (any real number), not probabilities. Default: `false`. */
  fromLogits?: boolean;
  /** Probability above which a prediction counts as positive, in [0, 1]. Default: `0.5`. */
  threshold?: number;
}

const who = 'binaryAccuracy';
const defaults: Required<BinaryAccuracyOptions> = { fromLogits: false, threshold: 0.5 };

/**
 * Metric: how often yes/no predictions match their labels, one value per sample, for `metrics: [...]`.
 *
 * ```
 * accuracy = mean(yTrue = (yPred > t), −1),  t = fromLogits ? log(threshold / (1 − threshold)) : threshold
 * ```
 *
 * @returns A function of `(yTrue, yPred)`, both [batch, d₀, …, dₙ], that gives values in [0, 1] of shape
 * [batch, d₀, …, dₙ₋₁].
 * @throws RangeError if `threshold` is outside [0, 1] or an option is unknown.
 * @throws {@link ShapeError} (the metric) if the shapes differ.
 * @example
 * ```ts
 * const accuracy = binaryAccuracy({ fromLogits: true });
 * accuracy([[1, 0, 1, 0]], [[0.2, -3, -0.1, -5]]); // ≈ [0.75]
 * ```
 */
export function binaryAccuracy(options: BinaryAccuracyOptions = {}): Metric {
  const { fromLogits, threshold } = withDefaults(who, options as Record<string, unknown>, defaults);
  assertBoolean(who, 'fromLogits', fromLogits);
  assertFraction(who, 'threshold', threshold);
  const cut = fromLogits ? Math.log(threshold / (1 - threshold)) : threshold;
  const metric: Metric = (yTrue, yPred) =>
    tidy(() => {
      const labels = toTensor(who, 'yTrue', yTrue);
      const output = toTensor(who, 'yPred', yPred);
      const [labelsShape, outputShape] = alignRanks(labels.shape, output.shape);
      assertSameShape(who, ['yTrue', labelsShape], ['yPred', outputShape]);
      const positive = toFloat(greater(withShape(output, outputShape), cut));
      const hits = toFloat(equal(withShape(toFloat(labels), labelsShape), positive));
      if (hits.rank === 0) return hits;
      // A single entry is its own mean.
      return hits.shape.at(-1) === 1 ? reshape(hits, hits.shape.slice(0, -1)) : mean(hits, -1);
    });
  return nameMetric(metric, who, { fromLogits, threshold });
}
