import type { Tensor } from '@tensorflow/tfjs-core';

import type { CheckedCall } from './call.js';
import { warnOfOtherCopy } from './copies.js';
import { partsOf, type LossObject } from './description.js';
import { isFused, isRecorded, runFused } from './fused.js';
import { sizeOf, withShape } from './inputs.js';
import { kernelReduction } from './reduction.js';
import { combineWeights, expandWeights, weighedShape } from './weighting.js';

/**
 * The loss as one kernel computes it, with weights, reduction and gradient; `undefined` where none does.
 *
 * @param formula - The same loss by its formula, for the gradients that a kernel does not compute.
 */
export function fusedLoss(
  loss: LossObject,
  checked: CheckedCall,
  formula: (call: CheckedCall) => Tensor,
): Tensor | undefined {
  const { who, reduction, yTrue, yPred, shapes, fromLogits } = checked;
  const { valuesShape: shape, sampleWeight, labelWeights } = checked;
  warnOfOtherCopy(yPred);
  if (shape === undefined) return undefined;
  const spec = partsOf(loss)?.kernel?.(...shapes, fromLogits);
  const rows = sizeOf(shape);
  if (spec === undefined || rows === 0 || spec.rowLength === 0) return undefined;
  if (yPred.dtype !== 'float32' || !isFused(spec.kernel)) return undefined;
  // Where a row has one label, the weight of the label is that of the row.
  if (labelWeights !== undefined && spec.rowLength > 1) return undefined;
  const byLabel = labelWeights && withShape(labelWeights, shape);
  const weights = combineWeights(who, byLabel, sampleWeight);
  const weighed = weights === undefined ? shape : weighedShape(who, shape, weights.shape);
  if (sizeOf(weighed) !== rows) return undefined;
  // A weighted mean divides by the sum of the weights as given, before they are spread.
  const isSpread = weights !== undefined && weights.size !== rows;
  if (isSpread && reduction === 'mean_with_sample_weight') return undefined;
  const perRow = isSpread ? expandWeights(who, shape, weights) : weights;
  return runFused(
    { labels: yTrue, predictions: yPred, weights: perRow },
    {
      who,
      rows,
      shape: weighed,
      reduction: weighed.length === 0 ? 'none' : kernelReduction(reduction),
      spec,
      gradient: isRecorded(),
    },
    (again) =>
      formula({
        ...checked,
        yTrue: again.labels,
        yPred: again.predictions,
        sampleWeight: again.weights,
        labelWeights: undefined,
        totalWeights: undefined,
      }),
  );
}
