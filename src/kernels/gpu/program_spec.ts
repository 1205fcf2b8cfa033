import {
  isElementwiseSpec,
  PLAIN_LABELS,
  SIGNED_LABEL_KERNELS,
  type FusedAttrs,
} from '../../core/kernel_contract.js';
import type { FusedTensors } from '../backend_kernels.js';
import { ACCUMULATORS, COMBINE } from './accumulators.js';
import { ELEMENTS, hasElements } from './elements.js';

/** What the shader programs of a fused kernel are made for. */
export interface ProgramSpec {
  readonly rows: number;
  readonly rowLength: number;
  /** The text of the loss in elements.ts or accumulators.ts. */
  readonly formulas: string;
  /** Whether the loss of a row is a sum over its entries, so that `formulas` is from elements.ts. */
  readonly sumsElements: boolean;
  /** Whether the constant is the weight of positive labels. */
  readonly isSigmoid: boolean;
  /** Whether labels count as −1 and 1 if the whole batch holds nothing but 0 and 1. */
  readonly isSigned: boolean;
  /** Whether labels are class indices, one per row. */
  readonly isSparse: boolean;
  /** Whether rows of one class do not count. */
  readonly ignoresClass: boolean;
  readonly hasWeights: boolean;
  /** Whether a mean divides by the sum of the weights. */
  readonly isWeightedMean: boolean;
  /** Whether the factor of a mean depends on labels or weights: then the GPU has to compute it. */
  readonly hasMeanFactor: boolean;
  /** One number per entry of a row, if there are some: weights of positive labels, or of classes. */
  readonly entryWeights: Float32Array | undefined;
  /** The numbers that are passed to programs, by their names there. */
  readonly uniforms: Readonly<Record<string, number>>;
}

export function programSpec(
  { weights }: FusedTensors,
  { rows, reduction, spec }: FusedAttrs,
): ProgramSpec {
  const { kernel, rowLength } = spec;
  const hasConstant = isElementwiseSpec(spec);
  const { labelScale, labelShift, posWeight, classWeights, ignoreClass } = hasConstant
    ? PLAIN_LABELS
    : spec;
  const isSigmoid = kernel === 'FusedSigmoidCrossEntropy';
  const isSparse = kernel === 'FusedSparseSoftmaxCrossEntropy';
  const isSum = hasElements(kernel);
  const ignoresClass = isSparse && ignoreClass !== null;
  const isMean = reduction !== 'none' && reduction !== 'sum';
  const hasWeights = weights !== undefined;
  const isWeightedMean = hasWeights && reduction === 'mean_with_sample_weight';
  const isMeanOverRow = hasConstant ? spec.rowReduction === 'mean' : isSigmoid;
  const divisor = (isMeanOverRow ? rowLength : 1) * (isMean ? rows : 1);
  const [oneWeight, eachWeight] =
    typeof posWeight === 'number' ? [posWeight, null] : [1, posWeight];
  const entryWeights = classWeights ?? eachWeight;
  return {
    rows,
    rowLength,
    formulas: isSum ? ELEMENTS[kernel] : `${ACCUMULATORS[kernel]}${COMBINE}`,
    sumsElements: isSum,
    isSigmoid,
    isSigned: SIGNED_LABEL_KERNELS.includes(kernel),
    isSparse,
    ignoresClass,
    hasWeights,
    isWeightedMean,
    hasMeanFactor: isMean && (ignoresClass || isWeightedMean),
    entryWeights: entryWeights ? Float32Array.from(entryWeights) : undefined,
    uniforms: {
      labelScale,
      labelShift,
      constant: hasConstant ? spec.constant : oneWeight,
      ignoredClass: ignoreClass ?? 0,
      // Multiplies losses and gradient, and makes means of sums. The rest of a weighted mean is the mean factor.
      scale: 1 / divisor,
    },
  };
}
