/** All members of tfjs-layers that its types hide and this package uses, and which of them a version of tfjs-layers lacks. */
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** An activation function, as layers have it in a field. */
export interface Activation {
  apply(x: Tensor): Tensor;
  getClassName(): string;
}

/** Trains or evaluates a model on one batch. Returns the total loss, and then all numbers that are reported beside it. */
export type Step = (data: Data) => Scalar[];

/** What a step is given: inputs, targets, and what stands behind the targets, a `null` if that is nothing. */
export type Data = (Tensor | null)[];

/** Inputs or targets as users give them. */
export type Tensors = Tensor | Tensor[] | Record<string, Tensor>;

/** The hidden methods of a model. */
export interface HiddenMethods {
  /** Checks inputs and targets, and returns them as lists. */
  standardizeUserDataXY(
    x: Tensors,
    y: Tensors,
    checkBatchAxis?: boolean,
    batchSize?: number,
  ): [Tensor[], Tensor[]];
  makeTrainFunction(): Step;
  /** Makes a step and puts it into `testFunction`. */
  makeTestFunction(): void;
  /** Runs a step on all batches, and returns the means of what it reports. */
  testLoop(step: Step, ...data: unknown[]): Scalar[];
  /** The names of what steps report. Equal names are told apart by a number. */
  getDedupedMetricsNames(): string[];
  getTrainingConfig(): object;
  loadTrainingConfig(config: object): void;
}

const METHODS: readonly (keyof HiddenMethods)[] = [
  'standardizeUserDataXY',
  'makeTrainFunction',
  'makeTestFunction',
  'testLoop',
  'getDedupedMetricsNames',
  'getTrainingConfig',
  'loadTrainingConfig',
];

/** The hidden fields that `compile` fills. */
interface HiddenFields {
  /** The shapes that targets must have; `null` stands for any shape. */
  feedOutputShapes: unknown[];
  /** The weights that training changes. */
  collectedTrainableWeights: { read(): Variable }[];
  lossFunctions: unknown[];
  /** Functions with the outputs that they measure: first the losses, if there are several outputs, then the metrics. */
  metricsTensors: [metric: (yTrue: Tensor, yPred: Tensor) => Tensor, output: number][];
  testFunction?: Step;
  userDefinedMetadata?: Record<string, unknown> | undefined;
}

const FIELDS: readonly (keyof HiddenFields)[] = [
  'feedOutputShapes',
  'collectedTrainableWeights',
  'lossFunctions',
  'metricsTensors',
];

/** A model with the members that its type hides. */
export function hidden(model: LayersModel): HiddenMethods & HiddenFields {
  return model as unknown as HiddenMethods & HiddenFields;
}

/** The hidden methods that a model lacks, or all models of a prototype. */
export function missingMethods(model: LayersModel): string[] {
  return missing(model, METHODS);
}

/** The functions that TensorFlow.js's own `compile` has found for losses and metrics. */
export function compiledFunctions(model: LayersModel) {
  const { lossFunctions = [], metricsTensors = [] } = model as unknown as Partial<HiddenFields>;
  return { lossFunctions, metricsTensors };
}

/** The hidden fields that a compiled model lacks. */
export function missingFields(model: LayersModel): string[] {
  return missing(model, FIELDS);
}

function missing(owner: LayersModel, names: readonly string[]): string[] {
  const members = owner as unknown as Record<string, unknown>;
  return names.filter((name) => members[name] === undefined);
}

/** Lets the targets of an output have any shape: our losses check it. TensorFlow.js would insist on that of the output. */
export function acceptAnyTarget(model: LayersModel, output: number): void {
  const { feedOutputShapes } = model as unknown as Partial<HiddenFields>;
  if (feedOutputShapes !== undefined) feedOutputShapes[output] = null;
}

/** Whether the model is a `tf.Sequential`, or of a class that extends it. */
export function isSequential(model: LayersModel): boolean {
  let prototype: unknown = Object.getPrototypeOf(model);
  while (prototype) {
    const { constructor: owner } = prototype as { constructor: { className?: unknown } };
    // The name in saved models, which no minifier changes.
    if (owner.className === 'Sequential') return true;
    prototype = Object.getPrototypeOf(prototype);
  }
  return false;
}

/** The model that does the work: of a `tf.Sequential` the one inside, once it is built, and else the model itself. */
export function workingModel(model: LayersModel): LayersModel {
  return (model as { model?: LayersModel | null }).model ?? model;
}

/** Whether an entry of `callbacks` is a callback object, not the options of one. */
export function isCallback(callback: object): boolean {
  return 'setParams' in callback;
}

/** The activation of a layer, if it has one. */
export function layerActivation(layer: object): Activation | undefined {
  const { activation } = layer as { activation?: Partial<Activation> | null };
  // A layer of the user may have another field of this name.
  const is =
    typeof activation?.apply === 'function' && typeof activation.getClassName === 'function';
  return is ? (activation as Activation) : undefined;
}

/** The layer that a `tf.layers.timeDistributed` applies to each time step. */
export function timeDistributedLayer(layer: object): object | undefined {
  const { layer: inner, getClassName } = layer as { layer?: object; getClassName?: () => string };
  return getClassName?.call(layer) === 'TimeDistributed' ? inner : undefined;
}

/** A `tf.layers.softmax()`: the function that it calls, and its axis. */
export interface SoftmaxLayer {
  softmax(x: Tensor, axis?: number): Tensor;
  readonly axis: number;
}

/** The layer as a softmax layer, if it is one. */
export function softmaxLayer(layer: object): SoftmaxLayer | undefined {
  const { softmax, axis } = layer as { softmax?: unknown; axis?: unknown };
  const is = typeof softmax === 'function' && typeof axis === 'number';
  return is ? (layer as SoftmaxLayer) : undefined;
}

/** The losses that TensorFlow.js knows by name. */
export const TFJS_LOSSES: readonly string[] = [
  'meanSquaredError',
  'meanAbsoluteError',
  'meanAbsolutePercentageError',
  'meanSquaredLogarithmicError',
  'squaredHinge',
  'hinge',
  'categoricalHinge',
  'logcosh',
  'categoricalCrossentropy',
  'sparseCategoricalCrossentropy',
  'binaryCrossentropy',
  'kullbackLeiblerDivergence',
  'poisson',
  'cosineProximity',
];

/** The metrics that TensorFlow.js knows by name, beside `'accuracy'` and `'crossentropy'`, which follow from the loss. */
export const TFJS_METRICS: readonly string[] = [
  'binaryAccuracy',
  'categoricalAccuracy',
  'precision',
  'categoricalCrossentropy',
  'sparseCategoricalCrossentropy',
  'mse',
  'MSE',
  'mae',
  'MAE',
  'mape',
  'MAPE',
  'cosine',
];
