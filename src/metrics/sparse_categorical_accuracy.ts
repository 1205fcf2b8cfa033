import { argMax, equal, tidy } from '@tensorflow/tfjs-core';

import { resolveAxis, withoutAxes } from '../core/checks.js';
import { toFloat, toTensor, withShape } from '../core/inputs.js';
import type { Metric } from '../core/loss.js';
import { assertIndexShape, truncated } from '../ops/class_labels.js';
import { readAxis, type CategoricalAccuracyOptions } from './categorical_accuracy.js';
import { nameMetric } from './metric.js';

const who = 'sparseCategoricalAccuracy';

/**
 * Metric: how often the largest prediction is that of the label's class, one value per sample, for `metrics: [...]`. It is
 * the same for logits and probabilities.
 *
 *     accuracy = (yTrue = argMax(yPred, axis))
 *
 * @returns A function of `(yTrue, yPred)`: class indices in the shape of `yPred` without `axis` (or with 1 in its place), and
 * predictions [batch, d₀, …, classes]. It gives 0 or 1 in the shape of `yPred` without `axis`.
 * @throws RangeError if an option is unknown or `axis` is not one of the axes.
 * @throws {@link ShapeError} (the metric) if the shapes do not fit.
 * @example
 * ```ts
 * sparseCategoricalAccuracy()([1, 2], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]]); // ≈ [1, 0]
 * ```
 */
export function sparseCategoricalAccuracy(options: CategoricalAccuracyOptions = {}): Metric {
  const axis = readAxis(who, options);
  const metric: Metric = (yTrue, yPred) =>
    tidy(() => {
      const labels = toTensor(who, 'yTrue', yTrue);
      const output = toTensor(who, 'yPred', yPred);
      const classAxis = resolveAxis(who, axis, ['yPred', output.shape]);
      assertIndexShape(who, ['yTrue', labels.shape], ['yPred', output.shape], classAxis);
      const indices = truncated(withShape(toFloat(labels), withoutAxes(output.shape, [classAxis])));
      return toFloat(equal(indices, toFloat(argMax(output, classAxis))));
    });
  return nameMetric(metric, who, { axis });
}
