import { dispose, expandDims, Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

import { formatValue } from '../../core/errors.js';
import type { GivenWeights } from '../arguments.js';
import { isNothing } from '../per_output.js';
import type { Plan } from '../plan.js';
import type { Tensors } from '../tfjs.js';
import { keepBesideBatch } from './carried.js';
import { completeTargets } from './targets.js';
import { assertWeightsArePlaced } from './places.js';
import { hasWeights } from './tensors.js';

/** One element of a dataset, in the form of TensorFlow.js or in that of Keras. */
type Element =
  | { xs: Tensors; ys: Tensors; sampleWeight?: GivenWeights['sampleWeight'] }
  | readonly [xs: Tensors, ys: Tensors, sampleWeight?: GivenWeights['sampleWeight']];

interface Iterator {
  next(): Promise<{ value: unknown; done: boolean }>;
}

/** What TensorFlow.js asks of a dataset. */
export interface Dataset {
  readonly size?: number;
  iterator(): Promise<Iterator>;
}

/** The same dataset with elements in the form of TensorFlow.js, `{ xs, ys }`. Their weights stay beside them for the step. */
export function preparedDataset(
  dataset: Dataset | Iterator,
  plan: Plan,
  model: LayersModel,
  classWeight?: GivenWeights['classWeight'],
): Dataset | Iterator {
  return mapped(dataset, (value) => preparedElement(value, plan, model, classWeight));
}

/** The same dataset, or iterator of one, with what a function makes of its elements. */
export function mapped(
  dataset: Dataset | Iterator,
  change: (element: object) => unknown,
): Dataset | Iterator {
  const changed = (iterator: Iterator): Iterator => ({
    next: async () => {
      const { value, done } = await iterator.next();
      return { value: isNothing(value) ? value : change(value), done };
    },
  });
  if (!('iterator' in dataset)) return changed(dataset);
  const { size } = dataset;
  return {
    ...(size === undefined ? {} : { size }),
    iterator: async () => changed(await dataset.iterator()),
  };
}

/** The sample weights of an element of a dataset. */
export function weightsOfElement(element: object): Pick<GivenWeights, 'sampleWeight'> {
  const { sampleWeight } = readElement(element as Element);
  return { sampleWeight };
}

function preparedElement(
  value: unknown,
  plan: Plan,
  model: LayersModel,
  classWeight: GivenWeights['classWeight'],
): { xs: Tensors; ys: Tensors } {
  const { xs, ys, sampleWeight } = readElement(value as Element);
  // TensorFlow.js has errors for an element that lacks something, or has too much.
  if (isNothing(xs) || isNothing(ys)) return { xs, ys };
  const targets = targetsByOutput(plan, model, ys, xs);
  if (targets === undefined) return { xs, ys };
  const weights = { sampleWeight, classWeight };
  try {
    if ((plan.usesOwnSteps && hasWeights(weights)) || hasWeights({ sampleWeight })) {
      keepBesideBatch(plan, model, targets, weights);
    }
  } catch (error) {
    dispose([value, targets].flatMap(tensorsIn));
    throw error;
  }
  // TensorFlow.js disposes the tensors that it is given. Nobody else disposes the others that the dataset made.
  const passedOn = new Set([xs, targets].flatMap(tensorsIn));
  for (const tensor of [ys, sampleWeight].flatMap(tensorsIn)) {
    if (!passedOn.has(tensor)) tensor.dispose();
  }
  return { xs, ys: targets };
}

function readElement(value: Element) {
  if (!Array.isArray(value)) {
    assertWeightsArePlaced('a dataset', value);
    return value as Exclude<Element, readonly unknown[]>;
  }
  const [xs, ys, sampleWeight] = value as Extract<Element, readonly unknown[]>;
  if (value.length < 2 || value.length > 3) {
    throw new TypeError(
      `A dataset for a model must give { xs, ys, sampleWeight } or [xs, ys, sampleWeight], the weights being optional. ` +
        `Received: ${formatValue(value)}.`,
    );
  }
  return { xs, ys, sampleWeight };
}

/** The targets of all outputs as a list, or `undefined` if they are not one for each output. */
function targetsByOutput(
  plan: Plan,
  model: LayersModel,
  ys: Tensors,
  xs: Tensors,
): [Tensor, ...Tensor[]] | undefined {
  const names = plan.outputs.map(({ name }) => name);
  const complete = completeTargets(plan, ys, xs);
  if (Array.isArray(complete) && complete.length > names.length) return undefined;
  const list =
    complete instanceof Tensor
      ? [complete]
      : names.map((name, index) => (Array.isArray(complete) ? complete[index] : complete[name]));
  if (list.length === 0 || !list.every((target) => target instanceof Tensor)) return undefined;
  const targets = list.map((target, index) =>
    isColumn(model.outputs[index]?.shape) ? atLeastRank2(target) : target,
  );
  return targets as [Tensor, ...Tensor[]];
}

function isColumn(shape: readonly (number | null)[] | undefined): boolean {
  return shape?.length === 2 && shape[1] === 1;
}

/** Labels [batch] as [batch, 1], as `fit` makes them. From an output [batch, 1] they would be subtracted as [batch, batch]. */
function atLeastRank2(target: Tensor): Tensor {
  return target.rank === 1 ? expandDims(target, 1) : target;
}

function tensorsIn(container: unknown): Tensor[] {
  if (container instanceof Tensor) return [container as Tensor];
  const isContainer = typeof container === 'object' && container !== null;
  return isContainer ? (Object.values(container) as unknown[]).flatMap(tensorsIn) : [];
}
