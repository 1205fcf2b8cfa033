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
export type RowsOp =
  'SigmoidCrossEntropyRows' | 'SoftmaxCrossEntropyRows' | 'SparseSoftmaxCrossEntropyRows';

/** The names under which TF.js knows these ops, made once: TF.js looks them up several times in every step. */
export const ROWS_KERNELS: Readonly<Record<RowsOp, string>> = {
  SigmoidCrossEntropyRows: /* @__PURE__ */ kernelName('SigmoidCrossEntropyRows'),
  SoftmaxCrossEntropyRows: /* @__PURE__ */ kernelName('SoftmaxCrossEntropyRows'),
  SparseSoftmaxCrossEntropyRows: /* @__PURE__ */ kernelName('SparseSoftmaxCrossEntropyRows'),
};

/** Scales the rows of `gradient` by `dy`, a scalar or one number per row. 0 makes 0 even of NaN and infinities. */
export const SCALE_ROWS = /* @__PURE__ */ kernelName('ScaleRows');

export interface RowsAttrs {
  /** Whose error texts these are. */
  readonly who: string;
  readonly rows: number;
  /** The shape of the values of all rows. */
  readonly shape: readonly number[];
  readonly reduction: RowsReduction;
  readonly form: RowsForm;
  readonly gradient: boolean;
}

/** What the options of a loss make of rows. */
export interface RowsForm {
  readonly op: RowsOp;
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
