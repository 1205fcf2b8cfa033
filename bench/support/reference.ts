import type { Cell, Data } from './cells.js';
import { isNumberLoss, numberLoss } from './number_losses.js';

/** A mean loss and its gradient with respect to the logits. */
export interface Result {
  loss: number;
  gradient: ArrayLike<number>;
}

/** TF.js's own sum on wasm is off by 3e-4 at half a million numbers. */
const LOSS_TOLERANCE = 1e-3;
/** Of the largest entry. */
const GRADIENT_TOLERANCE = 1e-5;

/** The right result, in float64. */
export function reference({ loss, shape: [rows, columns] }: Cell, data: Data): Result {
  const gradient = new Float64Array(rows * columns);
  let sum = 0;
  if (isNumberLoss(loss)) {
    const { row } = numberLoss(loss);
    for (let start = 0; start < gradient.length; start += columns) {
      const [y, p] = [data.labels, data.logits].map((x) => x.subarray(start, start + columns));
      const { loss: own, slopes } = row(y!, p!);
      sum += own;
      gradient.set(
        slopes.map((slope) => slope / rows),
        start,
      );
    }
    return { loss: sum / rows, gradient };
  }
  if (loss === 'sigmoid') {
    for (const [i, x] of data.logits.entries()) {
      const y = data.labels[i]!;
      sum += Math.max(x, 0) - x * y + Math.log1p(Math.exp(-Math.abs(x)));
      gradient[i] = (1 / (1 + Math.exp(-x)) - y) / gradient.length;
    }
    return { loss: sum / gradient.length, gradient };
  }
  for (let row = 0; row < rows; row++) {
    const logits = data.logits.subarray(row * columns, (row + 1) * columns);
    const label =
      loss === 'sparse' ? data.labels[row]! : data.labels.indexOf(1, row * columns) % columns;
    const total = logits.reduce((total, x) => total + Math.exp(x), 0);
    sum += Math.log(total) - logits[label]!;
    for (const [column, x] of logits.entries()) {
      gradient[row * columns + column] = (Math.exp(x) / total - Number(column === label)) / rows;
    }
  }
  return { loss: sum / rows, gradient };
}

/** Ends the benchmark where a result is wrong: how fast it came is of no interest then. */
export function assertRight(who: string, got: Result, right: Result): void {
  const largest = (values: ArrayLike<number>, of: (i: number) => number) =>
    Array.from(values, (_, i) => of(i)).reduce((most, value) => (value <= most ? most : value), 0);
  const scale = largest(right.gradient, (i) => Math.abs(right.gradient[i]!));
  const error = largest(right.gradient, (i) => Math.abs(got.gradient[i]! - right.gradient[i]!));
  const lossError = Math.abs(got.loss / right.loss - 1);
  if (
    got.gradient.length === right.gradient.length &&
    lossError <= LOSS_TOLERANCE &&
    error <= GRADIENT_TOLERANCE * scale
  )
    return;
  throw new Error(
    `${who} is wrong: loss ${got.loss} instead of ${right.loss}, gradient off by ${error / scale} of its largest entry.`,
  );
}
