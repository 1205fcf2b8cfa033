import { Tensor, tidy, type io, type Scalar } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

import { toFunctionName } from '../core/config.js';
import { formatValue } from '../core/errors.js';
import { warn } from '../core/warn.js';
import { compile, type CompileArgs } from './compile/compile.js';
import {
  carriesWeights,
  completeTargets,
  disposeWeights,
  haveWeights,
  preparedDataset,
  weightsFor,
  withWeights,
  type Dataset,
} from './weights/carried.js';
import {
  EpochMeans,
  meansOf,
  setMeans,
  withEpochMeans,
  type CallbackArgs,
} from './step/epoch_means.js';
import {
  hidden,
  missingFields,
  workingModel,
  type HiddenMethods,
  type Step,
  type Tensors,
} from './tfjs.js';
import { forgetPlan, planOf, type Plan } from './plan.js';
import { portable, compileFromMetadata, trainingConfig } from './files/saving.js';
import { testStep, trainStep } from './step/steps.js';
import { compileFrom, inOwnSpelling, type TrainingConfig } from './files/training_config.js';
import { hasWeights, type GivenWeights } from './weights/tensors.js';

/** A method of a model. */
type Method<Arguments extends unknown[], Result> = (
  this: LayersModel,
  ...args: Arguments
) => Result;

/** What makes a new method of the one that it replaces. */
type Replacement<Arguments extends unknown[], Result> = (
  original: Method<Arguments, Result>,
) => Method<Arguments, Result>;

const compileModel: Replacement<[CompileArgs], void> = (original) =>
  function (args) {
    compile(this, args, original);
    const missing = missingFields(this);
    if (missing.length > 0) {
      warnOfMissing(missing);
      forgetPlan(this);
    }
  };

/** Tells that a member of TF.js is gone, without which our losses are plain functions to it. */
export function warnOfMissing(members: readonly string[]): void {
  warn(
    `this version of TensorFlow.js lacks ${members.join(', ')}. Losses are trained as plain functions: ` +
      `without sample weights, recovered logits and saving; losses reported by output include their lossWeights.`,
  );
}

/** The plan of the model, which weights need: without one they would be lost. */
function planFor(model: LayersModel, weights: GivenWeights): Plan | undefined {
  const plan = planOf(model);
  const isCompiled = (hidden(model).lossFunctions as unknown) !== undefined;
  if (plan === undefined && isCompiled && hasWeights(weights)) {
    throw new TypeError(
      `The model was compiled before tfjs-losses was registered, and takes no sample weights. Call model.compile again.`,
    );
  }
  return plan;
}

/** Throws where weights come in another form, in which they would be lost. */
function assertWeightNames(who: string, args: object): void {
  if (args instanceof Tensor || Array.isArray(args) || ArrayBuffer.isView(args)) {
    throw new TypeError(
      `model.${who}: weights go into an object, { sampleWeight }. Received: ${formatValue(args)}.`,
    );
  }
  for (const key of Object.keys(args)) {
    const singular = toFunctionName(key).replace(/s$/, '');
    const name = ['sampleWeight', 'classWeight'].find((each) => each === singular);
    if (name !== undefined && name !== key) {
      throw new RangeError(`model.${who}: the option is called ${name}. Received: '${key}'.`);
    }
  }
}

interface FitArgs extends GivenWeights, CallbackArgs {
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
    const plan = planFor(this, { sampleWeight: sampleWeight ?? validationData?.[2] });
    if (plan === undefined) return original.call(this, x, y, args);
    assertWeightNames('fit', args);
    // TF.js has class weights too; where its own steps run, they stay with it.
    const isWeighted = plan.ours || hasWeights({ sampleWeight });
    const { callbacks, end } = withEpochMeans(this, plan, rest);
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

/** Of another length they are TF.js's own, or its error. */
function validationTargets(data: ValidationData): readonly Tensors[] {
  if (data.length !== 3) return data as readonly Tensors[];
  const [x, y, sampleWeight] = data;
  return [x, withWeights(y, { sampleWeight })];
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
    assertWeightNames('fitDataset', args);
    const { classWeight, validationData, ...rest } = args;
    const prepared = preparedDataset(dataset, plan, this, classWeight) as Dataset;
    const isDataset = validationData && 'iterator' in validationData;
    const { callbacks, end } = withEpochMeans(this, plan, rest);
    try {
      return await original.call(this, prepared, {
        ...rest,
        ...(!plan.ours && { classWeight }),
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
    const { sampleWeight, ...rest } = args;
    const plan = planFor(this, { sampleWeight });
    if (plan !== undefined) assertWeightNames('evaluate', args);
    return original.call(this, x, plan ? withWeights(y, { sampleWeight }) : y, rest);
  };

const evaluateDataset: Replacement<
  [dataset: Dataset, args?: object],
  Promise<Scalar | Scalar[]>
> = (original) =>
  async function (dataset, args) {
    const plan = planOf(this);
    if (plan === undefined) return original.call(this, dataset, args);
    const evaluation = original.call(this, preparedDataset(dataset, plan, this) as Dataset, args);
    // It has made its step, and waits for the first batch.
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
    const plan = planFor(this, weights);
    if (plan !== undefined) assertWeightNames('trainOnBatch', weights);
    const targets = plan === undefined ? y : withWeights(y, weights);
    try {
      return await original.call(this, x, targets);
    } catch (error) {
      disposeWeights(targets);
      throw error;
    }
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
    if (plan === undefined || !(plan.ours || haveWeights(y))) {
      return original.call(this, x, y, ...rest);
    }
    // Nothing is left of it where something does not fit.
    return tidy(() => {
      const [xs, ys] = original.call(this, x, completeTargets(plan, y, x), ...rest);
      return [xs, [...ys, ...weightsFor(plan, this, y, ys)]];
    });
  };

const makeTrainFunction: Replacement<[], Step> = (original) =>
  function () {
    const step = chosenStep(this, original.call(this), trainStep);
    const [plan, means] = [planOf(this), meansOf(step)];
    if (plan && means) plan.trained = means;
    return step;
  };

const makeTestFunction: Replacement<[], void> = (original) =>
  function () {
    original.call(this);
    const { testFunction } = hidden(this);
    if (testFunction) hidden(this).testFunction = chosenStep(this, testFunction, testStep);
  };

/** Our step where the plan or the batch asks for it, else TF.js's own. */
function chosenStep(
  model: LayersModel,
  theirs: Step,
  makeStep: (model: LayersModel, plan: Plan, means: EpochMeans) => Step,
): Step {
  const plan = planOf(model);
  if (plan === undefined) return theirs;
  const means = new EpochMeans();
  const ours = makeStep(model, plan, means);
  return setMeans(
    (data) => (plan.ours || carriesWeights(plan, model, data) ? ours(data) : theirs(data)),
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

const setUserDefinedMetadata: Replacement<[metadata: Record<string, unknown>], void> = (original) =>
  function (metadata) {
    const own = compileFromMetadata(this, metadata);
    if (own !== undefined) original.call(this, own);
  };

/** The methods of all models, by name. */
export const modelMethods = {
  compile: compileModel,
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

/** Those of them that work where hidden members of TF.js are gone. */
export const plainMethods = { compile: compileModel };

/** The methods of `tf.Sequential`. */
export const sequentialMethods = { trainOnBatch: trainSequential };
