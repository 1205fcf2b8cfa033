/** Ops and kernels meet in these names and types alone. */

/** What the names of all ops of this package begin with. */
export const PREFIX = 'TfjsLosses';

/** The name under which TF.js knows an op of this package. */
export function kernelName(op: string): string {
  return `${PREFIX}${op}`;
}

/** Backends whose tensors can be read at once, without waiting for a device. */
export const READABLE = ['cpu', 'wasm', 'tensorflow'];

/**
 * Losses over rows that one kernel computes, weighted and reduced, with their gradient with respect to the logits in the same
 * pass. Rows lie behind one another in memory.
 *
 * - inputs `labels` (numbers, or for the sparse op class indices, one per row), `logits` and maybe `weights`, one per row;
 * - attributes {@link RowsAttrs};
 * - outputs the loss and, where `gradient` is true, the gradient of the loss, or for the reduction `'none'` of each row's.
 */
export type RowsOp = CrossEntropyOp | PairOp;

export const CROSS_ENTROPY_OPS = [
  'SigmoidCrossEntropyRows',
  'SoftmaxCrossEntropyRows',
  'SparseSoftmaxCrossEntropyRows',
] as const;

export type CrossEntropyOp = (typeof CROSS_ENTROPY_OPS)[number];

/** Losses that compare each label with its prediction; the last two make of a row more than a sum over it. */
export const PAIR_OPS = [
  'SquaredErrorRows',
  'AbsoluteErrorRows',
  'AbsolutePercentageErrorRows',
  'SquaredLogarithmicErrorRows',
  'HuberRows',
  'PoissonRows',
  'HingeRows',
  'SquaredHingeRows',
  'LogCoshRows',
  'KLDivergenceRows',
  'CosineSimilarityRows',
  'CategoricalHingeRows',
] as const;

export type PairOp = (typeof PAIR_OPS)[number];

/** Losses for which labels of 0 and 1, if they all are, are −1 and 1. */
export const SIGNED_OPS: readonly RowsOp[] = ['HingeRows', 'SquaredHingeRows'];

/** The name under which TF.js knows the op, made once: TF.js looks it up several times in every step. */
export function rowsKernel(op: RowsOp): string {
  return (rowsKernels[op] ??= kernelName(op));
}

const rowsKernels: Partial<Record<RowsOp, string>> = {};

/** Scales the rows of `gradient` by `dy`, a scalar or one number per row. 0 makes 0 even of NaN and infinities. */
export const SCALE_ROWS = /* @__PURE__ */ kernelName('ScaleRows');

export interface RowsAttrs<Form extends RowsForm = RowsForm> {
  /** Whose error texts these are. */
  readonly who: string;
  readonly rows: number;
  /** The shape of the values of all rows. */
  readonly shape: readonly number[];
  readonly reduction: RowsReduction;
  readonly form: Form;
  readonly gradient: boolean;
}

/** What the options of a loss make of rows. */
export type RowsForm = CrossEntropyForm | PairForm;

export interface PairForm {
  readonly op: PairOp;
  /** Numbers in a row. */
  readonly length: number;
  /** A number that the formula has beside label and prediction: epsilon, delta. */
  readonly parameter: number;
  /** Whether a row comes to the sum of its numbers, not to their mean. */
  readonly isSum: boolean;
}

export function isPairForm(form: RowsForm): form is PairForm {
  return 'isSum' in form;
}

/** Labels as they are, without options. */
export const PLAIN_LABELS = {
  labelScale: 1,
  labelShift: 0,
  posWeight: 1,
  classWeights: null,
  ignored: null,
} as const;

export interface CrossEntropyForm {
  readonly op: CrossEntropyOp;
  /** Numbers in a row. */
  readonly length: number;
  /** Labels are read as label · labelScale + labelShift. */
  readonly labelScale: number;
  readonly labelShift: number;
  /** Weight of positive labels, for all or one per entry of a row. */
  readonly posWeight: number | readonly number[];
  /** Factor on the labels of each class, after scale and shift. */
  readonly classWeights: readonly number[] | null;
  /** Class whose rows do not count. */
  readonly ignored: number | null;
}

/** The values of the rows, their sum, or that divided by the number of rows that count or by the sum of their weights. */
export type RowsReduction = 'none' | 'sum' | 'mean' | 'mean_with_sample_weight';
