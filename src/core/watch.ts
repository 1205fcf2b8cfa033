import {
  engine,
  reshape,
  stack,
  transpose,
  type NamedAttrMap,
  type NamedTensorMap,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { OURS } from './ours.js';
import { alias, holdData, type Disposable } from './shared_data.js';
import { readAs, sourceOf, type Source, type TracedEngine, type TracedKernel } from './trace.js';

/** A traced kernel with what TensorFlow.js disposes of when it has walked back over its tape. */
interface WatchedKernel extends TracedKernel {
  readonly saved: Disposable[];
}

type RunKernel = (name: string, inputs: NamedTensorMap, attrs?: NamedAttrMap) => unknown;

/** What watches the kernels of TensorFlow.js, for all copies of this package. */
interface Watch {
  /** Whether `register()` asks for it. */
  isRegistered: boolean;
  /** The logits that the trace of a step of ours holds, while one runs. */
  held: HeldLogits | undefined;
  /** Puts back what was there. */
  end: () => void;
}

const WATCH: unique symbol = Symbol.for('tfjs-losses.watch');

interface WatchedEngine extends TracedEngine {
  runKernel: RunKernel;
  [WATCH]?: Watch;
}

function watchedEngine(): WatchedEngine {
  return engine();
}

/**
 * Watches kernels until {@link unwatchKernels}. Each activation on a tape then keeps its logits until the tape ends: so a loss
 * finds the logits of a layer, which disposes of them at once, in loops of one's own, too.
 */
export function watchKernels(): void {
  (watchedEngine()[WATCH] ?? startWatching()).isRegistered = true;
}

/** Takes {@link watchKernels} back. */
export function unwatchKernels(): void {
  const watch = watchedEngine()[WATCH];
  if (watch === undefined) return;
  watch.isRegistered = false;
  if (watch.held === undefined) watch.end();
}

/** Runs a step of a model such that losses find the logits of all that the step makes, whether or not it has a tape. */
export function tracing<Result>(step: () => Result): Result {
  const owner = watchedEngine();
  const watch = owner[WATCH] ?? startWatching();
  const [outer, outerTrace] = [watch.held, owner[OURS]];
  const trace: WatchedKernel[] = [];
  const held = new HeldLogits(trace);
  watch.held = held;
  owner[OURS] = trace;
  try {
    return step();
  } finally {
    held.release(() => true);
    watch.held = outer;
    if (outerTrace) owner[OURS] = outerTrace;
    else Reflect.deleteProperty(owner, OURS);
    if (outer === undefined && !watch.isRegistered) watch.end();
  }
}

/** Whether a kernel on the tape other than that of the activation read these logits. */
export function areLogitsRead(logits: Tensor, activation: string): boolean {
  const tape = watchedEngine().state.activeTape ?? [];
  return tape.some(
    ({ kernelName, inputs }) =>
      kernelName.toLowerCase() !== activation && Object.values(inputs).includes(logits),
  );
}

/**
 * Gives back what TensorFlow.js's tape saved, after a function threw whose gradient was recorded: it forgets the tape, and leaves
 * those tensors behind.
 */
export function disposeTape(): void {
  const { state } = watchedEngine();
  if (state.gradientDepth > 0) return;
  for (const { saved } of (state.activeTape ?? []) as WatchedKernel[]) {
    for (const each of saved) each.dispose();
  }
  state.activeTape = null;
}

function startWatching(): Watch {
  const owner = watchedEngine();
  const before = Object.getOwnPropertyDescriptor(owner, 'runKernel');
  const original = owner.runKernel.bind(owner);
  const watch: Watch = {
    isRegistered: false,
    held: undefined,
    end: () => {
      heldByTape?.release(() => true);
      heldByTape = undefined;
      // Whoever wrapped the method after us keeps the wrapper, and it goes on calling ours.
      if (owner.runKernel === runKernel) {
        if (before) Object.defineProperty(owner, 'runKernel', before);
        else delete (owner as Partial<WatchedEngine>).runKernel;
      }
      Reflect.deleteProperty(owner, WATCH);
    },
  };
  const runKernel: RunKernel = (name, inputs, attrs) => {
    const result = original(name, inputs, attrs);
    if (WATCHED.has(name) && owner[WATCH] === watch) {
      const kernel = owner.isTapeOn()
        ? tapedKernel(owner, name)
        : ownKernel(owner, watch, { kernelName: name, inputs, outputs: [result as Tensor] });
      if (kernel !== undefined) annotate(kernel, watch, owner, attrs ?? {});
    }
    return result;
  };
  owner.runKernel = runKernel;
  owner[WATCH] = watch;
  return watch;
}

/** The kernel that TensorFlow.js has just put on its tape. */
function tapedKernel({ state }: WatchedEngine, name: string): WatchedKernel | undefined {
  const last = state.activeTape?.at(-1) as WatchedKernel | undefined;
  return last?.kernelName === name ? last : undefined;
}

/** The kernel in the trace of a step of ours, if one runs. Kernels that run inside others are no part of it. */
function ownKernel(
  { state, [OURS]: trace }: WatchedEngine,
  { held }: Watch,
  made: TracedKernel,
): WatchedKernel | undefined {
  if (trace === undefined || held === undefined || state.kernelDepth > 0) return undefined;
  const kernel = { ...made, saved: [] };
  trace.push(kernel);
  return kernel;
}

/** Makes the logits behind the output of a traced kernel known. */
function annotate(
  kernel: WatchedKernel,
  watch: Watch,
  owner: WatchedEngine,
  attrs: NamedAttrMap,
): void {
  const inputs = Object.values(kernel.inputs);
  const { kernelName, outputs } = kernel;
  const [[input], [output]] = [inputs, outputs];
  if (input === undefined || output === undefined) return;
  const move = MOVES[kernelName]?.(input, output, attrs);
  if (move !== undefined) {
    kernel.sourceFor = (activation) => moved(inputs, activation, move);
    return;
  }
  const held = owner.isTapeOn() ? heldBy(owner.state.activeTape ?? []) : watch.held;
  held?.add(kernel, input, output);
}

/** What a kernel does that moves numbers and does not change them, to as many tensors as it has inputs. */
interface Move {
  readonly apply: (tensors: [Tensor, ...Tensor[]]) => Tensor;
  /** Where an axis of the inputs is afterwards; −1 where it is not an axis any more. */
  readonly axis: (before: number) => number;
}

/** The source of what was moved: the sources of all inputs, moved likewise. */
function moved(inputs: Tensor[], activation: string | undefined, move: Move): Source | undefined {
  const sources = inputs.map((input) => sourceOf(input, activation));
  const [first] = sources;
  if (first === undefined || !sources.every((source) => source !== undefined)) return undefined;
  return {
    axis: move.axis(first.axis),
    logits: () => move.apply(sources.map((source) => source.logits()) as [Tensor]),
  };
}

/** How kernels move numbers, by their name. */
const MOVES: Readonly<
  Record<string, (input: Tensor, output: Tensor, attrs: NamedAttrMap) => Move>
> = {
  Transpose: (_input, _output, { perm }) => ({
    apply: ([x]) => transpose(x, perm as number[]),
    axis: (before) => (perm as number[]).indexOf(before),
  }),
  Pack: (_input, output, attrs) => {
    const given = attrs.axis as number;
    const axis = given < 0 ? given + output.rank : given;
    return {
      apply: (tensors) => stack(tensors, axis),
      axis: (before) => (before < axis ? before : before + 1),
    };
  },
  Reshape: reshaped,
  ExpandDims: reshaped,
  Identity: reshaped,
};

function reshaped({ shape: before }: Tensor, { shape: after }: Tensor): Move {
  const stride = (shape: readonly number[], at: number) =>
    shape.slice(at + 1).reduce((a, b) => a * b, 1);
  return {
    apply: ([x]) => reshape(x, after),
    // It has as many entries as before, and as many numbers behind it.
    axis: (axis) =>
      after.findIndex(
        (size, at) => size === before[axis] && stride(after, at) === stride(before, axis),
      ),
  };
}

const WATCHED: ReadonlySet<string> = new Set(['Sigmoid', 'Softmax', ...Object.keys(MOVES)]);

/** The activations of a trace whose logits are held. */
class HeldLogits {
  private kernels: { readonly kernel: TracedKernel; readonly data: Disposable }[] = [];
  private limit = 16;

  constructor(readonly trace: readonly TracedKernel[]) {}

  add(kernel: WatchedKernel, input: Tensor, output: Tensor): void {
    const data = holdData(input);
    kernel.saved.push(data);
    const source = {
      axis: output.rank - 1,
      logits: () => (input.isDisposed ? sharedCopy(input) : input),
    };
    kernel.sourceFor = (activation) =>
      data.isDisposed ? undefined : readAs(activation, kernel, source);
    this.kernels.push({ kernel, data });
    if (this.kernels.length < this.limit) return;
    // The gates of recurrent layers are sigmoids, too. No loss reads them any more once they are disposed.
    this.release(({ outputs }) => outputs.every(({ isDisposed }) => isDisposed));
    this.limit = Math.max(16, 2 * this.kernels.length);
  }

  release(isOver: (kernel: TracedKernel) => boolean): void {
    for (const { kernel, data } of this.kernels) if (isOver(kernel)) data.dispose();
    this.kernels = this.kernels.filter(({ data }) => !data.isDisposed);
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

/** Another tensor with the same data, through which gradients reach the tensor. That one may be disposed. */
function sharedCopy(tensor: Tensor): Tensor {
  const result = alias(tensor);
  const { state } = watchedEngine();
  if (engine().isTapeOn()) {
    const step = {
      id: state.nextTapeNodeId++,
      kernelName: 'Identity',
      inputs: { x: tensor },
      outputs: [result],
      saved: [],
      gradient: ([dy]: [Tensor]) => ({ x: () => sharedCopy(dy) }),
    };
    state.activeTape?.push(step);
  }
  return result;
}
