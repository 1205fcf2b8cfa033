import { mul, neg, type Tensor } from '@tensorflow/tfjs-core';

import type { Axis } from '../../core/checks.js';
import { configToOptions, toFunctionName, type Config } from '../../core/config.js';
import { formatValue } from '../../core/errors.js';
import { classOf } from '../../core/description.js';
import { valuesAndMask } from '../../core/evaluate.js';
import type { Loss, Metric } from '../../core/loss.js';
import { toFloat } from '../../core/inputs.js';
import { maskWeights } from '../../core/reduction.js';
import { BinaryCrossentropy } from '../../losses/binary_crossentropy.js';
import { CategoricalCrossentropy } from '../../losses/categorical_crossentropy.js';
import { SparseCategoricalCrossentropy } from '../../losses/sparse_categorical_crossentropy.js';
import * as ourMetrics from '../../metrics/index.js';
import { getLoss, isKnownLoss, isSerializedLoss } from '../../registry.js';
import type { MetricIdentifier, MetricsByOutput } from '../arguments.js';
import { byOutput, isDict, isNothing } from '../per_output.js';
import type { Measured, OutputBatch, OutputMetric } from '../plan.js';
import { termWithLabels } from '../label_form.js';
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
  if (name === 'accuracy' || name === 'acc') return { ...accuracy(), weighted };
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
  if (!classOf(loss).negatedMetric) return metric;
  const measure = (batch: OutputBatch) => {
    const { values, counts } = metric.measure(batch);
    return { values: neg(values), counts };
  };
  return { ...metric, measure };
}

function measureLoss(batch: OutputBatch, loss: Loss): Measured {
  if (classOf(loss).composite) {
    return { values: loss.sumOverTerms((term) => meanValues(measureLoss(batch, term))) };
  }
  const { yTrue, yPred, readsLogits } = batch;
  const { values, mask } = valuesAndMask(loss, { yTrue, yPred, fromLogits: readsLogits(loss) });
  return { values, counts: mask && toFloat(mask) };
}

/** Values that are scaled so that their plain mean is the mean of those that count. */
export function meanValues({ values, counts }: Measured): Tensor {
  return counts === undefined ? values : mul(values, maskWeights(counts, 'mean'));
}

/** `'accuracy'`: as the labels of the output's loss ask for, or else the shapes, as in Keras. */
function accuracy(): Omit<OutputMetric, 'weighted'> {
  // Made once for each form of labels, not in every step.
  const made = new Map<string, Metric>();
  return {
    name: 'acc',
    measure: (batch) => {
      const { yTrue, yPred } = batch;
      const { loss, kind, fromLogits, axis } = labelsOf(batch);
      const key = `${kind} ${fromLogits}`;
      const metric = made.get(key) ?? accuracyOf(kind, fromLogits, axis);
      made.set(key, metric);
      const mask = loss?.mask?.(toFloat(yTrue), yPred);
      return { values: metric(yTrue, yPred), counts: mask && toFloat(mask) };
    },
  };
}

function accuracyOf(kind: Kind, fromLogits: boolean, axis: Axis | undefined): Metric {
  if (kind === 'binary') return ourMetrics.binaryAccuracy({ fromLogits });
  return ourMetrics[`${kind}Accuracy`](typeof axis === 'number' ? { axis } : {});
}

/** `'crossentropy'`: as the labels of the output's loss ask for, without what smooths and weighs them, or else the shapes. */
const crossentropy: Omit<OutputMetric, 'weighted'> = {
  name: 'ce',
  measure: (batch) => {
    const { kind, fromLogits, axis, ignoreClass } = labelsOf(batch);
    const loss = new CROSSENTROPIES[kind]({
      fromLogits,
      ...(axis !== undefined && { axis }),
      ...(ignoreClass !== undefined && { ignoreClass }),
    } as never);
    return measureLoss(batch, loss);
  },
};

/** By their classes, as names are unknown after `unregister()`. */
const CROSSENTROPIES = {
  binary: BinaryCrossentropy,
  categorical: CategoricalCrossentropy,
  sparseCategorical: SparseCategoricalCrossentropy,
};

const KINDS = { binary: 'binary', oneHot: 'categorical', index: 'sparseCategorical' } as const;

type Kind = (typeof KINDS)[keyof typeof KINDS];

/** How the labels of an output are read: as its loss says, with the options for it, or else by the shapes. */
function labelsOf({ loss: given, yTrue, yPred, readsLogits, activation }: OutputBatch) {
  const loss = given && termWithLabels(given);
  const labels = loss && classOf(loss).labels;
  const fromLogits = (loss && readsLogits(loss)) ?? false;
  // The entries of a softmax are classes, also where the loss reads each as a yes or no of its own.
  const isOfClasses = labels === 'binary' && activation?.name === 'softmax';
  if (loss === undefined || labels === undefined || isOfClasses) {
    return { loss, fromLogits, kind: kindByShapes(yTrue.shape, yPred.shape) };
  }
  const { axis, ignoreClass } = loss.options as { axis?: Axis; ignoreClass?: number | null };
  return { loss, fromLogits, kind: KINDS[labels], axis, ignoreClass };
}

/** The cross-entropy that Keras chooses by shapes. */
export function crossentropyByShapes(yTrue: readonly number[], yPred: readonly number[]): Loss {
  return new CROSSENTROPIES[kindByShapes(yTrue, yPred)]();
}

/** Keras's choice: one number is binary, labels with fewer axes than the predictions are indices. */
function kindByShapes(yTrue: readonly number[], yPred: readonly number[]): Kind {
  if (yPred.at(-1) === 1) return 'binary';
  return yTrue.length < yPred.length || yTrue.at(-1) === 1 ? 'sparseCategorical' : 'categorical';
}
