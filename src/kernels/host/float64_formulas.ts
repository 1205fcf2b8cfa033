import type { ElementwiseKernel } from '../../core/kernel_contract.js';

/**
 * Computes `size` elements, which lie in rows of `rowLength`.
 *
 * Each formula has its own loop. A common loop that calls a function for each element takes 20 times as long: a JavaScript engine
 * inlines a function only where it is the only one that is called.
 *
 * @param losses - Gets the losses of the elements. Those of a row are added up.
 * @param slopes - Gets their derivatives with respect to the predictions.
 * @param constant - The constant of {@link ElementwiseSpec}.
 */
type Formula = (
  labels: Float32Array,
  predictions: Float32Array,
  losses: Float64Array,
  slopes: Float64Array,
  size: number,
  constant: number,
  rowLength: number,
) => void;

/** The elementwise losses in float64. The formulas are derived in src/losses. */
export const FLOAT64_FORMULAS: Readonly<Record<ElementwiseKernel, Formula>> = {
  FusedSquaredError(labels, predictions, losses, slopes, size) {
    for (let i = 0; i < size; i++) {
      const error = predictions[i]! - labels[i]!;
      losses[i] = error * error;
      slopes[i] = 2 * error;
    }
  },
  FusedAbsoluteError(labels, predictions, losses, slopes, size) {
    for (let i = 0; i < size; i++) {
      const error = predictions[i]! - labels[i]!;
      losses[i] = Math.abs(error);
      slopes[i] = Math.sign(error);
    }
  },
  FusedAbsolutePercentageError(labels, predictions, losses, slopes, size, epsilon) {
    for (let i = 0; i < size; i++) {
      const error = predictions[i]! - labels[i]!;
      const percent = 100 / Math.max(Math.abs(labels[i]!), epsilon);
      losses[i] = percent * Math.abs(error);
      slopes[i] = percent * Math.sign(error);
    }
  },
  FusedSquaredLogarithmicError(labels, predictions, losses, slopes, size, epsilon) {
    for (let i = 0; i < size; i++) {
      const label = Math.max(labels[i]!, epsilon);
      const p = Math.max(predictions[i]!, epsilon);
      // log((1 + p) / (1 + label)), computed from the difference, of which subtraction loses no digits.
      const difference = p - label;
      const distance = Math.log1p(Math.abs(difference) / (1 + Math.min(label, p)));
      const logRatio = difference < 0 ? -distance : distance;
      losses[i] = logRatio * logRatio;
      // Below epsilon the slope is 0, but NaN stays NaN.
      slopes[i] = predictions[i]! < epsilon ? 0 * logRatio : (2 * logRatio) / (1 + p);
    }
  },
  FusedLogCosh(labels, predictions, losses, slopes, size) {
    for (let i = 0; i < size; i++) {
      const error = predictions[i]! - labels[i]!;
      const distance = Math.abs(error);
      // e⁻²ᵈ − 1, of which tanh(d) and log(cosh(d)) = d + log((1 + e⁻²ᵈ) / 2) are made.
      const expm1 = Math.expm1(-2 * distance);
      const slope = -expm1 / (2 + expm1);
      // For small errors the loss is the difference of two numbers that are 1e8 times as large.
      losses[i] = distance < 1e-8 ? (error * error) / 2 : distance + Math.log1p(expm1 / 2);
      slopes[i] = error < 0 ? -slope : slope;
    }
  },
  FusedHuber(labels, predictions, losses, slopes, size, delta) {
    for (let i = 0; i < size; i++) {
      const error = predictions[i]! - labels[i]!;
      const clipped = Math.max(-delta, Math.min(error, delta));
      losses[i] = clipped * (error - clipped / 2);
      slopes[i] = clipped;
    }
  },
  FusedPoisson(labels, predictions, losses, slopes, size, epsilon) {
    for (let i = 0; i < size; i++) {
      const rate = predictions[i]! + epsilon;
      losses[i] = predictions[i]! - labels[i]! * Math.log(rate);
      slopes[i] = 1 - labels[i]! / rate;
    }
  },
  FusedKLDivergence(labels, predictions, losses, slopes, size, epsilon) {
    for (let i = 0; i < size; i++) {
      const label = Math.min(Math.max(labels[i]!, epsilon), 1);
      const p = Math.min(Math.max(predictions[i]!, epsilon), 1);
      losses[i] = label * Math.log1p((label - p) / p);
      // Outside of [epsilon, 1] the slope is 0, but NaN stays NaN.
      slopes[i] = p < predictions[i]! || p > predictions[i]! ? 0 * label : -label / p;
    }
  },
  FusedHinge(labels, predictions, losses, slopes, size) {
    for (let i = 0; i < size; i++) {
      const shortfall = 1 - labels[i]! * predictions[i]!;
      losses[i] = Math.max(shortfall, 0);
      slopes[i] = shortfall < 0 ? 0 : shortfall >= 0 ? -labels[i]! : shortfall;
    }
  },
  FusedSquaredHinge(labels, predictions, losses, slopes, size) {
    for (let i = 0; i < size; i++) {
      const shortfall = Math.max(1 - labels[i]! * predictions[i]!, 0);
      losses[i] = shortfall * shortfall;
      slopes[i] = shortfall === 0 ? 0 : -2 * shortfall * labels[i]!;
    }
  },
  FusedCosineSimilarity(labels, predictions, losses, slopes, size, epsilon, rowLength) {
    for (let start = 0; start < size; start += rowLength) {
      const end = start + rowLength;
      let [labelSquares, squares, products] = [0, 0, 0];
      for (let i = start; i < end; i++) {
        labelSquares += labels[i]! * labels[i]!;
        squares += predictions[i]! * predictions[i]!;
        products += labels[i]! * predictions[i]!;
      }
      const norm = Math.sqrt(squares);
      const scale = 1 / (Math.max(Math.sqrt(labelSquares), epsilon) * Math.max(norm, epsilon));
      // The label's projection on the prediction, in units of the prediction. That part of the label does not turn the prediction.
      const projection = norm > epsilon ? products / squares : 0;
      // Labels that are all 0 have no direction. They leave the prediction alone, even where it is NaN.
      if (labelSquares === 0) slopes.fill(0, start, end);
      else {
        for (let i = start; i < end; i++) {
          slopes[i] = (projection * predictions[i]! - labels[i]!) * scale;
        }
      }
      losses.fill(0, start, end);
      losses[start] = -products * scale;
    }
  },
  FusedCategoricalHinge(labels, predictions, losses, slopes, size, _, rowLength) {
    // (1 − y) · x in float32, as the op computes it: so there are ties in the same places.
    const negativeAt = (i: number) => Math.fround(Math.fround(1 - labels[i]!) * predictions[i]!);
    for (let start = 0; start < size; start += rowLength) {
      const end = start + rowLength;
      let [positive, largest, ties] = [0, -Infinity, 0];
      for (let i = start; i < end; i++) {
        positive += labels[i]! * predictions[i]!;
        const negative = negativeAt(i);
        if (negative > largest || Number.isNaN(negative)) [largest, ties] = [negative, 1];
        else if (negative === largest) ties++;
      }
      const shortfall = largest - positive + 1;
      for (let i = start; i < end; i++) {
        const share = negativeAt(i) === largest ? (1 - labels[i]!) / ties : 0;
        slopes[i] = shortfall < 0 ? 0 : shortfall >= 0 ? share - labels[i]! : shortfall;
      }
      losses.fill(0, start, end);
      losses[start] = Math.max(shortfall, 0);
    }
  },
};
