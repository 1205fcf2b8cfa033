import { mul, tidy } from '@tensorflow/tfjs-core';

import { valuesAndMask } from '../../core/evaluate.js';
import { maskWeights, meanOver } from '../../core/reduction.js';
import { weigh } from '../../core/weighting.js';
import type { PlainFunction } from './losses.js';
import { meanValues } from './metrics.js';
import type { OutputMetric, OutputPlan } from '../plan.js';

/**
 * The loss of an output as TensorFlow.js's own steps call it. They run after `unregister()`, and in a version of TensorFlow.js
 * that lacks what our steps need. They take the mean over samples, so this function gives one value per sample, scaled so that
 * the mean is what the loss's own reduction gives.
 */
export function trainingFunction(output: () => OutputPlan): PlainFunction {
  return (yTrue, yPred) =>
    tidy(() => {
      const loss = output().chooseLoss?.(yTrue.shape, yPred.shape);
      if (loss === undefined) return yPred;
      return loss.sumOverTerms((term) => {
        const fromLogits = output().readsLogits(term);
        const { values: given, mask } = valuesAndMask(term, { yTrue, yPred, fromLogits });
        const { reduction } = term;
        const counts = mask && maskWeights(mask, reduction);
        const values = counts === undefined ? given : weigh('loss', given, counts);
        const axes = values.shape.map((_, axis) => axis).filter((axis) => axis > 0);
        const perSample = meanOver(values, axes);
        const scale = output().lossWeight * (reduction === 'sum' ? values.size : 1);
        return scale === 1 ? perSample : mul(perSample, scale);
      });
    });
}

/** A metric of an output as TensorFlow.js's own steps call it. */
export function metricFunction(metric: OutputMetric, output: () => OutputPlan): PlainFunction {
  const measure: PlainFunction = (yTrue, yPred) => {
    const loss = output().chooseLoss?.(yTrue.shape, yPred.shape);
    return meanValues(metric.measure({ ...output(), yTrue, yPred, loss }));
  };
  return Object.defineProperty(measure, 'name', { value: metric.name });
}
