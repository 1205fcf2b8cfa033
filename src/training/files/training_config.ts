import type { Optimizer } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

import { toFunctionName } from '../../core/config.js';
import { formatValue } from '../../core/errors.js';
import { isLoss, isLossClass } from '../../core/loss.js';
import { warn } from '../../core/warn.js';
import { savedMetric } from '../../metrics/metric.js';
import {
  deserializeLoss,
  getLoss,
  isKnownLoss,
  isSerializedLoss,
  serializeLoss,
  type SerializedLoss,
} from '../../registry.js';
import type { CompileArgs, MetricIdentifier, MetricsByOutput } from '../arguments.js';
import { isChosenByShapes } from '../compile/losses.js';
import { findMetric, isTfjsMetric } from '../compile/metrics.js';
import { tfjsMetric, tfjsMetricName } from '../compile/tfjs_metrics.js';
import { nameOf, savedUnresolved, unresolvedLoss } from '../compile/unresolved_loss.js';
import { isDict, isNothing } from '../per_output.js';
import { TFJS_LOSSES, TFJS_METRICS, workingModel } from '../tfjs.js';
import { readOptimizer } from './optimizers.js';

/** What `compile` was given, as Keras saves it: `training_config` in its `.h5` files, `compile_config` in `.keras` files. */
export interface TrainingConfig {
  loss?: unknown;
  loss_weights?: unknown;
  metrics?: unknown;
  weighted_metrics?: unknown;
  /** The name in Keras's `.h5` files and in those of TensorFlow.js. */
  optimizer_config?: unknown;
  /** The name in Keras's `.keras` files. */
  optimizer?: unknown;
}

/** What a model was compiled with, as Keras saves it. */
export function writeTrainingConfig(args: CompileArgs, optimizer: Optimizer): TrainingConfig {
  const { loss, lossWeights, metrics, weightedMetrics } = args;
  return {
    loss: mapEntries(loss, writeLoss),
    loss_weights: lossWeights ?? null,
    metrics: mapEntries(metrics ?? null, writeMetric),
    weighted_metrics: mapEntries(weightedMetrics ?? null, writeMetric),
    optimizer_config: { class_name: optimizer.getClassName(), config: optimizer.getConfig() },
  };
}

/** Whether TensorFlow.js's own form can hold these arguments, and means the same to TensorFlow.js without this package. */
export function isTfjsConfig({
  loss,
  lossWeights,
  metrics,
  weightedMetrics,
}: CompileArgs): boolean {
  const names = (given: unknown): unknown[] =>
    Array.isArray(given) ? given : isDict(given) ? Object.values(given) : [given];
  return (
    isNothing(lossWeights) &&
    isNothing(weightedMetrics) &&
    names(loss).every((name) => typeof name === 'string' && TFJS_LOSSES.includes(name)) &&
    (isNothing(metrics) || names(metrics).every(isTfjsMetric))
  );
}

function mapEntries(entries: unknown, change: (entry: unknown) => unknown): unknown {
  if (Array.isArray(entries)) return entries.map((entry) => mapEntries(entry, change));
  if (!isDict(entries)) return change(entries);
  return Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [name, mapEntries(entry, change)]),
  );
}

function writeLoss(loss: unknown): unknown {
  const unresolved = savedUnresolved(loss);
  if (unresolved !== undefined) return unresolved;
  if (typeof loss !== 'function') return loss;
  if (isLoss(loss) || isLossClass(loss) || isKnownLoss(loss)) return serializeLoss(getLoss(loss));
  return writeFunction(loss.name);
}

function writeMetric(metric: unknown): unknown {
  if (typeof metric !== 'function') return metric;
  if (isLoss(metric)) return serializeLoss(metric);
  if (isKnownLoss(metric)) return serializeLoss(getLoss(metric));
  return tfjsMetricName(metric) ?? savedMetric(metric) ?? writeFunction(metric.name);
}

/** A user's function in Keras's form, by package and name. Whoever loads the model must have registered this name. */
function writeFunction(name: string): SerializedLoss {
  // The functions of `tf.losses` have names that end so.
  const own = name.replace(/__op$/, '');
  return {
    module: 'builtins',
    class_name: 'function',
    config: `user>${own === '' ? 'loss' : own}`,
    registered_name: 'function',
  };
}

/** The config with names in TensorFlow.js's spelling, if TensorFlow.js wrote it: it turns names into snake_case. */
export function inOwnSpelling(config: TrainingConfig): TrainingConfig {
  const { config: optimizer } = (config.optimizer_config ?? {}) as { config?: object };
  if (optimizer === undefined || !('learningRate' in optimizer)) return config;
  const known = [...TFJS_LOSSES, ...TFJS_METRICS];
  const respell = (name: unknown) => {
    const own = typeof name === 'string' ? toFunctionName(name) : '';
    return known.includes(own) ? own : name;
  };
  return {
    ...config,
    loss: mapEntries(config.loss, respell),
    metrics: mapEntries(config.metrics, respell),
  };
}

/** Compiles a model with what Keras, TensorFlow.js or this package has saved. Warns of all that is not known here. */
export function compileFrom(model: LayersModel, config: TrainingConfig): void {
  const problems: string[] = [];
  const report = (problem: string) => problems.push(problem);
  const { optimizer, problems: ofOptimizer } = readOptimizer(
    config.optimizer_config ?? config.optimizer,
  );
  problems.push(...ofOptimizer);
  // A `tf.Sequential` that was just loaded has no names of outputs yet. It has one output.
  const { outputNames: outputs = [] } = workingModel(model) as { outputNames?: string[] };
  try {
    model.compile({
      optimizer,
      loss: mapEntries(config.loss, (loss) => readLoss(loss, report)) as CompileArgs['loss'],
      lossWeights: config.loss_weights as CompileArgs['lossWeights'],
      metrics: readMetrics(config.metrics, outputs, report),
      weightedMetrics: isNothing(config.weighted_metrics)
        ? null
        : readMetrics(config.weighted_metrics, outputs, report),
    });
  } catch (error) {
    report(`all that it was compiled with (${(error as Error).message})`);
  }
  if (problems.length > 0) {
    warn(`the model was loaded without what could not be read: ${problems.join('; ')}.`);
  }
}

type Report = (problem: string) => void;

function readLoss(saved: unknown, report: Report): unknown {
  if (isNothing(saved)) return null;
  if (typeof saved === 'string') return readLossName(saved, report);
  if (!isSerializedLoss(saved)) {
    report(`loss ${formatValue(saved)}`);
    return unresolvedLoss(formatValue(saved));
  }
  // Functions are saved by name.
  if (typeof saved.config === 'string') return readLossName(saved.config, report);
  try {
    return deserializeLoss(saved);
  } catch (error) {
    report(`loss ${formatValue(saved)} (${(error as Error).message})`);
    return unresolvedLoss(saved);
  }
}

function readLossName(name: string, report: Report): unknown {
  const known: boolean = isKnownLoss(name);
  if (known || isChosenByShapes(name)) return name;
  report(`loss '${nameOf(name)}', which is not registered`);
  return unresolvedLoss(name);
}

/** Reads metrics by output. A list of TensorFlow.js is for all outputs, one of Keras may have an entry for each. */
function readMetrics(saved: unknown, outputs: readonly string[], report: Report): MetricsByOutput {
  const read = (entry: unknown, output: string): MetricIdentifier[] =>
    (isNothing(entry) ? [] : [entry].flat())
      .map((metric) => readMetric(metric, output, report))
      .filter((metric) => metric !== undefined);
  if (outputs.length <= 1) {
    const lists = isDict(saved) ? Object.values(saved) : [saved];
    return read(lists.flat(2), '');
  }
  const ofOutput = (output: string, index: number): unknown => {
    if (isDict(saved)) return saved[output];
    // Keras gives each output one entry if there are as many entries as outputs.
    return Array.isArray(saved) && saved.length === outputs.length
      ? (saved[index] as unknown)
      : saved;
  };
  return Object.fromEntries(
    outputs.map((output, index) => [output, read(ofOutput(output, index), output)]),
  );
}

function readMetric(saved: unknown, output: string, report: Report): MetricIdentifier | undefined {
  if (isNothing(saved)) return undefined;
  const metric = withoutPrefix(saved, `${output}_`) as MetricIdentifier;
  const isTfjs =
    typeof metric === 'string' &&
    (TFJS_METRICS.includes(metric) || tfjsMetric(metric) !== undefined);
  try {
    if (isTfjs || findMetric(metric, false) !== undefined) return metric;
    report(`metric ${describeMetric(saved)}`);
  } catch (error) {
    report(`metric ${describeMetric(saved)} (${(error as Error).message})`);
  }
  return undefined;
}

/**
 * A saved metric without the name of its output, which Keras 2 puts before the name of the metric. Keras 2 also saves
 * `'accuracy'` as the function that it chose.
 */
function withoutPrefix(saved: unknown, prefix: string): unknown {
  if (!isSerializedLoss(saved) || typeof saved.config === 'string') return saved;
  const { name, fn } = saved.config;
  if (typeof name !== 'string') return saved;
  const own = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  if (typeof fn === 'string' && (own === 'accuracy' || own === 'acc')) return own;
  return { ...saved, config: { ...saved.config, name: own } };
}

function describeMetric(saved: unknown): string {
  const { class_name: className, config } = saved as { class_name?: string; config?: unknown };
  return formatValue(typeof config === 'string' ? config : (className ?? saved));
}
