import { tidy, type Tensor } from '@tensorflow/tfjs-core';

import { resolveAxis, withoutAxes } from '../core/checks.js';
import { plainSpec, rowValues } from '../core/fused.js';
import { sameShapeTensors, toFloat, toTensor, type Input } from '../core/inputs.js';
import { multiplyNoNan } from '../core/op.js';
import { sumOver } from '../core/reduction.js';
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
    return byRows(who, 'FusedSoftmaxCrossEntropy', y, x, fromLogits, classAxis, (hot, float) =>
      sumOver(multiplyNoNan(classCosts(toFloat(float), fromLogits, classAxis), toFloat(hot)), [
        classAxis,
      ]),
    );
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
    const op = 'FusedSparseSoftmaxCrossEntropy';
    return byRows(who, op, y, x, fromLogits, classAxis, (indices, float) => {
      const hot = oneHot(toIndices(who, indices, float, classAxis), float, classAxis);
      return sumOver(multiplyNoNan(classCosts(toFloat(float), fromLogits, classAxis), hot), [
        classAxis,
      ]);
    });
  });
}

/** One value per row: a kernel knows logits along the last axis. */
function byRows(
  who: string,
  op: CrossEntropyKernel,
  labels: Tensor,
  output: Tensor,
  fromLogits: boolean,
  classAxis: number,
  composed: (labels: Tensor, output: Tensor) => Tensor,
): Tensor {
  if (!fromLogits || classAxis !== output.rank - 1) return composed(labels, output);
  const form = plainSpec(op, output.shape[classAxis] ?? 0);
  return rowValues(who, form, labels, output, withoutAxes(output.shape, [classAxis]), composed);
}
