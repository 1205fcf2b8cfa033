import { tensor, type Tensor } from '@tensorflow/tfjs-core';

import { READABLE } from '../../core/kernel_contract.js';
import type { Kernel } from './kernel.js';
import { behind, scan } from './negative_log_softmax.js';

// Global names are slow to look up in Jest, and these run millions of times.
const { exp, log1p, max, min } = Math;
const LOG_ZERO = -Infinity;

type Values = ArrayLike<number>;

/** One sample: its states are blank, first label, blank, second label, …, blank. */
interface Sample {
  /** The class of each state. */
  readonly states: Int32Array;
  /** Whether a state may be entered from two places before: 1, a label that is another than the one before. */
  readonly skips: Uint8Array;
  readonly time: number;
  /** −log probability of a class at a step of time. */
  readonly cost: (step: number, label: number) => number;
}

export const ctcLoss: Kernel = {
  op: 'CtcLoss',
  backends: READABLE,
  run: ([labels, logits]) => {
    const out = samplesOf(labels!, logits!).map((sample) =>
      max(0, -forward(sample, new Float64Array(2 * sample.states.length))),
    );
    return tensor(out, [out.length], 'float32');
  },
};

export const ctcLossGradient: Kernel = {
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
  const [largest, least] = [new Float64Array(time), new Float64Array(time)];
  for (let step = 0; step < time; step++) {
    const row = scan(x, (firstRow + step) * classes, classes, 1);
    largest[step] = row.largest;
    least[step] = log1p(row.rest);
  }
  return (step, label) =>
    least[step]! - behind(x[(firstRow + step) * classes + label]!, largest[step]!);
}

/** The states that lie on a path from the start to the end: from `low` to below `high`. */
function reach({ states: { length }, time }: Sample, step: number) {
  return {
    low: max(0, length - 2 * (time - step)),
    high: min(length, 2 * (step + 1)),
  };
}

/**
 * The log probability of all paths. On the way, that of all paths to each state, step after step, into as many rows as there is
 * room for: two, or all of them.
 */
function forward(sample: Sample, rows: Float64Array): number {
  const { states, skips, time, cost } = sample;
  const { length } = states;
  if (length > 2 * time + 1) return LOG_ZERO;
  if (time === 0) return 0;
  rows.fill(LOG_ZERO);
  const row = (step: number) => (step * length) % rows.length;
  for (let step = 0; step < time; step++) {
    const [from, to] = [row(step + rows.length / length - 1), row(step)];
    const { low, high } = reach(sample, step);
    const blank = -cost(step, 0);
    for (let s = low; s < high; s++) {
      const entered =
        step === 0
          ? 0
          : logSum(
              rows[from + s]!,
              s > 0 ? rows[from + s - 1]! : LOG_ZERO,
              skips[s] === 1 ? rows[from + s - 2]! : LOG_ZERO,
            );
      rows[to + s] = entered + (s % 2 === 0 ? blank : -cost(step, states[s]!));
    }
  }
  const end = row(time - 1) + length - 1;
  return length === 1 ? rows[end]! : logSum(rows[end]!, rows[end - 1]!, LOG_ZERO);
}

/** The gradient: p − posterior, how probable each class is without and with what is known of the labels. */
function backward(sample: Sample, out: Float32Array): void {
  const { states, skips, time, cost } = sample;
  const { length } = states;
  const there = new Float64Array(time * length);
  const total = forward(sample, there);
  // No labels can be had for no change of the logits.
  if (total === LOG_ZERO) return;
  const classes = out.length / time;
  const posterior = new Float64Array(classes);
  // The log probability of all paths from each state to the end, and of nothing behind the end.
  const back = new Float64Array(length + 2).fill(LOG_ZERO);
  back.fill(0, max(0, length - 2), length);
  for (let step = time - 1; step >= 0; step--) {
    const { low, high } = reach(sample, step);
    posterior.fill(0);
    for (let s = low; s < high; s++) {
      if (step < time - 1) {
        back[s] = logSum(back[s]!, back[s + 1]!, skips[s + 2] === 1 ? back[s + 2]! : LOG_ZERO);
      }
      const label = states[s]!;
      posterior[label]! += exp(there[step * length + s]! + back[s]! - total);
    }
    subtract(
      posterior,
      (label) => cost(step, label),
      out.subarray(step * classes, (step + 1) * classes),
    );
    // What lies before pays for this step.
    const blank = cost(step, 0);
    for (let s = low; s < high; s++) back[s]! -= s % 2 === 0 ? blank : cost(step, states[s]!);
  }
}

/** p − posterior of one step. They sum to 0: where p is nearly 1, and its digits are lost, the others know the difference. */
function subtract(posterior: Float64Array, cost: (label: number) => number, out: Float32Array) {
  let [sure, others] = [-1, 0];
  for (let label = 0; label < out.length; label++) {
    const p = exp(-cost(label));
    const difference = p - posterior[label]!;
    out[label] = difference;
    if (p > 0.5) sure = label;
    else others += difference;
  }
  if (sure !== -1) out[sure] = -others;
}

/** log(e^a + e^b + e^c) of log probabilities. */
function logSum(a: number, b: number, c: number): number {
  let [largest, x, y] = [a, b, c];
  if (b > largest) [largest, x] = [b, a];
  if (c > largest) [largest, y] = [c, largest];
  // All may be −Infinity.
  if (x === LOG_ZERO && y === LOG_ZERO) return largest;
  return largest + log1p(exp(x - largest) + exp(y - largest));
}
