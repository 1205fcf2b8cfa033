import {
  broadcastTo,
  engine,
  getKernel,
  keep,
  reshape,
  type NamedAttrMap,
  type NamedTensorMap,
  type Tensor,
} from '@tensorflow/tfjs-core';

import {
  PLAIN_LABELS,
  fusedKernelName,
  SCALE_GRADIENT,
  type CrossEntropySpec,
  type CrossEntropyKernel,
  type FusedAttrs,
  type KernelSpec,
  type FusedKernel,
} from './kernel_contract.js';
import { sizeOf } from './inputs.js';
import { alias, holdData } from './shared_data.js';
import { multiplyNoNan } from './op.js';

/** The tensors of a loss over rows, in any shape: rows lie behind one another. */
export interface FusedInputs {
  readonly labels: Tensor;
  readonly predictions: Tensor;
  /** A weight for each row. */
  readonly weights?: Tensor | undefined;
}

/** Whether a gradient is recorded, which the kernel then computes in the same pass. */
export function isRecorded(): boolean {
  return engine().isTapeOn();
}

/** Whether the backend has the op, and no more than a first-order gradient is recorded. */
export function isFused(kernel: FusedKernel): boolean {
  const { backendName, state } = engine();
  return (
    state.gradientDepth <= 1 &&
    (getKernel(fusedKernelName(kernel), backendName) as unknown) !== undefined
  );
}

/** Rows of labels as they are, without weights. */
export function plainSpec(kernel: CrossEntropyKernel, rowLength: number): CrossEntropySpec {
  return { kernel, rowLength, ...PLAIN_LABELS };
}

/** The values of plain rows, by the kernel where there is one, else by the formula. */
export function rowValues(
  who: string,
  spec: KernelSpec,
  labels: Tensor,
  predictions: Tensor,
  shape: number[],
  composed: (labels: Tensor, predictions: Tensor) => Tensor,
): Tensor {
  const rows = sizeOf(shape);
  if (predictions.dtype !== 'float32' || predictions.size === 0 || !isFused(spec.kernel)) {
    return composed(labels, predictions);
  }
  const attrs = { who, rows, shape, reduction: 'none', spec, gradient: isRecorded() } as const;
  return runFused({ labels, predictions }, attrs, (inputs) =>
    composed(inputs.labels, inputs.predictions),
  );
}

/**
 * Runs the kernel. Where it computed the gradient too, the tape gets a step that holds it: an op with `customGrad` would copy
 * the gradient on wasm, and one with a registered gradient would make a tensor of zeros of its size.
 *
 * @param composed - The same loss by its formula, for gradients with respect to labels and weights.
 */
export function runFused(
  inputs: FusedInputs,
  attrs: FusedAttrs,
  composed: (inputs: FusedInputs) => Tensor,
): Tensor {
  const kernel = fusedKernelName(attrs.spec.kernel);
  const given = named(inputs);
  if (!attrs.gradient) return runKernel(kernel, given, attrs)[0]!;
  const { state } = engine();
  const [value, gradient] = withoutTape(() => runKernel(kernel, given, attrs));
  keep(gradient!);
  const gradientOf = (name: string, dy: Tensor) =>
    nested(() => {
      // Under names of their own: an input may be disposed by now, and may stand in two places.
      const own = Object.fromEntries(Object.entries(given).map(([key, x]) => [key, alias(x)]));
      const f = () => composed(own as unknown as FusedInputs);
      return engine().gradients(f, [own[name]!], dy).grads[0]!;
    });
  state.activeTape.push({
    id: state.nextTapeNodeId++,
    kernelName: kernel,
    inputs: given,
    outputs: [value!],
    saved: [gradient!, ...Object.values(given).map(holdData)] as Tensor[],
    gradient: ([dy]) => ({
      predictions: () => scaleRows(gradient!, dy!),
      labels: () => gradientOf('labels', dy!),
      weights: () => gradientOf('weights', dy!),
    }),
  });
  return value!;
}

/** The gradient of the predictions, given that of the value: a scalar, or one number per row. */
function scaleRows(gradient: Tensor, dy: Tensor): Tensor {
  if ((getKernel(SCALE_GRADIENT, engine().backendName) as unknown) !== undefined) {
    return engine().runKernel(SCALE_GRADIENT, { gradient, dy });
  }
  // Another backend was set since.
  const rows = reshape(gradient, [dy.size, gradient.size / dy.size]);
  const scales = broadcastTo(reshape(dy, [dy.size, 1]), rows.shape);
  return reshape(multiplyNoNan(rows, scales), gradient.shape);
}

function named({ labels, predictions, weights }: FusedInputs): NamedTensorMap {
  return weights === undefined ? { labels, predictions } : { labels, predictions, weights };
}

function runKernel(name: string, inputs: NamedTensorMap, attrs: FusedAttrs): Tensor[] {
  return engine().runKernel<Tensor[]>(name, inputs, attrs as unknown as NamedAttrMap);
}

/** Runs a kernel as if it were part of another one, which TF.js does not record. */
function withoutTape<Result>(run: () => Result): Result {
  const { state } = engine();
  state.kernelDepth++;
  try {
    return run();
  } finally {
    state.kernelDepth--;
  }
}

/**
 * Computes gradients in the step back of others. There TF.js has left the depth of the outer gradient already, and would begin
 * a new tape, and dispose of what the outer one saved: so it is told to be inside still.
 */
function nested<Result>(run: () => Result): Result {
  const { state } = engine();
  state.gradientDepth++;
  try {
    return run();
  } finally {
    state.gradientDepth--;
  }
}
