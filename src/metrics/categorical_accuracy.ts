import { argMax, equal, tidy } from '@tensorflow/tfjs-core';

import { assertWhole, resolveAxis } from '../core/checks.js';
import { withDefaults } from '../core/config.js';
import { assertSameShape, toFloat, toTensor } from '../core/inputs.js';
import type { Metric } from '../core/loss.js';
import { nameMetric } from './metric.js';

/** Options of {@link categoricalAccuracy} and `sparseCategoricalAccuracy`. */
export interface CategoricalAccuracyOptions {
  /** Axis of the classes. Default: `-1`, the last. */
  axis?: number;
}

const who = 'categoricalAccuracy';

/**
 * Metric: how often the largest prediction is that of the largest label, one value per sample, for `metrics: [...]`. It is
 * the same for logits and probabilities.
 *
 *     accuracy = (argMax(yTrue, axis) = argMax(yPred, axis))
 *
 * @returns A function of `(yTrue, yPred)`, both [batch, d₀, …, classes], that gives 0 or 1 in their shape without `axis`.
 * @throws RangeError if an option is unknown or `axis` is not one of the axes.
 * @throws {@link ShapeError} (the metric) if the shapes differ.
 * @example
 * ```ts
 * categoricalAccuracy()([[0, 1, 0], [0, 0, 1]], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]]); // ≈ [1, 0]
 * ```
 */
export function categoricalAccuracy(options: CategoricalAccuracyOptions = {}): Metric {
  const axis = readAxis(who, options);
  const metric: Metric = (yTrue, yPred) =>
    tidy(() => {
      const labels = toTensor(who, 'yTrue', yTrue);
      const output = toTensor(who, 'yPred', yPred);
      assertSameShape(who, ['yTrue', labels.shape], ['yPred', output.shape]);
      const classAxis = resolveAxis(who, axis, ['yPred', output.shape]);
      return toFloat(equal(argMax(labels, classAxis), argMax(output, classAxis)));
    });
  return nameMetric(metric, who, { axis });
}

/** The option `axis`, checked. */
export function readAxis(name: string, options: CategoricalAccuracyOptions): number {
  const { axis } = withDefaults(name, { ...options }, { axis: -1 });
  assertWhole(name, 'axis', axis);
  return axis;
}
