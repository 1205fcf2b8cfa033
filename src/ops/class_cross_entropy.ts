import { tidy, type Tensor } from '@tensorflow/tfjs-core';

import { resolveAxis, withoutAxes } from '../core/checks.js';
import { plainSpec, rowValues } from '../core/fused.js';
import { sameShapeTensors, toFloat, toTensor, type Input } from '../core/inputs.js';
import { multiplyNoNan } from '../core/op.js';
import { sumOver } from '../core/reduction.js';
import { logitsBehind } from '../core/trace.js';
import type { CrossEntropyKernel } from '../core/kernel_contract.js';
import { assertIndexShape, oneHot, toIndices } from './class_labels.js';
import { negativeLogProbabilities } from './negative_log_probabilities.js';
import { negativeLogSoftmax } from './negative_log_softmax.js';

/** An argument with the name that error texts use. */
type Argument = readonly [name: string, value: Input];

/** How predictions over classes are read. */
interface Classes {
  readonly fromLogits: boolean;
  readonly axis: number;
}

/** What each class would cost: −log of its probability. */
export function classCosts(output: Tensor, fromLogits: boolean, axis: number): Tensor {
  return fromLogits ? negativeLogSoftmax(output, axis) : negativeLogProbabilities(output, axis);
}

/** Cross-entropy of one-hot or soft labels, one value per row, with all checks. */
export function classCrossEntropy(
  who: string,
  labels: Argument,
  [name, output]: Argument,
  { fromLogits, axis }: Classes,
): Tensor {
  return tidy(() => {
    const given = toTensor(who, name, output);
    const classAxis = resolveAxis(who, axis, [name, given.shape]);
    const [y, x] = sameShapeTensors(who, labels, [name, given]);
    const logits = fromLogits ? x : logitsBehind(x, 'softmax', classAxis);
    const isLogits = logits !== undefined;
    const kernel = 'FusedSoftmaxCrossEntropy';
    return byRows(who, kernel, y, logits ?? x, isLogits, classAxis, (hot, predictions) => {
      const costs = classCosts(toFloat(predictions), isLogits, classAxis);
      return sumOver(multiplyNoNan(costs, toFloat(hot)), [classAxis]);
    });
  });
}

/** Cross-entropy of class indices, one value per row, with all checks. */
export function sparseClassCrossEntropy(
  who: string,
  [labelsName, labels]: Argument,
  [name, output]: Argument,
  { fromLogits, axis }: Classes,
): Tensor {
  return tidy(() => {
    const y = toTensor(who, labelsName, labels);
    const x = toTensor(who, name, output);
    const classAxis = resolveAxis(who, axis, [name, x.shape]);
    assertIndexShape(who, [labelsName, y.shape], [name, x.shape], classAxis);
    const logits = fromLogits ? x : logitsBehind(x, 'softmax', classAxis);
    const isLogits = logits !== undefined;
    const kernel = 'FusedSparseSoftmaxCrossEntropy';
    return byRows(who, kernel, y, logits ?? x, isLogits, classAxis, (indices, predictions) => {
      const hot = oneHot(toIndices(who, indices, predictions, classAxis), predictions, classAxis);
      const costs = classCosts(toFloat(predictions), isLogits, classAxis);
      return sumOver(multiplyNoNan(costs, hot), [classAxis]);
    });
  });
}

/** One value per row, by a kernel where there is one: for logits along the last axis. */
function byRows(
  who: string,
  kernel: CrossEntropyKernel,
  labels: Tensor,
  predictions: Tensor,
  isLogits: boolean,
  classAxis: number,
  formula: (labels: Tensor, predictions: Tensor) => Tensor,
): Tensor {
  const { shape } = predictions;
  if (!isLogits || classAxis !== shape.length - 1) return formula(labels, predictions);
  const spec = plainSpec(kernel, shape[classAxis] ?? 0);
  return rowValues(who, spec, labels, predictions, withoutAxes(shape, [classAxis]), formula);
}
