import {
  ceil,
  equal,
  expandDims,
  floor,
  fill,
  getBackend,
  greaterEqual,
  less,
  logicalAnd,
  range,
  reshape,
  where,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { assertClass, withoutAxes } from '../core/checks.js';
import { steplike } from '../core/op.js';
import { READABLE } from '../core/kernel_contract.js';
import { formatShape } from '../core/errors.js';
import { mismatch, sameShape, toFloat } from '../core/inputs.js';

/**
 * Throws unless the labels are class indices for the output: of its shape without the class axis, or with a class axis of 1.
 */
export function assertIndexShape(
  who: string,
  [labelsName, labels]: readonly [string, readonly number[]],
  [outputName, output]: readonly [string, readonly number[]],
  axis: number,
): void {
  if (isIndexShape(labels, output, axis)) return;
  const hint = sameShape(labels, output)
    ? ' One-hot labels are for the categorical loss; tf.argMax makes indices of them.'
    : '';
  throw mismatch(
    `${who}: ${labelsName} must have the shape of ${outputName} without its class axis, ` +
      `${formatShape(withoutAxes(output, [axis]))}, or with 1 in its place.${hint}`,
    [labelsName, labels],
    [outputName, output],
  );
}

/**
 * Throws unless labels have the shape of the predictions.
 *
 * @param hint - What to do where the labels look like class indices.
 */
export function assertOneHotShape(
  who: string,
  yTrue: readonly number[],
  yPred: readonly number[],
  axis: number,
  hint = 'tf.oneHot makes labels of class indices.',
): void {
  if (sameShape(yTrue, yPred)) return;
  const advice = isIndexShape(yTrue, yPred, axis) ? ` ${hint}` : '';
  throw mismatch(
    `${who}: yTrue and yPred must have the same shape.${advice}`,
    ['yTrue', yTrue],
    ['yPred', yPred],
  );
}

/** Whether labels of this shape can be class indices for an output. */
function isIndexShape(labels: readonly number[], output: readonly number[], axis: number): boolean {
  const withAxis = output.map((size, index) => (index === axis ? 1 : size));
  return sameShape(labels, withoutAxes(output, [axis])) || sameShape(labels, withAxis);
}

/**
 * Class indices as numbers, one per row of the output. Throws where one is no class and the backend can tell; elsewhere
 * {@link oneHot} makes its row NaN. Fractions are cut off, as in Keras.
 */
export function toIndices(
  who: string,
  labels: Tensor,
  output: Tensor,
  axis: number,
  ignored: number | null = null,
): Tensor {
  assertClasses(who, labels, output.shape[axis] ?? 0, ignored);
  return truncated(reshape(toFloat(labels), withoutAxes(output.shape, [axis])));
}

/** Throws where a label is no class, if the backend can tell. */
export function assertClasses(
  who: string,
  labels: Tensor,
  classes: number,
  ignored: number | null = null,
): void {
  if (!READABLE.includes(getBackend())) return;
  for (const label of labels.dataSync()) assertClass(who, label, classes, ignored);
}

/** Without the fraction, towards 0; NaN stays NaN. */
export function truncated(labels: Tensor): Tensor {
  return truncate({})(labels);
}

/** One-hot rows along the class axis of the output; NaN where an index is no class. */
export function oneHot(
  indices: Tensor,
  output: { readonly shape: readonly number[] },
  axis: number,
): Tensor {
  return hot({ axis, classes: output.shape[axis] ?? 0 })(indices);
}

// TF.js has no `trunc`, wasm of TF.js 4.1 no `sign`, and comparisons have no gradient.
const truncate = steplike('Truncate', (labels) =>
  where(less(labels, 0), ceil(labels), floor(labels)),
);

const hot = steplike<{ axis: number; classes: number }>('OneHot', (indices, { axis, classes }) => {
  const index = expandDims(indices, axis);
  // tf.oneHot knows no other axis than the last, and writes garbage for float32 on wasm.
  const numbers = reshape(
    range(0, classes, 1, 'float32'),
    index.shape.map((_, i) => (i === axis ? classes : 1)),
  );
  const isClass = logicalAnd(greaterEqual(index, 0), less(index, classes));
  const rows = toFloat(equal(index, numbers));
  return where(isClass, rows, fill(rows.shape, NaN));
});
