import { tensor, type Tensor } from '@tensorflow/tfjs-core';

import { READABLE } from '../../core/kernel_contract.js';
import type { OpKernel } from './kernel.js';
import { scanRow, shifted } from './negative_log_softmax.js';

// Global names are slow to look up in Jest, and these run millions of times.
const { exp, log1p, max, min } = Math;
const LOG_ZERO = -Infinity;

type Values = ArrayLike<number>;

/** One sample. A path goes through its states: blank, first label, blank, second label, …, blank. */
interface Sample {
  /** The class of each state. */
  readonly states: Int32Array;
  /** 1 for states that a path may enter from the label before, without the blank between: labels that differ from the one before. */
  readonly skips: Uint8Array;
  /** How many steps of time there are. */
  readonly time: number;
  /** −log probability of a class at a step of time. */
  readonly cost: (step: number, label: number) => number;
}

export const ctcLoss: OpKernel = {
  op: 'CtcLoss',
  backends: READABLE,
  run: ([labels, logits]) => {
    const out = samplesOf(labels!, logits!).map((sample) =>
      max(0, -forward(sample, new Float64Array(2 * sample.states.length))),
    );
    return tensor(out, [out.length], 'float32');
  },
};

export const ctcLossGradient: OpKernel = {
  op: 'CtcLossGradient',
  backends: READABLE,
  run: ([labels, logits]) => {
    const { shape, size } = logits!;
    const out = new Float32Array(size);
    const samples = samplesOf(labels!, logits!);
    const length = size / samples.length;
    samples.forEach((sample, index) => {
      backward(sample, out.subarray(index * length, (index + 1) * length));
    });
    return tensor(out, shape);
  },
};

function samplesOf(labels: Tensor, logits: Tensor): Sample[] {
  const [batch, time, classes] = logits.shape as [number, number, number];
  const length = labels.shape[1] ?? 0;
  const [y, x] = [labels.dataSync(), logits.dataSync()];
  return Array.from({ length: batch }, (_, index) => ({
    ...statesOf(y.subarray(index * length, (index + 1) * length)),
    time,
    cost: costsOf(x, index * time, time, classes),
  }));
}

/** The states of a sample from its labels, in which 0 is padding. */
function statesOf(labels: Values): Pick<Sample, 'states' | 'skips'> {
  const kept = Array.from(labels).filter((label) => label !== 0);
  const states = new Int32Array(2 * kept.length + 1);
  const skips = new Uint8Array(states.length);
  kept.forEach((label, index) => {
    states[2 * index + 1] = label;
    skips[2 * index + 1] = Number(index > 0 && label !== kept[index - 1]);
  });
  return { states, skips };
}

function costsOf(x: Values, firstRow: number, time: number, classes: number): Sample['cost'] {
  const [largest, logSumExp] = [new Float64Array(time), new Float64Array(time)];
  for (let step = 0; step < time; step++) {
    const row = scanRow(x, (firstRow + step) * classes, classes, 1);
    largest[step] = row.largest;
    // Of the shifted logits, as in negative_log_softmax.ts.
    logSumExp[step] = log1p(row.sumExpOthers);
  }
  return (step, label) =>
    logSumExp[step]! - shifted(x[(firstRow + step) * classes + label]!, largest[step]!);
}

/** The states that a path from the first to the last state can be in: from `low` to below `high`. */
function reachableStates({ states: { length }, time }: Sample, step: number) {
  return {
    low: max(0, length - 2 * (time - step)),
    high: min(length, 2 * (step + 1)),
  };
}

/**
 * The log probability of all paths together: the forward pass of the forward-backward algorithm.
 *
 * @param alpha - Gets the log probability of all paths from the start to each state, one row of states per step. It may have two rows,
 * of which each step overwrites the older one, or a row for every step.
 */
function forward(sample: Sample, alpha: Float64Array): number {
  const { states, skips, time, cost } = sample;
  const { length } = states;
  if (length > 2 * time + 1) return LOG_ZERO;
  if (time === 0) return 0;
  alpha.fill(LOG_ZERO);
  const rowAt = (step: number) => (step * length) % alpha.length;
  for (let step = 0; step < time; step++) {
    const [from, to] = [rowAt(step + alpha.length / length - 1), rowAt(step)];
    const { low, high } = reachableStates(sample, step);
    const blank = -cost(step, 0);
    for (let s = low; s < high; s++) {
      const entered =
        step === 0
          ? 0
          : logSum(
              alpha[from + s]!,
              s > 0 ? alpha[from + s - 1]! : LOG_ZERO,
              skips[s] === 1 ? alpha[from + s - 2]! : LOG_ZERO,
            );
      alpha[to + s] = entered + (s % 2 === 0 ? blank : -cost(step, states[s]!));
    }
  }
  const end = rowAt(time - 1) + length - 1;
  return length === 1 ? alpha[end]! : logSum(alpha[end]!, alpha[end - 1]!, LOG_ZERO);
}

/**
 * The gradient with respect to the logits: p − posterior. p is the probability of each class at each step, posterior its probability
 * given the labels.
 */
function backward(sample: Sample, out: Float32Array): void {
  const { states, skips, time, cost } = sample;
  const { length } = states;
  const alpha = new Float64Array(time * length);
  const total = forward(sample, alpha);
  // No path has these labels, whatever the logits are: the gradient is 0.
  if (total === LOG_ZERO) return;
  const classes = out.length / time;
  const posterior = new Float64Array(classes);
  // The log probability of all paths from each state to the end. Two entries more stand for states behind the last one.
  const beta = new Float64Array(length + 2).fill(LOG_ZERO);
  beta.fill(0, max(0, length - 2), length);
  for (let step = time - 1; step >= 0; step--) {
    const { low, high } = reachableStates(sample, step);
    posterior.fill(0);
    for (let s = low; s < high; s++) {
      if (step < time - 1) {
        beta[s] = logSum(beta[s]!, beta[s + 1]!, skips[s + 2] === 1 ? beta[s + 2]! : LOG_ZERO);
      }
      const label = states[s]!;
      posterior[label]! += exp(alpha[step * length + s]! + beta[s]! - total);
    }
    subtract(
      posterior,
      (label) => cost(step, label),
      out.subarray(step * classes, (step + 1) * classes),
    );
    // Paths that begin a step earlier go through this step, too.
    const blank = cost(step, 0);
    for (let s = low; s < high; s++) beta[s]! -= s % 2 === 0 ? blank : cost(step, states[s]!);
  }
}

/**
 * p − posterior at one step. These differences sum to 0. Where p is nearly 1 the difference has lost its digits, so it is computed
 * from those of all other classes.
 */
function subtract(posterior: Float64Array, cost: (label: number) => number, out: Float32Array) {
  let [likely, others] = [-1, 0];
  for (let label = 0; label < out.length; label++) {
    const p = exp(-cost(label));
    const difference = p - posterior[label]!;
    out[label] = difference;
    if (p > 0.5) likely = label;
    else others += difference;
  }
  if (likely !== -1) out[likely] = -others;
}

/** log(e^a + e^b + e^c) of log probabilities. */
function logSum(a: number, b: number, c: number): number {
  let [largest, x, y] = [a, b, c];
  if (b > largest) [largest, x] = [b, a];
  if (c > largest) [largest, y] = [c, largest];
  // The difference of −Infinity and −Infinity would be NaN.
  if (x === LOG_ZERO && y === LOG_ZERO) return largest;
  return largest + log1p(exp(x - largest) + exp(y - largest));
}
