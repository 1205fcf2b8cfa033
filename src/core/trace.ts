import {
  add,
  argMax,
  cast,
  engine,
  exp,
  log,
  max,
  minimum,
  mul,
  oneHot,
  sub,
  sum,
  where,
  type NamedTensorMap,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { steplike } from './op.js';
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
  const [input] = Object.values(kernel.inputs) as [Tensor];
  // TensorFlow.js's softmax knows the last axis alone.
  const source = { axis: output.rank - 1, logits: () => input };
  return input.isDisposed ? undefined : readAs(activation, kernel, source);
}

/** The source of an activation's output as another activation would have it, if there is such a thing. */
export function readAs(
  activation: string | undefined,
  { kernelName, outputs: [output] }: TracedKernel,
  source: Source,
): Source | undefined {
  const made = kernelName.toLowerCase();
  if (made === activation) return source;
  // The only class of a softmax has the probability 1, whatever its logit is.
  const isLogOdds = made === 'softmax' && activation === 'sigmoid' && output?.shape.at(-1) !== 1;
  return isLogOdds ? { ...source, logits: () => logOdds(source.logits()) } : undefined;
}

/**
 * The logits of a sigmoid that gives the probabilities of a softmax over the last axis: log(p / (1 − p)).
 *
 *     logOdds = x − log(Σ of e^x over all other classes)
 *
 * The largest class is left out of its own sum, and not subtracted from it, which would leave nothing of a small rest.
 */
function logOdds(x: Tensor): Tensor {
  const isLargest = oneHot(argMax(x, -1), x.shape.at(-1) ?? 0, 1, 0);
  const others = sub(1, isLargest);
  const [first, second] = [largest(x), largest(sub(x, mul(isLargest, HUGE)))];
  const powers = exp(sub(x, first));
  const restOfLargest = sum(mul(exp(minimum(sub(x, second), 0)), others), -1, true);
  // That of the largest is not used: any number whose logarithm is finite.
  const rest = add(sub(sum(powers, -1, true), powers), isLargest);
  return where(
    cast(isLargest, 'bool'),
    sub(x, add(second, log(restOfLargest))),
    sub(x, add(first, log(rest))),
  );
}

/** As a constant: the formula does not depend on what it is computed in units of. */
const largest = /* @__PURE__ */ steplike('LargestOfRow', (x) => max(x, -1, true))({});

/** More than logits differ by, and less than float32 holds. */
const HUGE = 1e38;

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
