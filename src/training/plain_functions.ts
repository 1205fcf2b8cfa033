import { mul, tidy } from '@tensorflow/tfjs-core';

import { weightedValues } from '../core/loss.js';
import { maskWeights, meanOver } from '../core/reduction.js';
import type { PlainFunction } from './loss_entries.js';
import type { OutputMetric, OutputPlan } from './plan.js';
import { predictionsFor } from './predictions.js';

/**
 * The loss for TF.js's own steps, which run when our integration was taken back or finds a TF.js that it does not know. They
 * take the mean over samples: so they get one value per sample, scaled such that the mean is the loss's own reduction.
 */
export function trainingFunction(output: () => OutputPlan): PlainFunction {
  return (yTrue, yPred) =>
    tidy(() => {
      const loss = output().chooseLoss?.(yTrue.shape, yPred.shape);
      if (loss === undefined) return yPred;
      const predictions = predictionsFor({ ...output(), yPred }, loss);
      const { values } = weightedValues(loss, yTrue, predictions.yPred, predictions);
      const axes = values.shape.map((_, axis) => axis).filter((axis) => axis > 0);
      const perSample = meanOver(values, axes);
      const scale = output().lossWeight * (loss.reduction === 'sum' ? values.size : 1);
      return scale === 1 ? perSample : mul(perSample, scale);
    });
}

/** A metric for TF.js's own steps. */
export function metricFunction(metric: OutputMetric, output: () => OutputPlan): PlainFunction {
  const measure: PlainFunction = (yTrue, yPred) => {
    const loss = output().chooseLoss?.(yTrue.shape, yPred.shape);
    const { values, counts } = metric.measure({ ...output(), yTrue, yPred, loss });
    return counts === undefined ? values : mul(values, maskWeights(counts, 'mean'));
  };
  return Object.defineProperty(measure, 'name', { value: metric.name });
}
