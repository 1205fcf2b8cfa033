import type { Tensor } from '@tensorflow/tfjs-core';

import { tfjsMetrics } from '../state.js';

type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** TensorFlow.js's own metric of this name. */
export function tfjsMetric(name: string): MetricFunction | undefined {
  const metric = Object.hasOwn(tfjsMetrics, name) ? tfjsMetrics[name] : undefined;
  return typeof metric === 'function' ? (metric as MetricFunction) : undefined;
}

/** The name of one of TensorFlow.js's own metrics. The function's `name` may be what a minifier made of it. */
export function tfjsMetricName(metric: unknown): string | undefined {
  return Object.keys(tfjsMetrics).find((name) => tfjsMetric(name) === metric);
}
