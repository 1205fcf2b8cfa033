import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** All members of TF.js's layers that this package uses though its types hide them, and what is told where one is gone. */

/** An activation function as layers hold it. */
export interface Activation {
  apply(x: Tensor): Tensor;
  getClassName(): string;
}

/** One step of training or evaluation on a batch: inputs, targets, and weights if there are any. */
export type Step = (data: Data) => Scalar[];

/** What TF.js hands to a step; behind targets without weights it puts a `null`. */
export type Data = (Tensor | null)[];

/** Data as users give it for several inputs or outputs. */
export type Tensors = Tensor | Tensor[] | Record<string, Tensor>;

/** The hidden methods of a model. */
export interface HiddenMethods {
  /** Inputs and targets as lists, after checks of their shapes. */
  standardizeUserDataXY(
    x: Tensors,
    y: Tensors,
    checkBatchAxis?: boolean,
    batchSize?: number,
  ): [Tensor[], Tensor[]];
  makeTrainFunction(): Step;
  /** Puts the step into `testFunction`. */
  makeTestFunction(): void;
  /** Runs the test step on all batches, and gives the means of what it reports. */
  testLoop(step: Step, ...data: unknown[]): Scalar[];
  /** The names of what steps report, told apart by number where they are the same. */
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
  /** Shapes that targets must have; `null` lets one have any. */
  feedOutputShapes: unknown[];
  /** The weights that training changes. */
  collectedTrainableWeights: { read(): Variable }[];
  lossFunctions: unknown[];
  /** Functions with the outputs that they measure: the losses of several outputs, then the metrics. */
  metricsTensors: [metric: (yTrue: Tensor, yPred: Tensor) => Tensor, output: number][];
  testFunction?: Step;
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

/** The hidden methods that models of this class lack. */
export function missingMethods(prototype: LayersModel): string[] {
  return missing(prototype, METHODS);
}

/** The functions that TF.js's own `compile` has found. */
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

/** Lets an output's targets have any shape, where our losses check it: TF.js asks for that of the output. */
export function acceptAnyTarget(model: LayersModel, output: number): void {
  const { feedOutputShapes } = model as unknown as Partial<HiddenFields>;
  if (feedOutputShapes !== undefined) feedOutputShapes[output] = null;
}

/** The model inside a `tf.Sequential`, which does its work; any other model itself. */
export function workingModel(model: LayersModel): LayersModel {
  return (model as { model?: LayersModel }).model ?? model;
}

/** The activation of a layer, if it has one. */
export function layerActivation(layer: object): Activation | undefined {
  const { activation } = layer as { activation?: Partial<Activation> | null };
  // A layer of the user may call something else so.
  const is =
    typeof activation?.apply === 'function' && typeof activation.getClassName === 'function';
  return is ? (activation as Activation) : undefined;
}

/** The layer that `tf.layers.timeDistributed` applies to each time step. */
export function timeDistributedLayer(layer: object): object | undefined {
  const { layer: inner, getClassName } = layer as { layer?: object; getClassName?: () => string };
  return getClassName?.call(layer) === 'TimeDistributed' ? inner : undefined;
}

/** What `tf.layers.softmax()` calls, and along which axis. */
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

/** The losses that TF.js knows by name. */
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

/** The metrics that TF.js knows by name, beside those that follow the loss. */
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

type LayersMetric = (yTrue: Tensor, yPred: Tensor) => Tensor;

let metrics: Readonly<Record<string, unknown>> = {};

/** Takes TF.js's own metrics, `tf.metrics`, of which `compile` knows only some by name. */
export function rememberMetrics(given: Readonly<Record<string, unknown>>): void {
  metrics = given;
}

/** TF.js's own metric of this name. */
export function layersMetric(name: string): LayersMetric | undefined {
  const metric = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
  return typeof metric === 'function' ? (metric as LayersMetric) : undefined;
}

/** The name of one of TF.js's metrics; the function's own may be what a minifier made of it. */
export function layersMetricName(metric: unknown): string | undefined {
  return Object.keys(metrics).find((name) => layersMetric(name) === metric);
}
