import {
  isElementwiseSpec,
  PLAIN_LABELS,
  SIGNED_LABEL_KERNELS,
  type FusedAttrs,
} from '../../core/kernel_contract.js';
import type { FusedTensors } from '../rows/rows.js';
import { CELLS, MERGE } from './cells.js';
import { ELEMENTS, isElementOp } from './elements.js';

/** What the shaders of a loss over rows are made for. */
export interface Rows {
  /** How many rows there are, and how many entries a row has. */
  readonly count: number;
  readonly length: number;
  /** Whether entries stand alone, and a row is what they add up to: see elements.ts, and for others cells.ts. */
  readonly isElementwise: boolean;
  /** The formulas of the loss. */
  readonly formulas: string;
  /** Whether the parameter is the weight of positive labels. */
  readonly isSigmoid: boolean;
  /** Whether labels of 0 and 1, if they all are, are −1 and 1. */
  readonly isSigned: boolean;
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
export const NUMBERS = ['labelScale', 'labelShift', 'parameter', 'ignored', 'scale'] as const;

export function rowsOf({ weights }: FusedTensors, { rows, reduction, spec }: FusedAttrs): Rows {
  const { kernel, rowLength: length } = spec;
  const isPair = isElementwiseSpec(spec);
  const { labelScale, labelShift, posWeight, classWeights, ignoreClass } = isPair
    ? PLAIN_LABELS
    : spec;
  const isSigmoid = kernel === 'FusedSigmoidCrossEntropy';
  const isSparse = kernel === 'FusedSparseSoftmaxCrossEntropy';
  const isElementwise = isElementOp(kernel);
  const isIgnoring = isSparse && ignoreClass !== null;
  const isMean = reduction !== 'none' && reduction !== 'sum';
  const hasWeights = weights !== undefined;
  const isWeightedMean = hasWeights && reduction === 'mean_with_sample_weight';
  const isMeanOfRow = isPair ? spec.rowReduction === 'mean' : isSigmoid;
  const entries = (isMeanOfRow ? length : 1) * (isMean ? rows : 1);
  const [all, each] = typeof posWeight === 'number' ? [posWeight, undefined] : [1, posWeight];
  return {
    count: rows,
    length,
    isElementwise,
    formulas: isElementwise ? ELEMENTS[kernel] : `${CELLS[kernel]}${MERGE}`,
    isSigmoid,
    isSigned: SIGNED_LABEL_KERNELS.includes(kernel),
    isSparse,
    isIgnoring,
    hasWeights,
    isWeightedMean,
    hasFactor: isMean && (isIgnoring || isWeightedMean),
    perEntry: classWeights ?? each,
    numbers: [labelScale, labelShift, isPair ? spec.constant : all, ignoreClass ?? 0, 1 / entries],
  };
}
