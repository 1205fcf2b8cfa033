import type { Optimizer } from '@tensorflow/tfjs-core';
import type { LayersModel, ModelCompileArgs } from '@tensorflow/tfjs-layers';

import type { FromLogits } from '../../core/checks.js';
import { withDefaults } from '../../core/config.js';
import { unknownName } from '../../core/errors.js';
import { isLoss, type Loss, type Metric } from '../../core/loss.js';
import type { LossIdentifier } from '../../registry.js';
import { acceptAnyTarget, compiledFunctions, TFJS_METRICS } from '../tfjs.js';
import {
  chooser,
  isTfjs,
  lossesByOutput,
  plainLoss,
  type LossEntry,
  type PlainFunction,
} from './losses.js';
import {
  findMetric,
  fromFunction,
  isTfjsMetric,
  metricNames,
  metricsOf,
  type GivenMetrics,
  type MetricIdentifier,
} from './metrics.js';
import { warnOfMixUps } from './warnings.js';
import { entryAt, isNothing, numbersByOutput, type PerOutput } from '../per_output.js';
import { metricFunction, trainingFunction } from './fallback.js';
import { forgetPlan, setPlan, type OutputMetric, type OutputPlan, type Plan } from '../plan.js';
import { outputActivation, type OutputActivation } from '../step/recovered_logits.js';
import { reportedNames } from '../step/steps.js';

/** What `model.compile` takes. */
export interface CompileArgs {
  optimizer: string | Optimizer;
  loss: PerOutput<LossIdentifier | null>;
  /** Factors of the outputs' losses in the total; the losses that are reported for each output are without them. */
  lossWeights?: PerOutput<number> | null | undefined;
  metrics?: GivenMetrics | null | undefined;
  /** Metrics that sample and class weights weigh. */
  weightedMetrics?: GivenMetrics | null | undefined;
}

/**
 * Compiles the model with TF.js's own `compile`, which is given plain functions, and makes the plan that our steps follow.
 * Where TF.js's steps do what Keras's do (one output, a loss of its own), they stay.
 */
export function compile(
  model: LayersModel,
  args: CompileArgs,
  original: LayersModel['compile'],
): void {
  const entries = lossesByOutput(args.loss, model.outputNames);
  if (entries === undefined || isPlain(args, entries, model.outputNames)) {
    original.call(model, args as ModelCompileArgs);
    forgetPlan(model);
    if (entries !== undefined) setPlan(model, tfjsPlan(model, args));
  } else {
    compileWithPlan(model, args, entries, original);
  }
}

/** Whether TF.js does all of it as Keras does. */
function isPlain(
  { lossWeights, metrics, weightedMetrics }: CompileArgs,
  entries: readonly LossEntry[],
  outputs: readonly string[],
): boolean {
  return (
    isNothing(lossWeights) &&
    isNothing(weightedMetrics) &&
    entries.length === 1 &&
    entries.every(isTfjs) &&
    metricsOf('model.compile: metrics', metrics, outputs, 0).every((metric) =>
      typeof metric === 'function' ? !isLoss(metric) : isTfjsMetric(metric),
    )
  );
}

/** The plan of a model that TF.js alone compiled, used once it is given weights. */
function tfjsPlan(model: LayersModel, args: CompileArgs): Plan {
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
        activation: undefined,
        readsLogits: () => undefined,
        metrics,
      },
    ],
    ours: false,
    args,
  };
}

/** All options; any other name is an error. */
const OPTIONS: Required<CompileArgs> = {
  optimizer: 'sgd',
  loss: null,
  lossWeights: null,
  metrics: null,
  weightedMetrics: null,
};

/** What is known of an output before TF.js has found the functions for names of its own. */
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
    ours: true,
    args,
  };
  const planned = (index: number) => (): OutputPlan => entryAt(plan.outputs, index);
  original.call(model, {
    optimizer: args.optimizer,
    loss: drafts.map(({ entry }, index) =>
      isTfjs(entry) ? entry.tfjs : entry && trainingFunction(planned(index)),
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
  forgetPlan(model);
  plan.outputs.push(...completed(model, drafts));
  drafts.forEach(({ entry }, index) => {
    if (!isTfjs(entry)) acceptAnyTarget(model, index);
  });
  // What the user gave, for whoever reads it back.
  const { loss, metrics } = args;
  Object.assign(model, { loss, metrics, metricsNames: reportedNames(plan) });
  setPlan(model, plan);
  warnOfMixUps(model, entries, plan);
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
      // Says at once where 'auto' has nothing to follow.
      entry.addends().forEach(readsLogits);
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

/** The drafts with what TF.js has found: it lists the losses of several outputs before the metrics. */
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

/** Fields that the class of a user declares are visible on the object, and TF.js takes visible fields for outputs. */
function hideFields(loss: Loss): void {
  if (Object.isFrozen(loss)) return;
  for (const key of Object.keys(loss)) Object.defineProperty(loss, key, { enumerable: false });
}

/** Whether a loss of the output reads logits: as it says itself, or for `'auto'` by the activation. */
function logitsReader(output: string, activation: OutputActivation | undefined) {
  return (loss: Loss): boolean | undefined => {
    const { fromLogits } = loss.options as { fromLogits?: FromLogits };
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

/** A metric as it was given, and what we know it as. */
interface MetricEntry {
  readonly identifier: MetricIdentifier;
  readonly weighted: boolean;
  readonly found: OutputMetric | undefined;
}

/** The metrics of an output, without and with weights; of two with one name the second is called weighted, as in Keras. */
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

/** Throws unless TF.js knows the metric. */
function assertTfjsMetric(metric: MetricIdentifier): void {
  if (TFJS_METRICS.includes(metric as string)) return;
  throw unknownName('model.compile', 'metric', metric, metricNames());
}
