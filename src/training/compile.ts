import { mul, tidy, type Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel, ModelCompileArgs, SymbolicTensor } from '@tensorflow/tfjs-layers';

import { formatValue } from '../core/errors.js';
import {
  activationOf,
  classOf,
  isLoss,
  weightedValues,
  type Loss,
  type Metric,
} from '../core/loss.js';
import { toFloat } from '../core/inputs.js';
import { maskWeights, meanOver } from '../core/reduction.js';
import { getLoss, isKnownLoss } from '../registry.js';
import { shared } from '../shared.js';
import { acceptAnyTarget, type Activation } from './layers_internals.js';
import { outputActivation, recordPreActivations, recoveredLogits } from './recovered_logits.js';

/** The part of `@tensorflow/tfjs-layers` that the integration changes. `tf` itself has it too. */
export interface Layers {
  readonly LayersModel: typeof LayersModel;
}

/** A loss or metric as TF.js takes it. */
type LossOrMetric = string | ((yTrue: Tensor, yPred: Tensor) => Tensor);
/** One for all outputs, or one for each by position or name. */
type PerOutput<T> = T | T[] | Record<string, T>;

/**
 * Teaches `model.compile` our losses: objects, classes, functions, and names in any spelling, alone, in a list, or in a
 * dict by output. What is not a loss of the registry reaches TF.js untouched.
 */
export function integrateTraining({ LayersModel }: Layers): void {
  // `tf.Sequential` compiles the model inside it, so this one method serves all models.
  const { prototype } = LayersModel;
  const { restoreTraining } = shared();
  if (restoreTraining.has(prototype)) return;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the model as `this` below
  const original = prototype.compile;
  const integrated = function (this: LayersModel, args: ModelCompileArgs): void {
    compile(this, args, original);
  };
  prototype.compile = integrated;
  restoreTraining.set(prototype, () => {
    // Whoever wrapped `compile` after us keeps the wrapper, and it goes on calling ours.
    if (prototype.compile === integrated) prototype.compile = original;
    restoreTraining.delete(prototype);
  });
}

function compile(
  model: LayersModel,
  args: ModelCompileArgs,
  original: LayersModel['compile'],
): void {
  const losses = mapEntries(args.loss, (entry) => (isKnownLoss(entry) ? getLoss(entry) : entry));
  const byOutput = model.outputNames.map((name, index) => entryOf(losses, name, index));
  if (!byOutput.some(isLoss)) {
    original.call(model, args);
    recordPreActivations(model, []);
    return;
  }
  byOutput.filter(isLoss).forEach(hideFields);
  const activations = model.outputs.map((output, index) => recoverable(output, byOutput[index]));
  const metrics = args.metrics as PerOutput<LossOrMetric> | undefined;
  const trainers = byOutput.map((loss, index) =>
    isLoss(loss) ? trainingFunction(loss, activations[index] !== undefined) : loss,
  );
  original.call(model, {
    ...args,
    // In the form that the user gave it, whose errors TF.js reports.
    loss: (Array.isArray(losses) || isDict(losses)
      ? mapEntries(losses, (entry, key) => {
          const index = typeof key === 'string' ? model.outputNames.indexOf(key) : key;
          return trainers[index] ?? entry;
        })
      : trainers) as ModelCompileArgs['loss'],
    metrics: Object.fromEntries(
      model.outputNames.map((name, index) => [name, metricsOf(metrics, name, byOutput[index])]),
    ) as unknown as NonNullable<ModelCompileArgs['metrics']>,
  });
  byOutput.forEach((loss, index) => {
    if (isLoss(loss) && classOf(loss).sparseLabels) acceptAnyTarget(model, index);
  });
  recordPreActivations(
    model,
    activations.filter((activation) => activation !== undefined),
  );
  // What the user gave, for whoever reads it back.
  Object.assign(model, { loss: args.loss, metrics: args.metrics });
}

/** Fields that the class of a user declares are visible on the object, and TF.js takes visible fields for outputs. */
function hideFields(loss: Loss): void {
  for (const key of Object.keys(loss)) Object.defineProperty(loss, key, { enumerable: false });
}

/**
 * The loss as TF.js's training calls it. TF.js multiplies the result by the class weights, one per sample, and takes the
 * mean: so it gets one value per sample, scaled such that the mean is the loss's own reduction.
 */
function trainingFunction(loss: Loss, recovers: boolean): LossOrMetric {
  const train = (yTrue: Tensor, yPred: Tensor): Tensor =>
    tidy(() => {
      const logits = recovers ? recoveredLogits(yPred) : undefined;
      const { values } =
        logits === undefined
          ? weightedValues(loss, yTrue, yPred)
          : weightedValues(loss, yTrue, logits, { fromLogits: true });
      const perSample = meanOver(
        values,
        values.shape.map((_, axis) => axis).filter((axis) => axis > 0),
      );
      return loss.reduction === 'sum' ? mul(perSample, values.size) : perSample;
    });
  return Object.defineProperty(train, 'name', { value: loss.name });
}

/** The activation of the output, if the loss reads probabilities, and can train on what went into it instead. */
function recoverable(output: SymbolicTensor, loss: unknown): Activation | undefined {
  if (!isLoss(loss)) return undefined;
  const { fromLogits, axis } = loss.options as { fromLogits?: boolean; axis?: number };
  // A softmax layer knows the last axis alone; its logits say nothing of a softmax along another one.
  const alongLast = axis === -1 || axis === output.shape.length - 1;
  const activation = outputActivation(output);
  const name = activation?.getClassName();
  const fits = name === activationOf(loss) && (name !== 'softmax' || alongLast);
  return fromLogits === false && fits ? activation : undefined;
}

/** The metrics of one output, with `'accuracy'` and `'crossentropy'` in the sense of its loss. */
function metricsOf(
  metrics: PerOutput<LossOrMetric> | undefined,
  output: string,
  loss: unknown,
): LossOrMetric[] {
  const given = Array.isArray(metrics) ? metrics : entryOf(metrics, output);
  return [(given ?? []) as LossOrMetric | LossOrMetric[]].flat().map((metric) => {
    if (typeof metric !== 'string' && typeof metric !== 'function') {
      throw new TypeError(
        `model.compile: a metric must be a name or a function. Received: ${formatValue(metric)}.`,
      );
    }
    return isLoss(loss) ? (namedMetric(metric, loss) ?? metric) : metric;
  });
}

/** What a name that depends on the loss means for this one. TF.js logs a metric under its function's name. */
function namedMetric(metric: LossOrMetric, loss: Loss): LossOrMetric | undefined {
  const options = loss.options as never;
  const { accuracy, crossentropy } = classOf(loss);
  if (metric === 'accuracy' || metric === 'acc') {
    return accuracy && named('acc', maskedMetric(accuracy(options), loss));
  }
  if (metric === 'crossentropy' || metric === 'ce') {
    return crossentropy && named('ce', trainingFunction(crossentropy(options), false));
  }
  return undefined;
}

/** The metric over those values alone that count for the loss. */
function maskedMetric(metric: Metric, loss: Loss): LossOrMetric {
  return (yTrue: Tensor, yPred: Tensor) =>
    tidy(() => {
      const values = metric(yTrue, yPred);
      const mask = loss.mask(toFloat(yTrue), yPred);
      return mask === undefined ? values : mul(values, maskWeights(mask, 'mean'));
    });
}

function named(name: string, metric: LossOrMetric): LossOrMetric {
  return Object.defineProperty(metric as () => Tensor, 'name', { value: name });
}

/** Applies a function to a loss, or to each loss of a list or dict with its place. */
function mapEntries(
  losses: PerOutput<unknown>,
  change: (entry: unknown, key: number | string) => unknown,
): unknown {
  if (Array.isArray(losses)) return losses.map(change);
  if (isDict(losses)) {
    return Object.fromEntries(
      Object.entries(losses).map(([name, entry]) => [name, change(entry, name)]),
    );
  }
  return change(losses, 0);
}

/** The entry for one output. */
function entryOf(entries: unknown, name: string, index?: number): unknown {
  if (Array.isArray(entries)) return index === undefined ? undefined : entries[index];
  return isDict(entries) ? entries[name] : entries;
}

/** A dict by output is what is neither a name, nor a function, nor a saved config. */
function isDict(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !isKnownLoss(value)
  );
}
