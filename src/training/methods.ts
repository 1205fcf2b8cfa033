import { tidy, type io, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

import { tracing } from '../core/watch.js';
import { warn } from '../core/warn.js';
import type { CompileArgs, GivenWeights } from './arguments.js';
import { compileModel } from './compile/compile.js';
import { hasUserFunctions } from './compile/tfjs_metrics.js';
import { compileFromMetadata, portable, trainingConfig } from './files/saving.js';
import { compileFrom, inOwnSpelling, type TrainingConfig } from './files/training_config.js';
import type { Plan } from './plan.js';
import { modelState } from './state.js';
import { withEpochMeans } from './step/epoch_callback.js';
import { EpochMeans, meansOf, withMeans } from './step/epoch_means.js';
import { testStep, trainStep } from './step/steps.js';
import {
  hidden,
  missingFields,
  workingModel,
  type HiddenMethods,
  type Step,
  type Tensors,
} from './tfjs.js';
import {
  carriesWeights,
  disposeWeights,
  haveWeights,
  tensorsBehindTargets,
  withWeights,
} from './weights/carried.js';
import { mapped, preparedDataset, weightsOfElement, type Dataset } from './weights/dataset.js';
import { assertWeightsArePlaced } from './weights/places.js';
import { completeTargets } from './weights/targets.js';
import { hasWeights } from './weights/tensors.js';

/** A method of a model. */
type Method<Arguments extends unknown[], Result> = (
  this: LayersModel,
  ...args: Arguments
) => Result;

/** Makes our method of the method of TensorFlow.js that it replaces. */
type Replacement<Arguments extends unknown[], Result> = (
  original: Method<Arguments, Result>,
) => Method<Arguments, Result>;

const compile: Replacement<[CompileArgs], void> = (original) =>
  function (args) {
    assertWeightsArePlaced('model.compile', args);
    compileModel(this, args, original);
    const missing = missingFields(this);
    if (missing.length > 0) {
      warnOfMissing(missing);
      modelState(this).plan = undefined;
    }
  };

/** Warns that TensorFlow.js lacks members that our steps need, so that our losses are plain functions to it. */
export function warnOfMissing(members: readonly string[]): void {
  warn(
    `this version of TensorFlow.js lacks ${members.join(', ')}. Losses are trained as plain functions: ` +
      `without sample weights, recovered logits and saving; losses reported by output include their lossWeights.`,
  );
}

/** The same dataset for a model without a plan, which throws where an element has weights: they would be lost. */
function unweightedDataset(dataset: Dataset, model: LayersModel): Dataset {
  return mapped(dataset, (element) => {
    planFor(model, weightsOfElement(element));
    return element;
  }) as Dataset;
}

/** The plan of the model. Throws if there is none and weights are given, which would be lost. */
function planFor(model: LayersModel, weights: GivenWeights): Plan | undefined {
  const { plan } = modelState(model);
  const isCompiled = (hidden(model).lossFunctions as unknown) !== undefined;
  if (plan === undefined && isCompiled && hasWeights(weights)) {
    throw new TypeError(
      `The model was compiled before tfjs-losses was registered, and takes no sample weights. Call model.compile again.`,
    );
  }
  return plan;
}

interface CommonFitArgs extends GivenWeights {
  callbacks?: object | readonly object[] | null | undefined;
}

interface FitArgs extends CommonFitArgs {
  validationData?: ValidationData;
}

type ValidationData = readonly [
  x: Tensors,
  y: Tensors,
  sampleWeight?: GivenWeights['sampleWeight'],
];

const fit: Replacement<[x: Tensors, y: Tensors, args?: FitArgs], Promise<unknown>> = (original) =>
  async function (x, y, args = {}) {
    const { sampleWeight, classWeight, validationData, ...rest } = args;
    assertWeightsArePlaced('model.fit', args);
    const plan = planFor(this, { sampleWeight: sampleWeight ?? validationData?.[2] });
    if (plan === undefined) return original.call(this, x, y, args);
    // TensorFlow.js knows class weights, so they are left to it if its own steps run.
    const isWeighted = plan.usesOwnSteps || hasWeights({ sampleWeight });
    const { callbacks, end } = withEpochMeans(this, plan, rest.callbacks);
    try {
      return await original.call(
        this,
        x,
        isWeighted ? withWeights(y, { sampleWeight, classWeight }) : y,
        {
          ...rest,
          ...(!isWeighted && { classWeight }),
          ...(validationData && { validationData: validationTargets(validationData) }),
          callbacks,
        } as FitArgs,
      );
    } finally {
      end();
    }
  };

/** Validation data as TensorFlow.js takes them. It has an error for any other length than two or three. */
function validationTargets(data: ValidationData): readonly Tensors[] {
  if (data.length !== 3) return data as readonly Tensors[];
  const [x, y, sampleWeight] = data;
  return [x, withWeights(y, { sampleWeight })];
}

type FitDatasetArgs = CommonFitArgs & { validationData?: ValidationData | Dataset };

const fitDataset: Replacement<[dataset: Dataset, args: FitDatasetArgs], Promise<unknown>> = (
  original,
) =>
  async function (dataset, args) {
    assertWeightsArePlaced('model.fitDataset', args);
    const { plan } = modelState(this);
    // TensorFlow.js has an error for missing options.
    if (plan === undefined || (args as unknown) === undefined) {
      return original.call(this, unweightedDataset(dataset, this), args);
    }
    const { classWeight, validationData, ...rest } = args;
    const prepared = preparedDataset(dataset, plan, this, classWeight) as Dataset;
    const isDataset = validationData && 'iterator' in validationData;
    const { callbacks, end } = withEpochMeans(this, plan, rest.callbacks);
    try {
      return await original.call(this, prepared, {
        ...rest,
        ...(!plan.usesOwnSteps && { classWeight }),
        callbacks,
        ...(validationData && {
          validationData: isDataset ? validationData : validationTargets(validationData),
        }),
      } as FitDatasetArgs);
    } finally {
      end();
    }
  };

const evaluate: Replacement<[x: Tensors, y: Tensors, args?: GivenWeights], unknown> = (original) =>
  function (x, y, args = {}) {
    assertWeightsArePlaced('model.evaluate', args);
    const { sampleWeight, ...rest } = args;
    const plan = planFor(this, { sampleWeight });
    return original.call(this, x, plan ? withWeights(y, { sampleWeight }) : y, rest);
  };

const evaluateDataset: Replacement<
  [dataset: Dataset, args?: object],
  Promise<Scalar | Scalar[]>
> = (original) =>
  async function (dataset, args) {
    assertWeightsArePlaced('model.evaluateDataset', args);
    const { plan } = modelState(this);
    if (plan === undefined) return original.call(this, unweightedDataset(dataset, this), args);
    const evaluation = original.call(this, preparedDataset(dataset, plan, this) as Dataset, args);
    // By now it has made its step, and waits for the first batch.
    const means = meansOf(hidden(this).testFunction);
    means?.begin();
    try {
      const results = await evaluation;
      return means && Array.isArray(results) ? means.correct(results) : results;
    } finally {
      means?.end();
    }
  };

const testLoop: Replacement<Parameters<HiddenMethods['testLoop']>, Scalar[]> = (original) =>
  function (step, ...args) {
    const means = meansOf(step);
    if (means === undefined) return original.call(this, step, ...args);
    means.begin();
    try {
      return means.correct(original.call(this, step, ...args));
    } finally {
      means.end();
    }
  };

type TrainOnBatch = [x: Tensors, y: Tensors, weights?: GivenWeights];

const trainOnBatch: Replacement<TrainOnBatch, Promise<unknown>> = (original) =>
  async function (x, y, weights = {}) {
    assertWeightsArePlaced('model.trainOnBatch', weights);
    const plan = planFor(this, weights);
    const targets = plan === undefined ? y : withWeights(y, weights);
    try {
      return await original.call(this, x, targets);
    } catch (error) {
      disposeWeights(targets);
      throw error;
    }
  };

/** The method of `tf.Sequential`, which by itself passes only two arguments on to the model inside. */
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
    const { plan } = modelState(this);
    if (plan === undefined || !(plan.usesOwnSteps || haveWeights(y))) {
      return original.call(this, x, y, ...rest);
    }
    // The scope disposes all that was made if something does not fit.
    return tidy(() => {
      const [xs, ys] = original.call(this, x, completeTargets(plan, y, x), ...rest);
      return [xs, [...ys, ...tensorsBehindTargets(plan, this, y, ys)]];
    });
  };

const makeTrainFunction: Replacement<[], Step> = (original) =>
  function () {
    const step = chosenStep(this, original.call(this), trainStep);
    modelState(this).trainingMeans = meansOf(step);
    return step;
  };

const makeTestFunction: Replacement<[], void> = (original) =>
  function () {
    original.call(this);
    const { testFunction } = hidden(this);
    if (testFunction) hidden(this).testFunction = chosenStep(this, testFunction, testStep);
  };

/** A step that is ours if the plan or the batch asks for that, and else TensorFlow.js's own. */
function chosenStep(
  model: LayersModel,
  tfjsStep: Step,
  makeStep: (model: LayersModel, plan: Plan, means: EpochMeans) => Step,
): Step {
  const { plan } = modelState(model);
  if (plan === undefined) return tfjsStep;
  const means = new EpochMeans();
  const ownStep = makeStep(model, plan, means);
  // A function of the user may call one of ours, which then finds logits in TensorFlow.js's steps, too.
  const otherStep: Step = hasUserFunctions(plan.args)
    ? (data) => tracing(() => tfjsStep(data))
    : tfjsStep;
  return withMeans(
    (data) =>
      plan.usesOwnSteps || carriesWeights(plan, model, data) ? ownStep(data) : otherStep(data),
    means,
  );
}

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
    compileFrom(this, inOwnSpelling(config));
  };

const setUserDefinedMetadata: Replacement<[metadata: Record<string, unknown> | undefined], void> = (
  original,
) =>
  function (metadata) {
    const own = compileFromMetadata(this, metadata);
    // Metadata that hold the config of this package alone leave nothing to set. For no metadata at all TensorFlow.js has an error.
    if (own !== undefined || metadata === undefined) original.call(this, own);
  };

/** The methods of models, by name. */
export const modelMethods = {
  compile,
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

/** Those that work in a version of TensorFlow.js that lacks what the others need. */
export const fallbackMethods = { compile };

/** The method of `tf.Sequential` that does not pass all that it is given on to the model inside. */
export const sequentialMethods = { trainOnBatch: trainSequential };

/** The methods that a `tf.Sequential` inherits from other models, and that are called on itself. */
export const inheritedBySequential = {
  save,
  getTrainingConfig,
  loadTrainingConfig,
  setUserDefinedMetadata,
};
