import {
  concat,
  fill,
  max,
  abs,
  sigmoid,
  softmax,
  sum,
  tidy,
  valueAndGrad,
  zeros,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { classOf, partsOf, whereAutoIs } from '../../core/description.js';
import { sizeOf } from '../../core/inputs.js';
import type { Loss } from '../../core/loss.js';
import { disposeTape, tracing } from '../../core/watch.js';
import type { OutputActivation } from './output_activation.js';

/** A warning where a loss would read probabilities whose logits it cannot find: where they are sure and wrong, nothing is learnt. */
export function lostLogits(
  output: string,
  loss: Loss,
  { name: activation, axis }: OutputActivation,
  classAxis: number,
  shape: readonly (number | null)[],
): string | undefined {
  const { className, reads } = classOf(loss);
  if (activation === 'hardSigmoid' && reads === 'sigmoid') {
    return (
      `Output '${output}' ends in a hardSigmoid, which is 0 or 1 for logits beyond ±2.5: there ${className} has no ` +
      `gradient. Take a sigmoid.`
    );
  }
  if (activation !== reads) return undefined;
  const along = (index: number) => (index < 0 ? index + shape.length : index);
  if (activation === 'softmax' && along(axis) !== along(classAxis)) {
    return (
      `Output '${output}' ends in a softmax along axis ${along(axis)}, and ${className} reads classes along axis ` +
      `${along(classAxis)}. Give the loss the axis of the softmax.`
    );
  }
  if (partsOf(loss) !== undefined || learnsWhereWrong(loss, activation, classAxis, shape)) return;
  return (
    `Output '${output}' ends in a ${activation}, and compute of ${className} has no gradient where the output is sure and ` +
    `wrong. Compute with super.compute or a function of this package: those find the logits.`
  );
}

/** Whether the gradient of a loss with a `compute` of its own is more than 0 where the output is sure and wrong. */
function learnsWhereWrong(
  loss: Loss,
  activation: string,
  classAxis: number,
  shape: readonly (number | null)[],
): boolean {
  const sizes = shape.map((size) => size ?? 1);
  const rows = sizes.at(classAxis) ?? 1;
  try {
    return tidy(() => {
      const isSigmoid = activation === 'sigmoid';
      const labels = labelsOf(loss, sizes, rows, classAxis);
      const sure = isSigmoid ? fill(sizes, 40) : firstOf(sizes, classAxis, 80);
      const step = (x: Tensor) => sum(loss.compute(labels, isSigmoid ? sigmoid(x) : softmax(x)));
      const { grad } = tracing(() => whereAutoIs(false, () => valueAndGrad(step)(sure)));
      return sizeOf(sizes) === 0 || (max(abs(grad)).dataSync()[0] ?? 1) > 0;
    });
  } catch {
    disposeTape();
    // It needs other labels or shapes than these: nothing can be said of it.
    return true;
  }
}

/** Labels that say the opposite: no, or the last class. */
function labelsOf(loss: Loss, sizes: number[], classes: number, classAxis: number): Tensor {
  const { labels, reads } = classOf(loss);
  if (reads === 'sigmoid') return zeros(sizes);
  const rows = sizes.filter((_, axis) => axis !== (classAxis + sizes.length) % sizes.length);
  if (labels === 'index') return fill(rows, classes - 1);
  const axis = (classAxis + sizes.length) % sizes.length;
  const one = sizes.map((size, index) => (index === axis ? 1 : size));
  const others = sizes.map((size, index) => (index === axis ? size - 1 : size));
  return concat([zeros(others), fill(one, 1)], axis);
}

/** The number for the first class, and 0 for all others. */
function firstOf(sizes: number[], classAxis: number, value: number): Tensor {
  const axis = (classAxis + sizes.length) % sizes.length;
  const one = sizes.map((size, index) => (index === axis ? 1 : size));
  const others = sizes.map((size, index) => (index === axis ? size - 1 : size));
  return concat([fill(one, value), zeros(others)], axis);
}
