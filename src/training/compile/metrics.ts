import { mul, neg, type Tensor } from '@tensorflow/tfjs-core';

import { configToOptions, toFunctionName, type Config } from '../../core/config.js';
import { formatValue } from '../../core/errors.js';
import { addendWith, classOf, maskedValues, type Loss, type Metric } from '../../core/loss.js';
import { toFloat } from '../../core/inputs.js';
import { maskWeights } from '../../core/reduction.js';
import * as ourMetrics from '../../metrics/index.js';
import { getLoss, isKnownLoss, isSerializedLoss } from '../../registry.js';
import type { MetricIdentifier, MetricsByOutput } from '../arguments.js';
import { byOutput, isDict, isNothing } from '../per_output.js';
import type { Measured, OutputBatch, OutputMetric } from '../plan.js';
import { predictionsFor } from '../step/predictions.js';
import { TFJS_METRICS } from '../tfjs.js';
import { tfjsMetric, tfjsMetricName } from './tfjs_metrics.js';

/** The names of metrics whose meaning follows from the loss. */
const NAMED_BY_LOSS: readonly string[] = ['accuracy', 'acc', 'crossentropy', 'ce'];

/** Whether TensorFlow.js's own `compile` knows the metric by this name. */
export function isTfjsMetric(name: unknown): boolean {
  return TFJS_METRICS.includes(name as string) || NAMED_BY_LOSS.includes(name as string);
}

/** All names of metrics. Losses are metrics by their own names, too. */
export function metricNames(): string[] {
  return [...NAMED_BY_LOSS, ...Object.keys(ourMetrics), ...TFJS_METRICS];
}

/** The metrics that were given for one output. */
export function metricsOf(
  who: string,
  given: MetricsByOutput | null | undefined,
  outputs: readonly string[],
  index: number,
): MetricIdentifier[] {
  if (Array.isArray(given)) {
    // A list of lists has one for each output.
    const isNested = given.some(Array.isArray);
    if (isNested && given.length !== outputs.length) {
      throw new RangeError(
        `${who} must have one list per output (${outputs.join(', ')}). Received: ${given.length} lists.`,
      );
    }
    return listOf(isNested ? given[index] : given);
  }
  if (!isDict(given)) return listOf(given);
  return listOf(byOutput<unknown>(who, given, outputs)[index]);
}

function listOf(given: unknown): MetricIdentifier[] {
  if (isNothing(given)) return [];
  const list = (Array.isArray(given) ? given : [given]) as (MetricIdentifier | null)[];
  return list.filter((metric) => metric !== null);
}

/** The metric of a name, function or saved config. `undefined` for a name that only TensorFlow.js itself may know. */
export function findMetric(
  identifier: MetricIdentifier,
  weighted: boolean,
): OutputMetric | undefined {
  if (isSerializedLoss(identifier)) return fromConfig(identifier, weighted);
  if (typeof identifier === 'function') {
    const name = tfjsMetricName(identifier) ?? identifier.name;
    return isKnownLoss(identifier)
      ? lossMetric(name, weighted, getLoss(identifier))
      : fromFunction(name, identifier, weighted);
  }
  if (typeof identifier !== 'string') {
    throw new TypeError(
      `model.compile: a metric must be a name or a function. Received: ${formatValue(identifier)}.`,
    );
  }
  return fromName(identifier, weighted);
}

function fromName(name: string, weighted: boolean): OutputMetric | undefined {
  if (name === 'accuracy' || name === 'acc') return { ...accuracy, weighted };
  if (name === 'crossentropy' || name === 'ce') return { ...crossentropy, weighted };
  const factory = ourMetric(name);
  if (factory !== undefined) return fromFunction(name, factory(), weighted);
  if (isKnownLoss(name)) return namedMetric(name, weighted, getLoss(name));
  const metric = tfjsMetric(toFunctionName(name));
  return metric && fromFunction(name, metric as Metric, weighted);
}

/** A plain function as a metric. */
export function fromFunction(name: string, metric: Metric, weighted: boolean): OutputMetric {
  return { name, weighted, measure: ({ yTrue, yPred }) => ({ values: metric(yTrue, yPred) }) };
}

type MetricFactory = (options?: object) => Metric;

function ourMetric(name: string): MetricFactory | undefined {
  const key = toFunctionName(name);
  return Object.hasOwn(ourMetrics, key) ? ourMetrics[key as keyof typeof ourMetrics] : undefined;
}

/** A metric that Keras or this package has saved. Keras wraps a metric function, and saves its name as `fn`. */
function fromConfig(
  { class_name: className, config }: { class_name: string; config: unknown },
  weighted: boolean,
): OutputMetric | undefined {
  if (typeof config === 'string') return fromName(config, weighted);
  const { name, fn, dtype: _dtype, ...rest } = config as Config;
  const logged = typeof name === 'string' ? name : toFunctionName(className);
  const inner = isDict(fn) ? (fn as Config).config : fn;
  if (typeof inner === 'string') {
    if (isKnownLoss(inner)) return lossMetric(logged, weighted, getLoss(inner));
    const metric = fromName(inner, weighted);
    return metric && { ...metric, name: logged };
  }
  const factory = ourMetric(className);
  if (factory !== undefined) {
    return fromFunction(logged, factory(configToOptions(rest)), weighted);
  }
  const options = { class_name: className, config: rest };
  if (isKnownLoss(className)) {
    // Saved losses have a reduction, saved metrics have none.
    const metric = 'reduction' in rest ? lossMetric : namedMetric;
    return metric(logged, weighted, getLoss(options));
  }
  // The metrics of TensorFlow.js have no options.
  const metric = Object.keys(rest).length === 0 ? fromName(className, weighted) : undefined;
  return metric && { ...metric, name: logged };
}

/** A loss as a metric: its values per sample, before any sample weights. */
function lossMetric(name: string, weighted: boolean, loss: Loss): OutputMetric {
  return { name, weighted, measure: (batch) => measureLoss(batch, loss) };
}

/** The metric that is called like a loss. */
function namedMetric(name: string, weighted: boolean, loss: Loss): OutputMetric {
  const metric = lossMetric(name, weighted, loss);
  if (classOf(loss).negatedMetric !== true) return metric;
  const measure = (batch: OutputBatch) => {
    const { values, counts } = metric.measure(batch);
    return { values: neg(values), counts };
  };
  return { ...metric, measure };
}

function measureLoss(batch: OutputBatch, loss: Loss): Measured {
  if (classOf(loss).composite) {
    return { values: loss.addUp((addend) => meanValues(measureLoss(batch, addend))) };
  }
  const { yPred, fromLogits } = predictionsFor(batch, loss);
  const { values, mask } = maskedValues(loss, batch.yTrue, yPred, { fromLogits });
  return { values, counts: mask && toFloat(mask) };
}

/** Values that are scaled so that their plain mean is the mean of those that count. */
export function meanValues({ values, counts }: Measured): Tensor {
  return counts === undefined ? values : mul(values, maskWeights(counts, 'mean'));
}

/** `'accuracy'`: in the sense of the output's loss, or else of the shapes, as in Keras. */
const accuracy: Omit<OutputMetric, 'weighted'> = {
  name: 'acc',
  measure: (batch) => {
    const { yTrue, yPred, readsLogits } = batch;
    const loss = batch.loss && addendWith(batch.loss, 'accuracy');
    const ofLoss = loss && accuracyOf(loss, readsLogits(loss));
    const metric = ofLoss ?? accuracyByShapes(yTrue.shape, yPred.shape);
    const mask = loss?.mask(toFloat(yTrue), yPred);
    return { values: metric(yTrue, yPred), counts: mask && toFloat(mask) };
  },
};

/** Made once, not in every step. */
const accuracies = new WeakMap<Loss, { fromLogits: boolean | undefined; metric: Metric }>();

function accuracyOf(loss: Loss, fromLogits: boolean | undefined): Metric | undefined {
  const make = classOf(loss).accuracy;
  if (make === undefined) return undefined;
  let made = accuracies.get(loss);
  if (made === undefined || made.fromLogits !== fromLogits) {
    made = {
      fromLogits,
      metric: make({ ...loss.options, fromLogits } as never, ourMetrics as never),
    };
    accuracies.set(loss, made);
  }
  return made.metric;
}

/** `'crossentropy'`: that of the output's loss, without what smooths and weighs it, or else that of the shapes. */
const crossentropy: Omit<OutputMetric, 'weighted'> = {
  name: 'ce',
  measure: (batch) => measureLoss(batch, crossentropyOf(batch)),
};

function crossentropyOf({ loss: given, yTrue, yPred, readsLogits }: OutputBatch): Loss {
  const loss = given && addendWith(given, 'crossentropy');
  const ofLoss = loss && classOf(loss).crossentropy;
  return ofLoss
    ? ofLoss({ ...loss.options, fromLogits: readsLogits(loss) } as never)
    : crossentropyByShapes(yTrue.shape, yPred.shape);
}

/** The cross-entropy that Keras chooses: binary for one number, sparse for labels with fewer axes than the predictions. */
export function crossentropyByShapes(yTrue: readonly number[], yPred: readonly number[]): Loss {
  return getLoss(`${kindOf(yTrue, yPred)}Crossentropy`);
}

function accuracyByShapes(yTrue: readonly number[], yPred: readonly number[]): Metric {
  return ourMetrics[`${kindOf(yTrue, yPred)}Accuracy`]();
}

function kindOf(yTrue: readonly number[], yPred: readonly number[]) {
  if (yPred.at(-1) === 1) return 'binary';
  return yTrue.length < yPred.length || yTrue.at(-1) === 1 ? 'sparseCategorical' : 'categorical';
}
