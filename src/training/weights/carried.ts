/**
 * The journey of weights through TensorFlow.js.
 *
 * TensorFlow.js takes no sample weights. But whatever stands behind the targets in its list of tensors it treats as one more
 * target: it shuffles it, splits it for `validationSplit`, slices it into batches, and hands it to the step. It does none of
 * this with weights: its own code for `validationSplit` has a TODO there. So weights travel as if they were targets:
 *
 * 1. `fit`, `evaluate` and `trainOnBatch` (methods.ts) take the weights out of the user's options. {@link withWeights} notes
 *    them under a new list or dict of the same targets, which TensorFlow.js is given in their place.
 * 2. TensorFlow.js calls `standardizeUserDataXY` with these targets, and puts what it returns into its list of tensors.
 *    {@link tensorsBehindTargets} finds the weights again, and makes two tensors for each output (tensors.ts), which methods.ts
 *    puts behind the targets.
 * 3. TensorFlow.js shuffles, splits and slices all of these tensors.
 * 4. The step (steps.ts) is given one batch: inputs, targets, weights. {@link readBatch} tells them apart.
 *
 * Datasets come in batches, so nothing must be sliced, and TensorFlow.js would refuse an element with more tensors than outputs.
 * Their weights stay beside the batch instead (dataset.ts): {@link keepBesideBatch} notes them under the first target of the
 * batch, and `readBatch` finds them there.
 */
import { dispose, Tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

import type { GivenWeights } from '../arguments.js';
import type { OutputPlan, OutputWeights, Plan } from '../plan.js';
import type { Data, Tensors } from '../tfjs.js';
import { hasWeights, readWeights, weightTensors } from './tensors.js';

/** The weights of one call. */
interface CarriedWeights {
  readonly given: GivenWeights;
  /** The tensors that were made of them. */
  tensors?: Tensor[];
}

/**
 * Weights by the targets that they belong to. They are no state of a model: two evaluations of one model may run at once, and
 * targets are all that TensorFlow.js hands on from the beginning of a call to its end.
 */
const byTargets = new WeakMap<object, CarriedWeights>();

/** Weights of a batch of a dataset, by its first target. */
const besideBatch = new WeakMap<Tensor, Tensor[]>();

/** The same targets, with weights that {@link tensorsBehindTargets} finds again. */
export function withWeights(y: Tensors, given: GivenWeights): Tensors {
  if (!hasWeights(given)) return y;
  // A new list or dict, so that other calls with the user's own one have no weights.
  const targets = y instanceof Tensor ? [y] : Array.isArray(y) ? [...y] : { ...y };
  byTargets.set(targets, { given });
  return targets;
}

/** Whether targets have weights. */
export function haveWeights(y: Tensors): boolean {
  return byTargets.has(y);
}

/** The weights of the targets as tensors, to be put behind them. `targets` are those tensors that TensorFlow.js made of `y`. */
export function tensorsBehindTargets(
  { outputs }: Plan,
  model: LayersModel,
  y: Tensors,
  targets: readonly Tensor[],
): Tensor[] {
  const carried = byTargets.get(y);
  if (carried === undefined) return [];
  carried.tensors = makeTensors(outputs, model, targets, carried.given);
  return carried.tensors;
}

/** Disposes the weights of targets whose step failed: TensorFlow.js does it only after steps that succeed. */
export function disposeWeights(y: Tensors): void {
  dispose(byTargets.get(y)?.tensors ?? []);
}

/** Keeps the weights of a batch of a dataset for its step. */
export function keepBesideBatch(
  { outputs }: Plan,
  model: LayersModel,
  targets: readonly [Tensor, ...Tensor[]],
  given: GivenWeights,
): void {
  besideBatch.set(targets[0], makeTensors(outputs, model, targets, given));
}

/** Disposes the weights beside a batch. */
export function disposeBesideBatch(data: Data): void {
  for (const tensor of data) if (tensor) dispose(besideBatch.get(tensor) ?? []);
}

function makeTensors(
  outputs: readonly OutputPlan[],
  model: LayersModel,
  targets: readonly Tensor[],
  given: GivenWeights,
): Tensor[] {
  const shapes = model.outputs.map(({ shape }) => shape);
  return tidy(() => weightTensors(outputs, targets, shapes, given));
}

/** Whether weights came with a batch, behind its targets or beside it. */
export function carriesWeights(plan: Plan, model: LayersModel, data: Data): boolean {
  const { targets, behind } = split(plan, model, data);
  const [first] = targets;
  // TensorFlow.js itself puts one tensor of class weights, or a `null`, behind each target.
  const isOurs = behind.filter((tensor) => tensor !== null).length === 2 * plan.outputs.length;
  return isOurs || (first !== undefined && besideBatch.has(first));
}

/** The parts of a batch. */
export function readBatch(
  plan: Plan,
  model: LayersModel,
  data: Data,
): { inputs: Tensor[]; targets: Tensor[]; weights: OutputWeights[] } {
  const { inputs, targets, behind } = split(plan, model, data);
  const [first] = targets;
  const beside = first && besideBatch.get(first);
  return { inputs, targets, weights: readWeights(beside ?? behind, targets.length) };
}

function split({ outputs }: Plan, model: LayersModel, data: Data) {
  const [first, second] = [model.inputs.length, model.inputs.length + outputs.length];
  return {
    inputs: data.slice(0, first) as Tensor[],
    targets: data.slice(first, second) as Tensor[],
    behind: data.slice(second),
  };
}
