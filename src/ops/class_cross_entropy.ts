import { sum, tidy, type Tensor } from '@tensorflow/tfjs-core';

import { resolveAxis } from '../core/checks.js';
import { multiplyNoNan } from '../core/op.js';
import { labelsAndOutput, toFloat, toTensor, type Input } from '../core/inputs.js';
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
    const x = toTensor(who, name, output);
    const classAxis = resolveAxis(who, axis, [name, x.shape]);
    const [y, float] = labelsAndOutput(who, labels, [name, x]);
    return sum(multiplyNoNan(classCosts(float, fromLogits, classAxis), y), classAxis);
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
    const hot = oneHot(toIndices(who, y, x, classAxis), x, classAxis);
    return sum(multiplyNoNan(classCosts(toFloat(x), fromLogits, classAxis), hot), classAxis);
  });
}
