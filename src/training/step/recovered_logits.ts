import { clone, engine, keep, scalar, type Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';

import type { ActivationKind } from '../../core/loss.js';
import { layerActivation, softmaxLayer, timeDistributedLayer } from '../tfjs.js';

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

/** The function of a layer that makes an output of a model, and the method that holds it. */
export interface OutputActivation extends ActivationKind {
  readonly owner: object;
  readonly method: string;
}

/** Owners of activations that report to the recording already; a layer may serve several models. */
const watched = new WeakSet();

/** The pre-activation of a model output, while a step runs that records it. */
export function recoveredLogits(output: Tensor): Tensor | undefined {
  const logits = recording?.preActivations.get(output);
  return logits?.isDisposed === true ? undefined : logits;
}

/** The activation that makes an output of a model, if its last step is one. */
export function outputActivation(output: SymbolicTensor): OutputActivation | undefined {
  const { sourceLayer, outputTensorIndex = 0 } = output;
  // A model used as a layer: look inside.
  const inner = (sourceLayer as Partial<LayersModel>).outputs?.[outputTensorIndex];
  const isModel = (inner?.sourceLayer as unknown) !== undefined;
  return inner && isModel ? outputActivation(inner) : activationOfLayer(sourceLayer);
}

function activationOfLayer(layer: object): OutputActivation | undefined {
  const activation = layerActivation(layer);
  if (activation !== undefined) {
    return { name: activation.getClassName(), axis: -1, owner: activation, method: 'apply' };
  }
  const softmax = softmaxLayer(layer);
  if (softmax !== undefined) {
    return { name: 'softmax', axis: softmax.axis, owner: softmax, method: 'softmax' };
  }
  const inner = timeDistributedLayer(layer);
  return inner && activationOfLayer(inner);
}

/** Runs a step of a model such that `recoveredLogits` knows what went into the given activations. */
export function recordingLogits<Result>(
  activations: readonly OutputActivation[],
  step: () => Result,
): Result {
  if (activations.length === 0) return step();
  activations.forEach(watch);
  const outer = recording;
  recording = { preActivations: new Map(), kept: [], start: newestTensor() };
  try {
    return step();
  } finally {
    for (const tensor of recording.kept) tensor.dispose();
    recording = outer;
  }
}

function newestTensor(): number {
  const marker = scalar(0);
  marker.dispose();
  return marker.id;
}

function watch({ owner, method }: OutputActivation): void {
  if (watched.has(owner)) return;
  watched.add(owner);
  const methods = owner as Record<string, (x: Tensor, ...rest: unknown[]) => Tensor>;
  const original = methods[method]?.bind(owner);
  if (original === undefined) return;
  const value = (x: Tensor, ...rest: unknown[]) => {
    const output = original(x, ...rest);
    if (recording !== undefined) recording.preActivations.set(output, keptAlive(x, recording));
    return output;
  };
  Object.defineProperty(owner, method, { value, configurable: true, writable: true });
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
