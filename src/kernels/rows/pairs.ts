import type { TensorInfo } from '@tensorflow/tfjs-core';

import type { PairForm, PairOp, RowsAttrs } from '../names.js';
import { factorOf, results, type RowsTensors } from './cross_entropy.js';
import type { Workspace } from './workspace.js';

/** A number for a label and its prediction. */
type Pair = (y: number, p: number, parameter: number) => number;

/** Some rows, of which one is from `start` to `end`. */
interface Row {
  readonly labels: ArrayLike<number>;
  readonly output: ArrayLike<number>;
  readonly parameter: number;
  /** Where the gradient goes, times `factor`. */
  readonly gradient: Float32Array | undefined;
  start: number;
  end: number;
  factor: number;
}

/** Computes what a row comes to. */
type Formula = (row: Row) => number;

/** The sum over a row of the loss of each pair, of which `slope` is the derivative with respect to the prediction. */
function summed(value: Pair, slope: Pair): Formula {
  return ({ labels, output, parameter, gradient, start, end, factor }) => {
    let sum = 0;
    for (let i = start; i < end; i++) {
      const [y, p] = [labels[i]!, output[i]!];
      sum += value(y, p, parameter);
      if (gradient) gradient[i] = slope(y, p, parameter) * factor;
    }
    return sum;
  };
}

const EPSILON = 1e-7;

/** The formulas of the ops in float64: see losses/. */
const FORMULAS: Readonly<Record<PairOp, Formula>> = {
  SquaredErrorRows: summed(
    (y, p) => (p - y) ** 2,
    (y, p) => 2 * (p - y),
  ),
  AbsoluteErrorRows: summed(
    (y, p) => Math.abs(p - y),
    (y, p) => Math.sign(p - y),
  ),
  AbsolutePercentageErrorRows: summed(
    (y, p) => 100 * Math.abs((p - y) / Math.max(Math.abs(y), EPSILON)),
    (y, p) => (100 * Math.sign(p - y)) / Math.max(Math.abs(y), EPSILON),
  ),
  SquaredLogarithmicErrorRows: summed(
    (y, p) => logRatio(y, p) ** 2,
    (y, p) => (p < EPSILON ? 0 : (2 * logRatio(y, p)) / (1 + p)),
  ),
  LogCoshRows: summed(
    (y, p) => logCosh(p - y),
    (y, p) => Math.tanh(p - y),
  ),
  HuberRows: summed(
    (y, p, delta) => {
      const error = Math.abs(p - y);
      const near = Math.min(error, delta);
      return near * (error - near / 2);
    },
    (y, p, delta) => Math.max(-delta, Math.min(p - y, delta)),
  ),
  PoissonRows: summed(
    (y, p) => p - y * Math.log(p + EPSILON),
    (y, p) => 1 - y / (p + EPSILON),
  ),
  KLDivergenceRows: summed(
    (y, p) => {
      const [label, output] = [clip(y), clip(p)];
      return label * Math.log1p((label - output) / output);
    },
    (y, p) => (clip(p) === p ? -clip(y) / p : p * 0),
  ),
  HingeRows: summed(
    (y, p) => Math.max(1 - y * p, 0),
    (y, p) => (1 - y * p < 0 ? 0 : -y),
  ),
  SquaredHingeRows: summed(
    (y, p) => Math.max(1 - y * p, 0) ** 2,
    (y, p) => -2 * y * Math.max(1 - y * p, 0),
  ),
  CosineSimilarityRows: negativeCosine,
};

/** Losses for which labels of 0 and 1, if they all are, are −1 and 1. */
const SIGNED: readonly PairOp[] = ['HingeRows', 'SquaredHingeRows'];

/** log((1 + p) / (1 + y)), both at least epsilon, that keeps the digits of a small difference. */
function logRatio(y: number, p: number): number {
  const [label, output] = [Math.max(y, EPSILON), Math.max(p, EPSILON)];
  const difference = output - label;
  return Math.sign(difference) * Math.log1p(Math.abs(difference) / (1 + Math.min(label, output)));
}

/** log(cosh(x)), for a small x as log(1 + 2 sinh²(x / 2)). */
function logCosh(x: number): number {
  const distance = Math.abs(x);
  if (distance < 1) return Math.log1p(2 * Math.sinh(distance / 2) ** 2);
  return distance + Math.log1p(Math.exp(-2 * distance)) - Math.LN2;
}

/** The number in [epsilon, 1]; NaN stays NaN. */
function clip(x: number): number {
  return Math.min(Math.max(x, EPSILON), 1);
}

/** −cos of the angle between two vectors, and −(ŷ − cos · p̂) / ‖p‖. */
function negativeCosine({ labels, output, gradient, start, end, factor }: Row): number {
  let [yy, pp, yp] = [0, 0, 0];
  for (let i = start; i < end; i++) {
    const [y, p] = [labels[i]!, output[i]!];
    yy += y * y;
    pp += p * p;
    yp += y * p;
  }
  const [ofLabels, ofOutput] = [Math.sqrt(yy), Math.sqrt(pp)];
  const scale = 1 / (larger(ofLabels) * larger(ofOutput));
  const turned = ofOutput > EPSILON ? yp / pp : 0;
  if (gradient) {
    for (let i = start; i < end; i++) {
      gradient[i] = (turned * output[i]! - labels[i]!) * scale * factor;
    }
  }
  return -yp * scale;
}

function larger(norm: number): number {
  return Math.max(norm, EPSILON);
}

/** The kernel of a loss over pairs: see {@link RowsOp}. */
export function pairRows(
  space: Workspace,
  tensors: RowsTensors,
  attrs: RowsAttrs<PairForm>,
): TensorInfo[] {
  const { rows, shape, reduction, form } = attrs;
  const { op, length, parameter } = form;
  const formula = FORMULAS[op];
  const values = reduction === 'none' ? space.output(shape) : undefined;
  const gradient = attrs.gradient ? space.output(tensors.logits.shape) : undefined;
  // Only now: room for results may move what is read.
  const output = space.read(tensors.logits);
  const given = space.read(tensors.labels);
  const isSigned = SIGNED.includes(op) && isBinary(given);
  const labels = isSigned ? Float32Array.from(given, (y) => 2 * y - 1) : given;
  const weights = tensors.weights && space.read(tensors.weights);
  const scale = factorOf(space, tensors.weights, undefined, attrs) / (form.isSum ? 1 : length);
  const valuesTo = values?.numbers();
  const row: Row = {
    labels,
    output,
    parameter,
    gradient: gradient?.numbers(),
    start: 0,
    end: 0,
    factor: 0,
  };
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const weight = weights?.[i] ?? 1;
    row.start = row.end;
    row.end += length;
    row.factor = weight * scale;
    const value = weight === 0 ? 0 : weight * formula(row);
    // An excluded row may hold NaN.
    if (row.factor === 0) row.gradient?.fill(0, row.start, row.end);
    if (valuesTo) valuesTo[i] = value * scale;
    else sum += value;
  }
  return results(space, values, gradient, scale === 0 ? 0 : sum * scale);
}

function isBinary(labels: ArrayLike<number>): boolean {
  return Array.prototype.every.call(labels, (label) => label === 0 || label === 1);
}
