import {
  concat,
  grad,
  ones,
  sigmoid,
  softmax,
  sum,
  tidy,
  zeros,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { classOf, partsOf, whereAutoIs } from '../../core/description.js';
import type { Loss } from '../../core/loss.js';
import { areLogitsRead, disposeTape, tracing } from '../../core/watch.js';
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
  if (partsOf(loss) !== undefined || findsLogits(loss, activation, classAxis, shape)) return;
  return (
    `Output '${output}' ends in a ${activation}, and compute of ${className} has no gradient where the output is sure and ` +
    `wrong. Compute with super.compute or a function of this package: those find the logits.`
  );
}

/** Whether a loss with a `compute` of its own finds the logits behind its predictions. It is tried, on one sample. */
function findsLogits(
  loss: Loss,
  activation: string,
  classAxis: number,
  shape: readonly (number | null)[],
): boolean {
  const sizes = shape.map((size) => size ?? 1);
  let isFound = true;
  const step = (logits: Tensor) => {
    const probabilities = activation === 'sigmoid' ? sigmoid(logits) : softmax(logits);
    const values = loss.compute(labelsFor(loss, sizes, classAxis), probabilities);
    isFound = areLogitsRead(logits, activation);
    return sum(values);
  };
  try {
    tidy(() => {
      tracing(() => whereAutoIs(false, () => grad(step)(zeros(sizes))));
    });
  } catch {
    // It needs other labels or shapes than these: nothing can be said of it.
    disposeTape();
    return true;
  }
  return isFound;
}

/** Labels in the form that the loss reads: no, or the first class. */
function labelsFor(loss: Loss, sizes: number[], classAxis: number): Tensor {
  const { labels, reads } = classOf(loss);
  const axis = (classAxis + sizes.length) % sizes.length;
  if (labels === 'index') return zeros(sizes.filter((_, index) => index !== axis));
  if (reads === 'sigmoid') return zeros(sizes);
  const one = sizes.map((size, index) => (index === axis ? 1 : size));
  const others = sizes.map((size, index) => (index === axis ? size - 1 : size));
  return concat([ones(one), zeros(others)], axis);
}
