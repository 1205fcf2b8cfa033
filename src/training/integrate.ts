import { tidy, type io, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import type { CustomCallback, LayersModel, Sequential } from '@tensorflow/tfjs-layers';
import { warn } from '../core/warn.js';

import { shared } from '../shared.js';
import './layers_types.js';
import { compile, type CompileArgs } from './compile.js';
import {
  completeTargets,
  haveWeights,
  preparedDataset,
  weightsFor,
  withWeights,
  type Dataset,
} from './data.js';
import { rememberCallbacks, withEpochMeans, type CallbackArgs } from './epoch_means.js';
import {
  hidden,
  missingFields,
  missingMethods,
  rememberMetrics,
  workingModel,
  type HiddenMethods,
  type Step,
  type Tensors,
} from './layers_internals.js';
import { findTrainingConfigs } from './loading.js';
import { forgetPlan, planOf, type Plan } from './plan.js';
import { portable, readMetadata, trainingConfig } from './saving.js';
import { testStep, trainStep } from './steps.js';
import { compileFrom, type TrainingConfig } from './training_config.js';
import { hasWeights, type GivenWeights } from './weights.js';

/** The part of `@tensorflow/tfjs-layers` that the integration changes and uses. `tf` itself has it too. */
export interface Layers {
  readonly LayersModel: typeof LayersModel;
  readonly Sequential?: typeof Sequential;
  readonly metrics?: object;
  readonly CustomCallback?: typeof CustomCallback;
}

/** A method of a model, as these tables replace it. */
type Method<Arguments extends unknown[], Result> = (
  this: LayersModel,
  ...args: Arguments
) => Result;

/** What makes a new method of the one that it replaces. */
type Replacement<Arguments extends unknown[], Result> = (
  original: Method<Arguments, Result>,
) => Method<Arguments, Result>;

/**
 * Teaches TF.js's models our losses, weights and metrics: `compile`, `fit`, `evaluate` and the others keep their names and
 * forms. Models that use none of it train by TF.js's own steps.
 */
export function integrateTraining(layers: Layers): void {
  const { prototype } = layers.LayersModel;
  const { restoreTraining } = shared();
  if (restoreTraining.has(prototype)) return;
  rememberMetrics({ ...layers.metrics });
  rememberCallbacks(layers.CustomCallback);
  const missing = missingMethods(prototype);
  if (missing.length > 0) warnOfMissing(missing);
  const restorers = [
    ...(missing.length > 0
      ? [replace(prototype, { compile: compileMethod })]
      : [replace(prototype, methods), findTrainingConfigs()]),
    ...(layers.Sequential
      ? [replace(layers.Sequential.prototype, { trainOnBatch: trainSequential })]
      : []),
  ];
  restoreTraining.set(prototype, () => {
    for (const restore of restorers) restore();
    restoreTraining.delete(prototype);
  });
}

/** Replaces methods, and gives what puts them back. */
function replace(prototype: object, replacements: Readonly<Record<string, unknown>>): () => void {
  const owner = prototype as Record<string, unknown>;
  const restorers = Object.entries(replacements).map(([name, replacement]) => {
    const original = owner[name];
    const integrated = (replacement as (before: unknown) => unknown)(original);
    Object.defineProperty(owner, name, { value: integrated, configurable: true, writable: true });
    // Whoever wrapped the method after us keeps the wrapper, and it goes on calling ours.
    return () => {
      if (owner[name] === integrated) owner[name] = original;
    };
  });
  return () => {
    for (const restore of restorers) restore();
  };
}

const compileMethod: Replacement<[CompileArgs], void> = (original) =>
  function (args) {
    compile(this, args, original);
    const missing = missingFields(this);
    if (missing.length > 0) {
      warnOfMissing(missing);
      forgetPlan(this);
    }
  };

const fit: Replacement<[x: Tensors, y: Tensors, args?: FitArgs], Promise<unknown>> = (original) =>
  async function (x, y, args = {}) {
    const plan = planOf(this);
    const { sampleWeight, classWeight, validationData, ...rest } = args;
    const [, , validationWeight] = validationData ?? [];
    if (!needsOurs(plan, { sampleWeight: sampleWeight ?? validationWeight, classWeight })) {
      return original.call(this, x, y, args);
    }
    return original.call(this, x, withWeights(y, { sampleWeight, classWeight }), {
      ...rest,
      ...(validationData && { validationData: validationTargets(validationData) }),
      callbacks: withEpochMeans(plan, rest),
    } as FitArgs);
  };

interface FitArgs extends GivenWeights, CallbackArgs {
  validationData?: ValidationData;
}

type ValidationData = readonly [
  x: Tensors,
  y: Tensors,
  sampleWeight?: GivenWeights['sampleWeight'],
];

/** Of another length they are TF.js's own, or its error. */
function validationTargets(data: ValidationData): readonly Tensors[] {
  if (data.length !== 3) return data as readonly Tensors[];
  const [x, y, sampleWeight] = data;
  return [x, withWeights(y, { sampleWeight })];
}

/**
 * Whether our steps must run: they do for every plan that is active, and sample weights make one active. Class weights
 * alone do not, since TF.js has them.
 */
function needsOurs(plan: Plan | undefined, { sampleWeight }: GivenWeights): plan is Plan {
  if (plan !== undefined && hasWeights({ sampleWeight })) plan.active = true;
  return plan?.active === true;
}

type FitDatasetArgs = GivenWeights & CallbackArgs & { validationData?: ValidationData | Dataset };

const fitDataset: Replacement<[dataset: Dataset, args: FitDatasetArgs], Promise<unknown>> = (
  original,
) =>
  async function (dataset, args) {
    const plan = planOf(this);
    // TF.js has an error for missing options.
    if (plan === undefined || (args as unknown) === undefined) {
      return original.call(this, dataset, args);
    }
    const { classWeight, validationData, ...rest } = args;
    return original.call(
      this,
      preparedDataset(dataset, plan, this, classWeight) as Dataset,
      {
        ...rest,
        ...(plan.active ? { callbacks: withEpochMeans(plan, rest) } : { classWeight }),
        ...(validationData && {
          validationData:
            'iterator' in validationData ? validationData : validationTargets(validationData),
        }),
      } as FitDatasetArgs,
    );
  };

const evaluate: Replacement<[x: Tensors, y: Tensors, args?: GivenWeights], unknown> = (original) =>
  function (x, y, args = {}) {
    const { sampleWeight, ...rest } = args;
    if (!needsOurs(planOf(this), { sampleWeight })) return original.call(this, x, y, args);
    return original.call(this, x, withWeights(y, { sampleWeight }), rest);
  };

const evaluateDataset: Replacement<
  [dataset: Dataset, args?: object],
  Promise<Scalar | Scalar[]>
> = (original) =>
  async function (dataset, args) {
    const plan = planOf(this);
    if (plan === undefined) return original.call(this, dataset, args);
    plan.tested.clear();
    const means = await original.call(this, preparedDataset(dataset, plan, this) as Dataset, args);
    return Array.isArray(means) ? plan.tested.correct(means) : means;
  };

const testLoop: Replacement<Parameters<HiddenMethods['testLoop']>, Scalar[]> = (original) =>
  function (...args) {
    const plan = planOf(this);
    if (plan === undefined) return original.call(this, ...args);
    plan.tested.clear();
    return plan.tested.correct(original.call(this, ...args));
  };

type TrainOnBatch = [x: Tensors, y: Tensors, weights?: GivenWeights];

const trainOnBatch: Replacement<TrainOnBatch, Promise<unknown>> = (original) =>
  async function (x, y, weights = {}) {
    const plan = planOf(this);
    if (plan !== undefined && hasWeights(weights)) plan.active = true;
    return original.call(this, x, plan === undefined ? y : withWeights(y, weights));
  };

/** The method of `tf.Sequential` hands only two arguments on to the model inside. */
const trainSequential: Replacement<TrainOnBatch, Promise<unknown>> = (original) =>
  async function (x, y, weights) {
    const inner = workingModel(this);
    if (weights === undefined || inner === this) return original.call(this, x, y);
    const trained = inner as { trainOnBatch(...args: TrainOnBatch): Promise<unknown> };
    return trained.trainOnBatch(x, y, weights);
  };

const standardizeUserDataXY: Replacement<
  Parameters<HiddenMethods['standardizeUserDataXY']>,
  [Tensor[], Tensor[]]
> = (original) =>
  function (x, y, ...rest) {
    const plan = planOf(this);
    if (plan !== undefined && haveWeights(y)) plan.active = true;
    if (plan?.active !== true) return original.call(this, x, y, ...rest);
    // Nothing is left of it where something does not fit.
    return tidy(() => {
      const [xs, ys] = original.call(this, x, completeTargets(plan, y, x), ...rest);
      return [xs, [...ys, ...weightsFor(plan, this, y, ys)]];
    });
  };

const makeTrainFunction: Replacement<[], Step> = (original) =>
  function () {
    const plan = planOf(this);
    const theirs = original.call(this);
    if (plan === undefined) return theirs;
    const ours = trainStep(this, plan);
    // A dataset shows only later whether it has weights.
    return (data) => (plan.active ? ours(data) : theirs(data));
  };

const makeTestFunction: Replacement<[], void> = (original) =>
  function () {
    original.call(this);
    const plan = planOf(this);
    const { testFunction: theirs } = hidden(this);
    if (plan === undefined || theirs === undefined) return;
    const ours = testStep(this, plan);
    hidden(this).testFunction = (data) => (plan.active ? ours(data) : theirs(data));
  };

type SaveArgs = [target: string | io.IOHandler, config?: { includeOptimizer?: boolean }];

const save: Replacement<SaveArgs, Promise<unknown>> = (original) =>
  async function (target, config) {
    const isCompiled = config?.includeOptimizer === true;
    return original.call(this, isCompiled ? portable(this, target) : target, config);
  };

const getTrainingConfig: Replacement<[], object> = (original) =>
  function () {
    return trainingConfig(this, () => original.call(this));
  };

const loadTrainingConfig: Replacement<[config: TrainingConfig], void> = () =>
  function (config) {
    compileFrom(this, config);
  };

const setUserDefinedMetadata: Replacement<[metadata: Record<string, unknown>], void> = (original) =>
  function (metadata) {
    const own = readMetadata(this, metadata);
    if (own !== undefined) original.call(this, own);
  };

const methods = {
  compile: compileMethod,
  fit,
  fitDataset,
  evaluate,
  evaluateDataset,
  trainOnBatch,
  standardizeUserDataXY,
  makeTrainFunction,
  makeTestFunction,
  testLoop,
  save,
  getTrainingConfig,
  loadTrainingConfig,
  setUserDefinedMetadata,
};

function warnOfMissing(members: readonly string[]): void {
  warn(
    `this version of TensorFlow.js lacks ${members.join(', ')}. Losses are trained as plain functions: ` +
      `without sample weights, loss weights, recovered logits, and saving.`,
  );
}
