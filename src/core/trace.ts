import {
  engine,
  reshape,
  stack,
  transpose,
  type NamedAttrMap,
  type NamedTensorMap,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { alias, holdData, type Disposable } from './shared_data.js';

/**
 * How losses find the logits behind probabilities. `tf.sigmoid(x)` has lost the digits that `x` has: beyond |x| ≈ 16 a loss
 * of it has no gradient left, while the loss of `x` itself is exact. So whatever reads probabilities asks
 * {@link logitsBehind} first.
 *
 * The trace is the list of kernels that ran. While a gradient is recorded it is TensorFlow.js's own tape; while
 * {@link tracing} runs without one, it is a list of ours. Elsewhere there is none, and probabilities count as they are.
 */
interface TracedKernel {
  readonly kernelName: string;
  readonly inputs: NamedTensorMap;
  readonly outputs: Tensor[];
  /** What TensorFlow.js disposes of when it has walked back over its tape. */
  readonly saved: Disposable[];
  /** Only known while kernels are watched. */
  attrs?: NamedAttrMap | undefined;
  /** The data of the input of an activation, which layers dispose of. Only there while kernels are watched. */
  held?: Disposable | undefined;
}

/** An activation whose output is probabilities. */
export type ProbabilityActivation = 'sigmoid' | 'softmax';

const ACTIVATION_KERNELS: Readonly<Record<ProbabilityActivation, string>> = {
  sigmoid: 'Sigmoid',
  softmax: 'Softmax',
};

/**
 * The logits that an activation made these probabilities of, in their shape; `undefined` where the trace does not say so, or
 * the logits are gone. The probabilities may have been reshaped, transposed and stacked since.
 *
 * @param axis - The axis of the classes. The logits of a softmax along another axis say nothing of this one.
 */
export function logitsBehind(
  probabilities: Tensor,
  activation: ProbabilityActivation,
  axis = -1,
): Tensor | undefined {
  const source = sourceOf(probabilities, ACTIVATION_KERNELS[activation]);
  const classAxis = axis < 0 ? axis + probabilities.rank : axis;
  const fits = activation === 'sigmoid' || source?.axis === classAxis;
  return fits ? source?.logits() : undefined;
}

/** Where probabilities come from. */
interface Source {
  /** The axis that a softmax ran along, where it is now; −1 if that is not an axis any more. */
  readonly axis: number;
  /** Makes the logits, in the shape of the probabilities. */
  readonly logits: () => Tensor;
}

function sourceOf(output: Tensor, activation: string): Source | undefined {
  const kernel = kernelThatMade(output);
  if (kernel === undefined) return undefined;
  const { kernelName, inputs, attrs } = kernel;
  const tensors = Object.values(inputs);
  const [input] = tensors as [Tensor];
  if (kernelName === activation) {
    const isAtHand = kernel.held !== undefined || !input.isDisposed;
    // TensorFlow.js's softmax knows the last axis alone.
    return isAtHand ? { axis: output.rank - 1, logits: () => live(input) } : undefined;
  }
  if (!MOVES.includes(kernelName)) return undefined;
  const sources = tensors.map((tensor) => sourceOf(tensor, activation));
  if (!sources.every((source) => source !== undefined)) return undefined;
  const [{ axis, logits }] = sources as [Source];
  switch (kernelName) {
    case 'Transpose': {
      const perm = attrs?.perm as number[] | undefined;
      return perm && { axis: perm.indexOf(axis), logits: () => transpose(logits(), perm) };
    }
    case 'Pack': {
      const at = attrs?.axis as number | undefined;
      if (at === undefined) return undefined;
      const packed = () => stack(sources.map((source) => source.logits()) as Tensor[], at);
      return { axis: axis < at ? axis : axis + 1, logits: packed };
    }
    default:
      return {
        axis: axisAfterReshape(axis, input.shape, output.shape),
        logits: () => reshape(logits(), output.shape),
      };
  }
}

/** Kernels that move numbers and do not change them. All but the first two are reshapes. */
const MOVES: readonly string[] = ['Transpose', 'Pack', 'Reshape', 'ExpandDims', 'Identity'];

/** Where an axis is after a reshape: it must have as many entries as before, and as many numbers behind it. */
function axisAfterReshape(axis: number, before: readonly number[], after: readonly number[]) {
  const stride = (shape: readonly number[], at: number) =>
    shape.slice(at + 1).reduce((a, b) => a * b, 1);
  return after.findIndex(
    (size, at) => size === before[axis] && stride(after, at) === stride(before, axis),
  );
}

/** The traced kernel that gave the tensor. It is near the end of the trace, since a loss follows its predictions. */
function kernelThatMade(output: Tensor): TracedKernel | undefined {
  const { state } = engine() as unknown as { state: TapeState };
  if (state.gradientDepth === 0) {
    return lastWith(output, watch()?.own?.trace);
  }
  // Gradients in gradients share the tape, and an inner one may be asked for with respect to the output itself.
  if (state.gradientDepth > 1 && !isOfInnermostGradient(output, state)) return undefined;
  return lastWith(output, state.activeTape);
}

function lastWith(output: Tensor, trace: readonly TracedKernel[] | null | undefined) {
  for (let i = (trace?.length ?? 0) - 1; i >= 0; i--) {
    if (trace?.[i]?.outputs.includes(output)) return trace[i];
  }
  return undefined;
}

/** The part of TensorFlow.js's state that this file reads. Its types hide some of it. */
interface TapeState {
  readonly gradientDepth: number;
  readonly kernelDepth: number;
  nextTapeNodeId: number;
  activeTape: TracedKernel[] | null;
  readonly scopeStack: readonly { readonly name: string; readonly track: readonly Tensor[] }[];
}

/** Whether the function whose gradient is recorded made the tensor: TensorFlow.js runs it in a scope called `forward`. */
function isOfInnermostGradient(output: Tensor, { scopeStack }: TapeState): boolean {
  const names = scopeStack.map(({ name }) => name);
  return scopeStack
    .slice(Math.max(0, names.lastIndexOf('forward')))
    .some(({ track }) => track.includes(output));
}

/** The tensor or, if it is disposed and its data are held, another one in its place, through which gradients reach it. */
function live(tensor: Tensor): Tensor {
  return tensor.isDisposed ? taped(tensor) : tensor;
}

/** Another tensor with the same data, as a step of the tape where there is one. */
function taped(tensor: Tensor): Tensor {
  const result = alias(tensor);
  if (engine().isTapeOn()) {
    const { state } = engine() as unknown as { state: TapeState };
    const step = {
      id: state.nextTapeNodeId++,
      kernelName: 'Identity',
      inputs: { x: tensor },
      outputs: [result],
      saved: [],
      gradient: ([dy]: [Tensor]) => ({ x: () => taped(dy) }),
    };
    state.activeTape?.push(step);
  }
  return result;
}

/** What watches the kernels of TensorFlow.js, for all copies of this package. */
interface Watch {
  /** Whether `register()` asks for it. */
  isRegistered: boolean;
  /** The trace of {@link tracing}, while it runs. */
  own: { readonly trace: TracedKernel[]; readonly held: HeldLogits } | undefined;
  /** Puts back what was there. */
  end: () => void;
}

const WATCH: unique symbol = Symbol.for('tfjs-losses.watch');

function watch(): Watch | undefined {
  return (engine() as unknown as { [WATCH]?: Watch })[WATCH];
}

/**
 * Watches kernels until {@link unwatchKernels}, so that each recorded activation keeps its logits until the tape ends: in loops
 * of one's own, too, a loss then finds the logits of a layer, which disposes of them at once.
 */
export function watchKernels(): void {
  (watch() ?? startWatching()).isRegistered = true;
}

/** Takes {@link watchKernels} back. */
export function unwatchKernels(): void {
  const watching = watch();
  if (watching === undefined) return;
  watching.isRegistered = false;
  if (watching.own === undefined) watching.end();
}

/** Runs a step of a model such that {@link logitsBehind} finds the logits of all that the step makes. */
export function tracing<Result>(step: () => Result): Result {
  const watching = watch() ?? startWatching();
  const outer = watching.own;
  const trace: TracedKernel[] = [];
  const own = { trace, held: new HeldLogits(trace) };
  watching.own = own;
  try {
    return step();
  } finally {
    own.held.release(() => true);
    watching.own = outer;
    if (outer === undefined && !watching.isRegistered) watching.end();
  }
}

type RunKernel = (name: string, inputs: NamedTensorMap, attrs?: NamedAttrMap) => unknown;

function startWatching(): Watch {
  const owner = engine() as unknown as {
    state: TapeState;
    runKernel: RunKernel;
    isTapeOn(): boolean;
    [WATCH]?: Watch;
  };
  const before = Object.getOwnPropertyDescriptor(owner, 'runKernel');
  const original = owner.runKernel.bind(owner);
  const traced = new Set([...Object.values(ACTIVATION_KERNELS), ...MOVES]);
  const watching: Watch = {
    isRegistered: false,
    own: undefined,
    end: () => {
      // Whoever wrapped the method after us keeps the wrapper, and it goes on calling ours.
      if (owner.runKernel === runKernel) {
        if (before) Object.defineProperty(owner, 'runKernel', before);
        else delete (owner as Partial<typeof owner>).runKernel;
      }
      delete owner[WATCH];
    },
  };
  const runKernel: RunKernel = (name, inputs, attrs) => {
    const result = original(name, inputs, attrs);
    if (!traced.has(name) || owner[WATCH] !== watching) return result;
    const { own } = watching;
    const isTaped = owner.isTapeOn();
    if (!isTaped && (own === undefined || owner.state.kernelDepth > 0)) return result;
    const outputs = [result as Tensor];
    const kernel = isTaped
      ? owner.state.activeTape?.at(-1)
      : { kernelName: name, inputs, outputs, saved: [] as Disposable[] };
    if (kernel?.kernelName !== name) return result;
    kernel.attrs = attrs;
    if (!isTaped) own?.trace.push(kernel);
    const held = isTaped ? heldBy(owner.state.activeTape ?? []) : own?.held;
    const [input] = Object.values(inputs);
    if (input && !MOVES.includes(name)) held?.add(kernel, input);
    return result;
  };
  owner.runKernel = runKernel;
  owner[WATCH] = watching;
  return watching;
}

/** The activations of a trace whose logits are held. */
class HeldLogits {
  private kernels: TracedKernel[] = [];
  private limit = 16;

  constructor(readonly trace: readonly TracedKernel[]) {}

  add(kernel: TracedKernel, input: Tensor): void {
    kernel.held = holdData(input);
    kernel.saved.push(kernel.held);
    this.kernels.push(kernel);
    if (this.kernels.length < this.limit) return;
    // The gates of recurrent layers are sigmoids, too. No loss reads them any more once they are disposed.
    this.release(({ outputs }) => outputs.every(({ isDisposed }) => isDisposed));
    this.limit = Math.max(16, 2 * this.kernels.length);
  }

  release(isOver: (kernel: TracedKernel) => boolean): void {
    for (const kernel of this.kernels.filter(isOver)) {
      kernel.held?.dispose();
      kernel.held = undefined;
    }
    this.kernels = this.kernels.filter(({ held }) => held !== undefined);
  }
}

/** Those of the last tape. Where a step throws, TensorFlow.js does not dispose of what its tape saved. */
let heldByTape: HeldLogits | undefined;

function heldBy(tape: readonly TracedKernel[]): HeldLogits {
  if (heldByTape?.trace !== tape) {
    heldByTape?.release(() => true);
    heldByTape = new HeldLogits(tape);
  }
  return heldByTape;
}

/**
 * Gives back what TensorFlow.js's tape saved, after a function threw whose gradient was recorded: it forgets the tape, and leaves
 * those tensors behind.
 */
export function disposeTape(): void {
  const { state } = engine() as unknown as { state: TapeState };
  if (state.gradientDepth > 0) return;
  for (const { saved } of state.activeTape ?? []) for (const each of saved) each.dispose();
  state.activeTape = null;
}
