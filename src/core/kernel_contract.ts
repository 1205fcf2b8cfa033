/** What ops and losses on one side and kernels on the other agree on: names, inputs, attributes and outputs. */

/** What the names of all kernels of this package begin with. */
export const PREFIX = 'TfjsLosses';

/** The name under which TensorFlow.js knows an op of this package. */
export function kernelName(op: string): string {
  return `${PREFIX}${op}`;
}

/** Backends whose tensors can be read at once, without waiting for a device. */
export const READABLE = ['cpu', 'wasm', 'tensorflow'];

/**
 * A fused kernel computes a whole loss: values of rows, weights, reduction, and in the same pass the gradient with respect to
 * the predictions. A row is what one per-sample value is made of: `rowLength` numbers that lie next to each other in memory.
 *
 * - inputs `labels` (numbers in the shape of the predictions, or one class index per row), `predictions` and maybe `weights`,
 *   one per row;
 * - attributes {@link FusedAttrs};
 * - outputs the loss and, where `gradient` is true, its gradient; for the reduction `'none'` the values, and the gradient of
 *   each of them with respect to its own row.
 */
export type FusedKernel = CrossEntropyKernel | ElementwiseKernel;

export const CROSS_ENTROPY_KERNELS = [
  'FusedSigmoidCrossEntropy',
  'FusedSoftmaxCrossEntropy',
  'FusedSparseSoftmaxCrossEntropy',
] as const;

export type CrossEntropyKernel = (typeof CROSS_ENTROPY_KERNELS)[number];

/** Losses that compare each label with its prediction. For the last two, a row is more than a sum over its numbers. */
export const ELEMENTWISE_KERNELS = [
  'FusedSquaredError',
  'FusedAbsoluteError',
  'FusedAbsolutePercentageError',
  'FusedSquaredLogarithmicError',
  'FusedHuber',
  'FusedPoisson',
  'FusedHinge',
  'FusedSquaredHinge',
  'FusedLogCosh',
  'FusedKLDivergence',
  'FusedCosineSimilarity',
  'FusedCategoricalHinge',
] as const;

export type ElementwiseKernel = (typeof ELEMENTWISE_KERNELS)[number];

/** Kernels that read labels as −1 and 1 where the whole batch holds nothing but 0 and 1. */
export const SIGNED_LABEL_KERNELS: readonly FusedKernel[] = ['FusedHinge', 'FusedSquaredHinge'];

/** The name under which TensorFlow.js knows a fused kernel. Each is made once: every step looks it up several times. */
export function fusedKernelName(kernel: FusedKernel): string {
  return (fusedKernelNames[kernel] ??= kernelName(kernel));
}

const fusedKernelNames: Partial<Record<FusedKernel, string>> = {};

/** Multiplies a gradient by `dy`: a scalar, or one number per row. A factor of 0 makes 0 even of NaN and infinities. */
export const SCALE_GRADIENT = /* @__PURE__ */ kernelName('ScaleGradient');

/** The attributes of a fused kernel. */
export interface FusedAttrs<Spec extends KernelSpec = KernelSpec> {
  /** The function or class that error texts name. */
  readonly who: string;
  /** How many rows there are. */
  readonly rows: number;
  /** The shape of the values, one per row. */
  readonly shape: readonly number[];
  readonly reduction: KernelReduction;
  readonly spec: Spec;
  /** Whether the gradient is asked for. */
  readonly gradient: boolean;
}

/** Which kernel computes a loss, and what its options come to there. */
export type KernelSpec = CrossEntropySpec | ElementwiseSpec;

export interface ElementwiseSpec {
  readonly kernel: ElementwiseKernel;
  readonly rowLength: number;
  /** The one number that the formula has beside label and prediction, such as epsilon or delta; 0 if it has none. */
  readonly constant: number;
  /** How the numbers of a row become its value. */
  readonly rowReduction: 'sum' | 'mean';
}

export function isElementwiseSpec(spec: KernelSpec): spec is ElementwiseSpec {
  return 'rowReduction' in spec;
}

export interface CrossEntropySpec {
  readonly kernel: CrossEntropyKernel;
  readonly rowLength: number;
  /** Labels are read as label · labelScale + labelShift, which is label smoothing. */
  readonly labelScale: number;
  readonly labelShift: number;
  /** Weight of positive labels: one for all, or one per entry of a row. */
  readonly posWeight: number | readonly number[];
  /** Factor on the labels of each class, after scale and shift. */
  readonly classWeights: readonly number[] | null;
  /** The class whose rows do not count. */
  readonly ignoreClass: number | null;
}

/** The fields of a {@link CrossEntropySpec} that leave labels as they are. */
export const PLAIN_LABELS = {
  labelScale: 1,
  labelShift: 0,
  posWeight: 1,
  classWeights: null,
  ignoreClass: null,
} as const;

/** What becomes of the rows' values: nothing, their sum, or that divided by the rows that count or by the sum of their weights. */
export type KernelReduction = 'none' | 'sum' | 'mean' | 'mean_with_sample_weight';
