import { clone, engine, keep, scalar, type Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';

import {
  layerActivation,
  stepMakers,
  type Activation,
  type Step,
  type StepMakers,
} from './layers_internals.js';

/**
 * What the activations of a running step made their outputs of. A probability has lost the digits that its logit has:
 * where a loss finds the logit, it trains on that, as Keras on TensorFlow does.
 */
interface Recording {
  /** The tensor that an activation was given, by the tensor that it returned. */
  readonly preActivations: Map<Tensor, Tensor>;
  /** Those of them that the recording keeps alive. */
  readonly kept: Tensor[];
  /** Tensors with a larger id were made in this step; the others belong to somebody else. */
  readonly start: number;
}

let recording: Recording | undefined;

/** Activations that report to the recording already; a layer may serve several models. */
const watched = new WeakSet<Activation>();

/** Methods that this file gave to models, with what they replaced. */
const recorders = new WeakMap<() => unknown, PropertyDescriptor | undefined>();

/** The pre-activation of a model output, while a step runs that records it. */
export function recoveredLogits(output: Tensor): Tensor | undefined {
  const logits = recording?.preActivations.get(output);
  return logits?.isDisposed === true ? undefined : logits;
}

/** The activation that makes an output of a model, if its last step is one. */
export function outputActivation(output: SymbolicTensor): Activation | undefined {
  const { sourceLayer, outputTensorIndex = 0 } = output;
  // A model used as a layer: look inside.
  const inner = (sourceLayer as Partial<LayersModel>).outputs?.[outputTensorIndex];
  return inner === undefined ? layerActivation(sourceLayer) : outputActivation(inner);
}

/** Makes the model's steps record the pre-activations of the given activations. */
export function recordPreActivations(model: LayersModel, activations: Activation[]): void {
  const own = stepMakers(model);
  stopRecording(own, 'makeTrainFunction');
  stopRecording(own, 'makeTestFunction');
  const { makeTrainFunction, makeTestFunction } = own;
  if (
    activations.length === 0 ||
    makeTrainFunction === undefined ||
    makeTestFunction === undefined
  ) {
    return;
  }
  activations.forEach(watch);
  startRecording(own, 'makeTrainFunction', () => recorded(makeTrainFunction.call(model)));
  startRecording(own, 'makeTestFunction', () => {
    makeTestFunction.call(model);
    if (own.testFunction !== undefined) own.testFunction = recorded(own.testFunction);
  });
}

type StepMaker = 'makeTrainFunction' | 'makeTestFunction';

function startRecording(own: StepMakers, key: StepMaker, method: () => unknown): void {
  recorders.set(method, Object.getOwnPropertyDescriptor(own, key));
  hide(own, key, method);
}

/** Takes our method back, and puts in place what the model itself had before: its own method, or that of its class. */
function stopRecording(own: StepMakers, key: StepMaker): void {
  const method = own[key];
  if (method === undefined || !recorders.has(method)) return;
  const before = recorders.get(method);
  if (before === undefined) Reflect.deleteProperty(own, key);
  else Object.defineProperty(own, key, before);
}

function hide<K extends string>(owner: Partial<Record<K, unknown>>, key: K, value: unknown): void {
  Object.defineProperty(owner, key, { value, configurable: true, writable: true });
}

function recorded(step: Step): Step {
  return (data) => {
    const outer = recording;
    recording = { preActivations: new Map(), kept: [], start: newestTensor() };
    try {
      return step(data);
    } finally {
      for (const tensor of recording.kept) tensor.dispose();
      recording = outer;
    }
  };
}

function newestTensor(): number {
  const marker = scalar(0);
  marker.dispose();
  return marker.id;
}

function watch(activation: Activation): void {
  if (watched.has(activation)) return;
  watched.add(activation);
  const apply = activation.apply.bind(activation);
  hide(activation as { apply?: unknown }, 'apply', (x: Tensor) => {
    const output = apply(x);
    if (recording !== undefined) recording.preActivations.set(output, keptAlive(x, recording));
    return output;
  });
}

/** The tensor, protected from the layer's own tidying up until the step ends. */
function keptAlive(x: Tensor, { kept, start }: Recording): Tensor {
  if (x.id <= start) return x;
  // In training TF.js leaves it to the step's scope, which `keep` overrules; in evaluation it disposes it itself. A clone
  // in training would copy the data on wasm.
  const alive = keep(engine().isTapeOn() ? x : clone(x));
  kept.push(alive);
  return alive;
}
