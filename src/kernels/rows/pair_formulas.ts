import type { ElementwiseKernel } from '../../core/kernel_contract.js';

/** Some pairs of labels and predictions, and what the formula makes of them. */
interface Pairs {
  readonly labels: Float32Array;
  readonly output: Float32Array;
  /** Numbers that add up to the loss of their row. */
  readonly losses: Float64Array;
  /** Their derivatives with respect to the predictions. */
  readonly slopes: Float64Array;
}

/**
 * Computes `count` pairs, which are rows of `length`. Each formula has a loop of its own: one that is given a function to call for each pair takes
 * 20 times as long, as a JavaScript engine inlines what it has seen called with one function alone.
 */
type Formula = (pairs: Pairs, count: number, parameter: number, length: number) => void;

/** The formulas of the ops in float64: see losses/. */
export const PAIR_FORMULAS: Readonly<Record<ElementwiseKernel, Formula>> = {
  FusedSquaredError({ labels, output, losses, slopes }, count) {
    for (let i = 0; i < count; i++) {
      const error = output[i]! - labels[i]!;
      losses[i] = error * error;
      slopes[i] = 2 * error;
    }
  },
  FusedAbsoluteError({ labels, output, losses, slopes }, count) {
    for (let i = 0; i < count; i++) {
      const error = output[i]! - labels[i]!;
      losses[i] = Math.abs(error);
      slopes[i] = Math.sign(error);
    }
  },
  FusedAbsolutePercentageError({ labels, output, losses, slopes }, count, epsilon) {
    for (let i = 0; i < count; i++) {
      const error = output[i]! - labels[i]!;
      const percent = 100 / Math.max(Math.abs(labels[i]!), epsilon);
      losses[i] = percent * Math.abs(error);
      slopes[i] = percent * Math.sign(error);
    }
  },
  FusedSquaredLogarithmicError({ labels, output, losses, slopes }, count, epsilon) {
    for (let i = 0; i < count; i++) {
      const label = Math.max(labels[i]!, epsilon);
      const p = Math.max(output[i]!, epsilon);
      // The logarithm of the ratio, which keeps the digits of a small difference.
      const difference = p - label;
      const larger = Math.log1p(Math.abs(difference) / (1 + Math.min(label, p)));
      const ratio = difference < 0 ? -larger : larger;
      losses[i] = ratio * ratio;
      slopes[i] = output[i]! < epsilon ? 0 * ratio : (2 * ratio) / (1 + p);
    }
  },
  FusedLogCosh({ labels, output, losses, slopes }, count) {
    for (let i = 0; i < count; i++) {
      const error = output[i]! - labels[i]!;
      const distance = Math.abs(error);
      const power = Math.expm1(-2 * distance);
      const slope = -power / (2 + power);
      // Below, what is of second order is the difference of two numbers that are 1e8 times as large.
      losses[i] = distance < 1e-8 ? (error * error) / 2 : distance + Math.log1p(power / 2);
      slopes[i] = error < 0 ? -slope : slope;
    }
  },
  FusedHuber({ labels, output, losses, slopes }, count, delta) {
    for (let i = 0; i < count; i++) {
      const error = output[i]! - labels[i]!;
      const near = Math.max(-delta, Math.min(error, delta));
      losses[i] = near * (error - near / 2);
      slopes[i] = near;
    }
  },
  FusedPoisson({ labels, output, losses, slopes }, count, epsilon) {
    for (let i = 0; i < count; i++) {
      const rate = output[i]! + epsilon;
      losses[i] = output[i]! - labels[i]! * Math.log(rate);
      slopes[i] = 1 - labels[i]! / rate;
    }
  },
  FusedKLDivergence({ labels, output, losses, slopes }, count, epsilon) {
    for (let i = 0; i < count; i++) {
      const label = Math.min(Math.max(labels[i]!, epsilon), 1);
      const p = Math.min(Math.max(output[i]!, epsilon), 1);
      losses[i] = label * Math.log1p((label - p) / p);
      slopes[i] = p < output[i]! || p > output[i]! ? 0 * label : -label / p;
    }
  },
  FusedHinge({ labels, output, losses, slopes }, count) {
    for (let i = 0; i < count; i++) {
      const missing = 1 - labels[i]! * output[i]!;
      losses[i] = Math.max(missing, 0);
      slopes[i] = missing < 0 ? 0 : missing >= 0 ? -labels[i]! : missing;
    }
  },
  FusedSquaredHinge({ labels, output, losses, slopes }, count) {
    for (let i = 0; i < count; i++) {
      const missing = Math.max(1 - labels[i]! * output[i]!, 0);
      losses[i] = missing * missing;
      slopes[i] = missing === 0 ? 0 : -2 * missing * labels[i]!;
    }
  },
  FusedCosineSimilarity({ labels, output, losses, slopes }, count, epsilon, length) {
    for (let start = 0; start < count; start += length) {
      const end = start + length;
      let [yy, pp, yp] = [0, 0, 0];
      for (let i = start; i < end; i++) {
        yy += labels[i]! * labels[i]!;
        pp += output[i]! * output[i]!;
        yp += labels[i]! * output[i]!;
      }
      const norm = Math.sqrt(pp);
      const scale = 1 / (Math.max(Math.sqrt(yy), epsilon) * Math.max(norm, epsilon));
      const turned = norm > epsilon ? yp / pp : 0;
      // A label without direction asks nothing of the prediction, even where that is NaN.
      if (yy === 0) slopes.fill(0, start, end);
      else {
        for (let i = start; i < end; i++) slopes[i] = (turned * output[i]! - labels[i]!) * scale;
      }
      losses.fill(0, start, end);
      losses[start] = -yp * scale;
    }
  },
  FusedCategoricalHinge({ labels, output, losses, slopes }, count, _, length) {
    // In float32, where those are equal that are so for the op, too.
    const other = (i: number) => Math.fround(Math.fround(1 - labels[i]!) * output[i]!);
    for (let start = 0; start < count; start += length) {
      const end = start + length;
      let [positive, largest, ties] = [0, -Infinity, 0];
      for (let i = start; i < end; i++) {
        positive += labels[i]! * output[i]!;
        const own = other(i);
        if (own > largest || Number.isNaN(own)) [largest, ties] = [own, 1];
        else if (own === largest) ties++;
      }
      const missing = largest - positive + 1;
      for (let i = start; i < end; i++) {
        const share = other(i) === largest ? (1 - labels[i]!) / ties : 0;
        slopes[i] = missing < 0 ? 0 : missing >= 0 ? share - labels[i]! : missing;
      }
      losses.fill(0, start, end);
      losses[start] = Math.max(missing, 0);
    }
  },
};
