import { dispose, expandDims, Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

import { formatValue } from '../../core/errors.js';
import type { Data, Tensors } from '../tfjs.js';
import { entryAt, isNothing } from '../per_output.js';
import type { OutputPlan, Plan } from '../plan.js';
import {
  hasWeights,
  readWeights,
  weightTensors,
  type GivenWeights,
  type OutputWeights,
} from './tensors.js';

/** The weights that go with targets, on their way through TF.js. */
const weightsOfTargets = new WeakMap<object, GivenWeights>();

/** The tensors that were made of them, until TF.js disposes them. */
const tensorsOfTargets = new WeakMap<object, Tensor[]>();

/** The targets with weights that `weightsFor` finds again. */
export function withWeights(y: Tensors, weights: GivenWeights): Tensors {
  if (!hasWeights(weights)) return y;
  // A new list or dict, so that other calls with the same targets have no weights.
  const targets = y instanceof Tensor ? [y] : Array.isArray(y) ? [...y] : { ...y };
  weightsOfTargets.set(targets, weights);
  return targets;
}

/** Whether targets come with weights. */
export function haveWeights(y: Tensors): boolean {
  return weightsOfTargets.has(y);
}

/** All targets, with a stand-in for every output that needs none and was given none. */
export function completeTargets({ outputs }: Plan, y: Tensors, x: Tensors): Tensors {
  if (outputs.every(needsTargets)) return y;
  const standIn = () => zeros([batchSize(x), 1], 'int32');
  const needed = outputs.filter(needsTargets);
  if (y instanceof Tensor || Array.isArray(y)) {
    const given = y instanceof Tensor ? [y] : [...y];
    if (given.length !== needed.length || given.length === outputs.length) return y;
    let next = 0;
    return outputs.map((output) => (needsTargets(output) ? entryAt(given, next++) : standIn()));
  }
  const missing = outputs.filter((output) => !needsTargets(output) && !(output.name in y));
  return { ...y, ...Object.fromEntries(missing.map(({ name }) => [name, standIn()])) };
}

/** Whether targets of the output are read. */
function needsTargets({ chooseLoss, metrics }: OutputPlan): boolean {
  return chooseLoss !== undefined || metrics.length > 0;
}

/** The weights that came with targets, as tensors to put behind them. */
export function weightsFor(
  plan: Plan,
  model: LayersModel,
  y: Tensors,
  targets: readonly Tensor[],
): Tensor[] {
  const weights = weightsOfTargets.get(y);
  if (weights === undefined) return [];
  const tensors = tidy(() => weightTensors(plan.outputs, targets, shapesOf(model), weights));
  tensorsOfTargets.set(y, tensors);
  return tensors;
}

function shapesOf({ outputs }: LayersModel) {
  return outputs.map(({ shape }) => shape);
}

/** Disposes the weights that were made for targets whose step failed. */
export function disposeWeights(y: Tensors): void {
  dispose(tensorsOfTargets.get(y) ?? []);
}

/** The weights of a batch of a dataset, by its first target; the step that reads them disposes them. */
const weightsOfBatch = new WeakMap<Tensor, Tensor[]>();

/** Whether there are weights of ours with a batch; TF.js itself puts one tensor of class weights behind each target. */
export function carriesWeights({ outputs }: Plan, model: LayersModel, data: Data): boolean {
  const [first, ...rest] = data.slice(model.inputs.length);
  const behind = rest.slice(outputs.length - 1).filter((tensor) => tensor !== null);
  return behind.length === 2 * outputs.length || (first ? weightsOfBatch.has(first) : false);
}

/** The weights of a batch: behind its targets, or kept beside them. */
export function batchWeights(
  rest: readonly (Tensor | null)[],
  targets: readonly Tensor[],
): OutputWeights[] {
  const beside = targets[0] && weightsOfBatch.get(targets[0]);
  return readWeights(beside ?? rest, targets.length);
}

/** Disposes weights that were kept beside the targets of a batch. */
export function disposeBatchWeights(data: Data): void {
  for (const tensor of data) if (tensor) dispose(weightsOfBatch.get(tensor) ?? []);
}

/** One element of a dataset, as TF.js and Keras have it. */
type Element =
  | { xs: Tensors; ys: Tensors; sampleWeight?: GivenWeights['sampleWeight'] }
  | readonly [xs: Tensors, ys: Tensors, sampleWeight?: GivenWeights['sampleWeight']];

interface Iterator {
  next(): Promise<{ value: unknown; done: boolean }>;
}

/** What TF.js asks of a dataset. */
export interface Dataset {
  readonly size?: number;
  iterator(): Promise<Iterator>;
}

/** The dataset with elements as TF.js takes them; their weights are kept for the step. */
export function preparedDataset(
  dataset: Dataset | Iterator,
  plan: Plan,
  model: LayersModel,
  classWeight?: GivenWeights['classWeight'],
): Dataset | Iterator {
  const prepare = (iterator: Iterator): Iterator => ({
    next: async () => {
      const { value, done } = await iterator.next();
      if (isNothing(value)) return { value, done };
      return { value: element(value, plan, model, classWeight), done };
    },
  });
  if (!('iterator' in dataset)) return prepare(dataset);
  const { size } = dataset;
  return {
    ...(size === undefined ? {} : { size }),
    iterator: async () => prepare(await dataset.iterator()),
  };
}

function element(
  value: unknown,
  plan: Plan,
  model: LayersModel,
  classWeight: GivenWeights['classWeight'],
): { xs: Tensors; ys: Tensors } {
  const { xs, ys, sampleWeight } = readElement(value as Element);
  const given = { sampleWeight, classWeight };
  // What is missing TF.js has an error for; so it has for too many.
  if (isNothing(xs) || isNothing(ys)) return { xs, ys };
  const complete = completeTargets(plan, ys, xs);
  const names = plan.outputs.map(({ name }) => name);
  const list =
    complete instanceof Tensor
      ? [complete]
      : names.map((name, index) => (Array.isArray(complete) ? complete[index] : complete[name]));
  const isComplete = list.every((target) => target instanceof Tensor);
  if (!isComplete || (Array.isArray(complete) && complete.length > names.length)) return { xs, ys };
  const targets = list.map((target, index) =>
    isColumn(model.outputs[index]?.shape) ? atLeastRank2(target) : target,
  );
  try {
    if ((plan.ours && hasWeights(given)) || hasWeights({ sampleWeight })) {
      const weights = tidy(() => weightTensors(plan.outputs, targets, shapesOf(model), given));
      weightsOfBatch.set(entryAt(targets, 0), weights);
    }
  } catch (error) {
    dispose([value, targets].flatMap(tensorsIn));
    throw error;
  }
  // TF.js disposes what it is handed; nobody else disposes the rest of what the dataset made.
  const handed = new Set([xs, targets].flatMap(tensorsIn));
  for (const tensor of [ys, sampleWeight].flatMap(tensorsIn)) {
    if (!handed.has(tensor)) tensor.dispose();
  }
  return { xs, ys: targets };
}

function readElement(value: Element) {
  if (!Array.isArray(value)) return value as Exclude<Element, readonly unknown[]>;
  const [xs, ys, sampleWeight] = value as Extract<Element, readonly unknown[]>;
  if (value.length < 2 || value.length > 3) {
    throw new TypeError(
      `A dataset for a model must give { xs, ys, sampleWeight } or [xs, ys, sampleWeight], the weights being optional. ` +
        `Received: ${formatValue(value)}.`,
    );
  }
  return { xs, ys, sampleWeight };
}

function tensorsIn(container: unknown): Tensor[] {
  if (container instanceof Tensor) return [container as Tensor];
  const isContainer = typeof container === 'object' && container !== null;
  return isContainer ? (Object.values(container) as unknown[]).flatMap(tensorsIn) : [];
}

function batchSize(xs: Tensors): number {
  const [first] = xs instanceof Tensor ? [xs] : Object.values(xs);
  return first?.shape[0] ?? 0;
}

function isColumn(shape: readonly (number | null)[] | undefined): boolean {
  return shape?.length === 2 && shape[1] === 1;
}

/** [batch] as [batch, 1], as `fit` has it; TF.js would subtract it from an output [batch, 1] as [batch, batch]. */
function atLeastRank2(target: Tensor): Tensor {
  return target.rank === 1 ? expandDims(target, 1) : target;
}
