import { isPairForm, PLAIN_LABELS, type RowsAttrs } from '../names.js';
import type { RowsTensors } from '../rows/rows.js';
import { SIGMOID } from './formulas.js';
import { PAIR_SHADERS } from './pairs.js';

/** What the shaders of a loss over rows are made for. */
export interface Rows {
  /** How many rows there are, and how many entries a row has. */
  readonly count: number;
  readonly length: number;
  /** Whether entries stand alone, and a row is what they add up to: not so for a softmax. */
  readonly isElementwise: boolean;
  /** The formulas of those. */
  readonly formulas: string;
  /** Whether they are given a weight of positive labels, not a parameter. */
  readonly isSigmoid: boolean;
  /** Whether labels are class indices, one per row. */
  readonly isSparse: boolean;
  /** Whether rows of a class do not count. */
  readonly isIgnoring: boolean;
  readonly hasWeights: boolean;
  /** Whether a mean divides by the sum of the weights. */
  readonly isWeightedMean: boolean;
  /** Whether a mean divides by a sum of weights, which only the GPU knows. */
  readonly hasFactor: boolean;
  /** Weights of positive labels, or of classes, one per entry of a row. */
  readonly perEntry: readonly number[] | undefined;
  /** Numbers that shaders are given, in the order of {@link NUMBERS}. */
  readonly numbers: readonly number[];
}

/** Their names. The loss and the gradient of a row are multiplied by `scale`. */
export const NUMBERS = ['labelScale', 'labelShift', 'posWeight', 'ignored', 'scale'] as const;

export function rowsOf({ weights }: RowsTensors, { rows, reduction, form }: RowsAttrs): Rows {
  const { op, length } = form;
  const pair = isPairForm(form) ? form : undefined;
  const { labelScale, labelShift, posWeight, classWeights, ignored } = isPairForm(form)
    ? { ...PLAIN_LABELS, posWeight: form.parameter }
    : form;
  const isSigmoid = op === 'SigmoidCrossEntropyRows';
  const isSparse = op === 'SparseSoftmaxCrossEntropyRows';
  const isElementwise = isSigmoid || pair !== undefined;
  const isIgnoring = isSparse && ignored !== null;
  const isMean = reduction !== 'none' && reduction !== 'sum';
  const hasWeights = weights !== undefined;
  const isWeightedMean = hasWeights && reduction === 'mean_with_sample_weight';
  const isMeanOfRow = isElementwise && pair?.isSum !== true;
  const entries = (isMeanOfRow ? length : 1) * (isMean ? rows : 1);
  const [all, each] = typeof posWeight === 'number' ? [posWeight, undefined] : [1, posWeight];
  return {
    count: rows,
    length,
    isElementwise,
    formulas: pair ? (PAIR_SHADERS[pair.op] ?? '') : isSigmoid ? SIGMOID : '',
    isSigmoid,
    isSparse,
    isIgnoring,
    hasWeights,
    isWeightedMean,
    hasFactor: isMean && (isIgnoring || isWeightedMean),
    perEntry: classWeights ?? each,
    numbers: [labelScale, labelShift, all, ignored ?? 0, 1 / entries],
  };
}
