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
import type { CompileArgs } from '../compile/compile.js';
import {
  layersMetric,
  layersMetricName,
  TFJS_LOSSES,
  TFJS_METRICS,
  workingModel,
} from '../tfjs.js';
import {
  findMetric,
  isTfjsMetric,
  type GivenMetrics,
  type MetricIdentifier,
} from '../compile/metrics.js';
import { isChosenByShapes } from '../compile/losses.js';
import { readOptimizer } from './optimizers.js';
import { isDict, isNothing } from '../per_output.js';
import { nameOf, savedUnread, standIn } from '../compile/unresolved_loss.js';

/** What `compile` was given, as Keras saves it: `training_config` in its `.h5` files, `compile_config` in `.keras` files. */
export interface TrainingConfig {
  loss?: unknown;
  loss_weights?: unknown;
  metrics?: unknown;
  weighted_metrics?: unknown;
  /** Keras's name in `.h5` files, and TF.js's. */
  optimizer_config?: unknown;
  /** Keras's name in `.keras` files. */
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

/** Whether TF.js without us would read its own form of the same, and mean the same. */
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
  const unread = savedUnread(loss);
  if (unread !== undefined) return unread;
  if (typeof loss !== 'function') return loss;
  if (isLoss(loss) || isLossClass(loss) || isKnownLoss(loss)) return serializeLoss(getLoss(loss));
  return writeFunction(loss.name);
}

function writeMetric(metric: unknown): unknown {
  if (typeof metric !== 'function') return metric;
  if (isLoss(metric)) return serializeLoss(metric);
  if (isKnownLoss(metric)) return serializeLoss(getLoss(metric));
  return layersMetricName(metric) ?? savedMetric(metric) ?? writeFunction(metric.name);
}

/** A function of the user as Keras has it, by its name and a package: whoever reads it must know a function of this name. */
function writeFunction(name: string): SerializedLoss {
  // TF.js names the functions of `tf.losses` so.
  const own = name.replace(/__op$/, '');
  return {
    module: 'builtins',
    class_name: 'function',
    config: `user>${own === '' ? 'loss' : own}`,
    registered_name: 'function',
  };
}

/** A config that TF.js wrote, which turns its names into snake_case, with the names in its own spelling; others as they are. */
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

/** Compiles a model with what Keras, TF.js or this package has saved of it. What nobody here knows is reported. */
export function compileFrom(model: LayersModel, config: TrainingConfig): void {
  const problems: string[] = [];
  const report = (problem: string) => problems.push(problem);
  const { optimizer, problems: ofOptimizer } = readOptimizer(
    config.optimizer_config ?? config.optimizer,
  );
  problems.push(...ofOptimizer);
  // A `tf.Sequential` that was just read has no names yet, and one output.
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
    return standIn(formatValue(saved));
  }
  // A function is saved by its name.
  if (typeof saved.config === 'string') return readLossName(saved.config, report);
  try {
    return deserializeLoss(saved);
  } catch (error) {
    report(`loss ${formatValue(saved)} (${(error as Error).message})`);
    return standIn(saved);
  }
}

function readLossName(name: string, report: Report): unknown {
  const known: boolean = isKnownLoss(name);
  if (known || isChosenByShapes(name)) return name;
  report(`loss '${nameOf(name)}', which is not registered`);
  return standIn(name);
}

/** Metrics by output, since in TF.js one list is for all outputs. */
function readMetrics(saved: unknown, outputs: readonly string[], report: Report): GivenMetrics {
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
    // Keras gives one entry to each output where there are as many.
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
    (TFJS_METRICS.includes(metric) || layersMetric(metric) !== undefined);
  try {
    if (isTfjs || findMetric(metric, false) !== undefined) return metric;
    report(`metric ${describeMetric(saved)}`);
  } catch (error) {
    report(`metric ${describeMetric(saved)} (${(error as Error).message})`);
  }
  return undefined;
}

/** Keras 2 saves `'accuracy'` as the function that it chose, under a name that begins with that of the output. */
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
