import type { Tensor } from '@tensorflow/tfjs-core';

import type { CompileArgs } from '../arguments.js';
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

/** Whether `compile` was given a function that is not TensorFlow.js's own: one that may call a function of this package. */
export function hasUserFunctions({ loss, metrics }: CompileArgs): boolean {
  return functionsIn([loss, metrics]).some((plain) => !isOfTfjs(plain));
}

function functionsIn(given: unknown): { readonly name: string }[] {
  if (typeof given === 'function') return [given];
  const isContainer = typeof given === 'object' && given !== null;
  return isContainer ? (Object.values(given) as unknown[]).flatMap(functionsIn) : [];
}

function isOfTfjs(plain: { readonly name: string }): boolean {
  // TensorFlow.js names the functions of `tf.losses` so.
  return plain.name.endsWith('__op') || tfjsMetricName(plain) !== undefined;
}
