import type { LayersModel, ModelCompileArgs } from '@tensorflow/tfjs-layers';

import type { FromLogits } from '../../core/checks.js';
import { withDefaults } from '../../core/config.js';
import { classOf } from '../../core/description.js';
import { unknownName } from '../../core/errors.js';
import { isLoss, type Loss, type Metric } from '../../core/loss.js';
import type { CompileArgs, MetricIdentifier } from '../arguments.js';
import { entryAt, isNothing, numbersByOutput } from '../per_output.js';
import type { OutputMetric, OutputPlan, Plan } from '../plan.js';
import { modelState } from '../state.js';
import { assertOptimizer } from './optimizer.js';
import { outputActivation, type OutputActivation } from './output_activation.js';
import { reportedNames } from '../step/steps.js';
import { acceptAnyTarget, compiledFunctions, TFJS_METRICS } from '../tfjs.js';
import { metricFunction, trainingFunction } from './fallback.js';
import {
  chooser,
  isPlainEntry,
  lossesByOutput,
  plainLoss,
  type LossEntry,
  type PlainFunction,
} from './losses.js';
import { findMetric, fromFunction, isTfjsMetric, metricNames, metricsOf } from './metrics.js';
import { warnOfMismatches } from './warnings.js';

/**
 * Compiles a model: TensorFlow.js's own `compile` is given plain functions, and the model gets the plan that our steps follow. A
 * model with one output and a loss that is not ours keeps TensorFlow.js's steps, which do there what Keras does.
 */
export function compileModel(
  model: LayersModel,
  args: CompileArgs,
  original: LayersModel['compile'],
): void {
  assertOptimizer(args.optimizer);
  const entries = lossesByOutput(args.loss, model.outputNames);
  if (entries === undefined || tfjsSuffices(args, entries, model.outputNames)) {
    original.call(model, args as ModelCompileArgs);
    modelState(model).plan = entries && planForWeights(model, args);
  } else {
    compileWithPlan(model, args, entries, original);
  }
  const { plan } = modelState(model);
  if (entries && plan) warnOfMismatches(model, entries, plan);
}

/** Whether TensorFlow.js by itself does with these arguments what Keras does. */
function tfjsSuffices(
  { lossWeights, metrics, weightedMetrics }: CompileArgs,
  entries: readonly LossEntry[],
  outputs: readonly string[],
): boolean {
  return (
    isNothing(lossWeights) &&
    isNothing(weightedMetrics) &&
    entries.length === 1 &&
    entries.every(isPlainEntry) &&
    metricsOf('model.compile: metrics', metrics, outputs, 0).every((metric) =>
      typeof metric === 'function' ? !isLoss(metric) : isTfjsMetric(metric),
    )
  );
}

/** The plan of a model that keeps TensorFlow.js's steps: our steps follow it on batches with sample weights. */
function planForWeights(model: LayersModel, args: CompileArgs): Plan {
  const { lossFunctions, metricsTensors } = compiledFunctions(model);
  const metrics = metricsTensors.map(([metric], index) =>
    fromFunction(entryAt(model.metricsNames, index + 1), metric as Metric, false),
  );
  const loss = plainLoss(lossFunctions[0] as PlainFunction);
  return {
    outputs: [
      {
        name: entryAt(model.outputNames, 0),
        chooseLoss: () => loss,
        lossWeight: 1,
        activation: outputActivation(entryAt(model.outputs, 0)),
        readsLogits: () => undefined,
        metrics,
      },
    ],
    usesOwnSteps: false,
    args,
  };
}

/** The names of all options; another name is an error. */
const OPTIONS: Required<CompileArgs> = {
  optimizer: 'sgd',
  loss: null,
  lossWeights: null,
  metrics: null,
  weightedMetrics: null,
};

/** What is known of an output before TensorFlow.js has found the functions of names that only it knows. */
interface Draft extends Omit<OutputPlan, 'chooseLoss' | 'metrics'> {
  readonly entry: LossEntry;
  readonly metrics: readonly MetricEntry[];
}

function compileWithPlan(
  model: LayersModel,
  args: CompileArgs,
  entries: readonly LossEntry[],
  original: LayersModel['compile'],
): void {
  withDefaults('model.compile', args, OPTIONS);
  const drafts = draftsOf(model, args, entries);
  const plan: Plan & { outputs: OutputPlan[] } = {
    outputs: [],
    usesOwnSteps: true,
    args,
  };
  const planned = (index: number) => (): OutputPlan => entryAt(plan.outputs, index);
  original.call(model, {
    optimizer: args.optimizer,
    loss: drafts.map(({ entry }, index) =>
      isPlainEntry(entry) ? entry.plain : entry && trainingFunction(planned(index)),
    ),
    metrics: Object.fromEntries(
      drafts.map(({ name, metrics }, index) => [
        name,
        metrics.map(({ identifier, found }) =>
          found === undefined ? identifier : metricFunction(found, planned(index)),
        ),
      ]),
    ),
  } as unknown as ModelCompileArgs);
  modelState(model).plan = undefined;
  plan.outputs.push(...completed(model, drafts));
  drafts.forEach(({ entry }, index) => {
    if (!isPlainEntry(entry)) acceptAnyTarget(model, index);
  });
  // Whoever reads these fields finds what the user gave.
  const { loss, metrics } = args;
  Object.assign(model, { loss, metrics, metricsNames: reportedNames(plan) });
  modelState(model).plan = plan;
}

function draftsOf(model: LayersModel, args: CompileArgs, entries: readonly LossEntry[]): Draft[] {
  const names = model.outputNames;
  const lossWeights = numbersByOutput('model.compile: lossWeights', args.lossWeights, names);
  return model.outputs.map((output, index) => {
    const name = entryAt(names, index);
    const entry = entryAt(entries, index);
    const activation = outputActivation(output);
    const readsLogits = logitsReader(name, activation);
    if (isLoss(entry)) {
      // Throws now, and not in training, if 'auto' has no activation to follow.
      entry.terms().forEach(readsLogits);
      hideFields(entry);
    }
    const metrics = metricsOfOutput(args, names, index);
    return {
      name,
      entry,
      lossWeight: entryAt(lossWeights, index),
      activation,
      readsLogits,
      metrics,
    };
  });
}

/** The drafts with the metrics that TensorFlow.js has found. It lists the losses first if there are several outputs. */
function completed(model: LayersModel, drafts: readonly Draft[]): OutputPlan[] {
  const { metricsTensors } = compiledFunctions(model);
  const tfjsMetrics = metricsTensors.slice(drafts.length > 1 ? drafts.length : 0);
  return drafts.map(({ entry, metrics, ...draft }) => ({
    ...draft,
    chooseLoss: chooser(entry),
    metrics: metrics.map(({ identifier, weighted, found }) => {
      const [metric] = tfjsMetrics.shift() ?? [];
      return found ?? fromFunction(identifier as string, metric as Metric, weighted);
    }),
  }));
}

/** Hides the fields that a user's class declares: TensorFlow.js takes an object with visible fields for a dict by output. */
function hideFields(loss: Loss): void {
  if (Object.isFrozen(loss)) return;
  for (const key of Object.keys(loss)) Object.defineProperty(loss, key, { enumerable: false });
}

/** Tells whether a loss of the output reads logits. The loss says so itself; `'auto'` follows the activation. */
function logitsReader(output: string, activation: OutputActivation | undefined) {
  return (loss: Loss): boolean | undefined => {
    const { fromLogits } = loss.options as { fromLogits?: FromLogits };
    if (fromLogits === undefined) return classOf(loss).reads === 'logits' || undefined;
    if (fromLogits !== 'auto') return fromLogits;
    if (activation?.name === 'linear') return true;
    if (['sigmoid', 'hardSigmoid', 'softmax'].includes(activation?.name ?? '')) return false;
    throw new TypeError(
      `model.compile: fromLogits: 'auto' follows the activation that output '${output}' ends in: a sigmoid or softmax ` +
        `gives probabilities, none gives logits. Say fromLogits: true or false. ` +
        `Received: ${activation === undefined ? 'an output of another layer' : `the activation '${activation.name}'`}.`,
    );
  };
}

/** A metric as the user gave it, and what it is if this package knows it. */
interface MetricEntry {
  readonly identifier: MetricIdentifier;
  readonly weighted: boolean;
  readonly found: OutputMetric | undefined;
}

/** The metrics of an output, first those without weights. The second of two with one name is called `weighted_…`, as in Keras. */
function metricsOfOutput(args: CompileArgs, outputs: readonly string[], index: number) {
  const entries = (who: string, given: CompileArgs['metrics'], weighted: boolean): MetricEntry[] =>
    metricsOf(`model.compile: ${who}`, given, outputs, index).map((identifier) => {
      const found = findMetric(identifier, weighted);
      if (found === undefined) assertTfjsMetric(identifier);
      return { identifier, weighted, found };
    });
  const plain = entries('metrics', args.metrics, false);
  const names = plain.map(({ found, identifier }) => found?.name ?? identifier);
  const weighted = entries('weightedMetrics', args.weightedMetrics, true).map((entry) =>
    entry.found && names.includes(entry.found.name)
      ? { ...entry, found: { ...entry.found, name: `weighted_${entry.found.name}` } }
      : entry,
  );
  return [...plain, ...weighted];
}

/** Throws unless TensorFlow.js knows the metric. */
function assertTfjsMetric(metric: MetricIdentifier): void {
  if (TFJS_METRICS.includes(metric as string)) return;
  throw unknownName('model.compile', 'metric', metric, metricNames());
}
