import { engine, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';

import { OURS } from './ours.js';

/**
 * How losses find the logits behind probabilities. `tf.sigmoid(x)` has lost the digits that `x` has: beyond |x| ≈ 16 a loss
 * of it has no gradient left, while the loss of `x` itself is exact. So whatever reads probabilities asks
 * {@link logitsBehind} first.
 *
 * The trace is the list of kernels that ran. While a gradient is recorded it is TensorFlow.js's own tape; while a step of ours
 * evaluates a model, it is a list that watch.ts keeps. Elsewhere there is none, and probabilities count as they are.
 */
export interface TracedKernel {
  readonly kernelName: string;
  readonly inputs: NamedTensorMap;
  readonly outputs: Tensor[];
  /** Set while kernels are watched: finds the logits, though a layer has disposed of them or their probabilities were moved. */
  sourceFor?: ((activation: string | undefined) => Source | undefined) | undefined;
}

/** Where probabilities come from. */
export interface Source {
  /** The axis that a softmax ran along, where it is now; −1 where it is not an axis any more. */
  readonly axis: number;
  /** Gives the logits, in the shape of the probabilities. */
  readonly logits: () => Tensor;
}

/**
 * The logits that an activation made these probabilities of, in their shape; `undefined` where the trace does not say so, or
 * the logits are gone.
 *
 * @param activation - What the reader takes probabilities of: `'sigmoid'` or `'softmax'`; nothing is found for others.
 * @param axis - The axis of the classes. The logits of a softmax along another axis say nothing of this one.
 */
export function logitsBehind(
  probabilities: Tensor,
  activation: string | undefined,
  axis = -1,
): Tensor | undefined {
  const source = sourceOf(probabilities, activation);
  const classAxis = axis < 0 ? axis + probabilities.rank : axis;
  const isElsewhere = activation === 'softmax' && source?.axis !== classAxis;
  return isElsewhere ? undefined : source?.logits();
}

/** Where the output of a traced kernel comes from, if this activation made it: layers name it as TensorFlow.js names the kernel. */
export function sourceOf(output: Tensor, activation: string | undefined): Source | undefined {
  const kernel = kernelThatMade(output);
  if (kernel === undefined) return undefined;
  if (kernel.sourceFor) return kernel.sourceFor(activation);
  if (kernel.kernelName.toLowerCase() !== activation) return undefined;
  const [input] = Object.values(kernel.inputs) as [Tensor];
  // TensorFlow.js's softmax knows the last axis alone.
  return input.isDisposed ? undefined : { axis: output.rank - 1, logits: () => input };
}

/** The traced kernel that gave the tensor. */
function kernelThatMade(output: Tensor): TracedKernel | undefined {
  const owner = engine() as unknown as TracedEngine;
  const { state } = owner;
  // Gradients in gradients share the tape, and an inner one may be asked for with respect to the output itself.
  if (state.gradientDepth > 1 && !isOfInnermostGradient(output, state)) return undefined;
  const trace = state.gradientDepth > 0 ? state.activeTape : owner[OURS];
  return trace?.find(({ outputs }) => outputs.includes(output));
}

/** Whether the function whose gradient is recorded made the tensor: TensorFlow.js runs it in a scope called `forward`. */
function isOfInnermostGradient(output: Tensor, { scopeStack }: TapeState): boolean {
  const start = scopeStack.map(({ name }) => name).lastIndexOf('forward');
  return scopeStack.slice(start).some(({ track }) => track.includes(output));
}

/** The part of TensorFlow.js's state that says what is recorded. Its types hide some of it. */
interface TapeState {
  readonly gradientDepth: number;
  readonly kernelDepth: number;
  nextTapeNodeId: number;
  activeTape: TracedKernel[] | null;
  readonly scopeStack: readonly { readonly name: string; readonly track: readonly Tensor[] }[];
}

/** TensorFlow.js's engine, with what it hides and the trace that a step of ours puts there. */
export interface TracedEngine {
  readonly state: TapeState;
  isTapeOn(): boolean;
  [OURS]?: TracedKernel[] | undefined;
}
