import { ELEMENTWISE_KERNELS } from '../../core/kernel_contract.js';
import { FLOAT64_FORMULAS } from './float64_formulas.js';
import type { Memory, RowKernels } from './row_kernels.js';

/**
 * Row kernels in float64. They are what SIMD has to equal. They compute what SIMD cannot, NaN and infinities, and everything where
 * WebAssembly or its SIMD is missing or may not be compiled.
 */
export function float64Kernels(memory: Memory): RowKernels {
  const floats = (address: number, length: number) =>
    new Float32Array(memory.buffer, address, length);
  const optional = (address: number, length: number) =>
    address === 0 ? undefined : floats(address, length);
  return {
    sigmoid(
      logits,
      labels,
      positive,
      posWeight,
      weights,
      values,
      gradient,
      _scratch,
      rows,
      rowLength,
      labelScale,
      labelShift,
      scale,
    ) {
      const x = floats(logits, rows * rowLength);
      const y = floats(labels, rows * rowLength);
      const [w, p] = [optional(weights, rows), optional(positive, rowLength)];
      const [v, g] = [optional(values, rows), optional(gradient, rows * rowLength)];
      let sum = 0;
      for (let row = 0, i = 0; row < rows; row++) {
        const weight = w?.[row] ?? 1;
        let loss = 0;
        // See sigmoid_cross_entropy_with_logits.ts in src/ops.
        for (let j = 0; j < rowLength; j++, i++) {
          const label = labelScale * y[i]! + labelShift;
          const positiveLabel = label * (p?.[j] ?? posWeight);
          const distance = Math.abs(x[i]!);
          const e = Math.exp(-distance);
          const opposed = x[i]! > 0 ? 1 - label : positiveLabel;
          const total = 1 - label + positiveLabel;
          loss += (opposed === 0 ? 0 : distance * opposed) + Math.log1p(e) * total;
          if (g === undefined) continue;
          const outward = opposed - (e / (1 + e)) * total;
          g[i] = weight * scale === 0 ? 0 : (x[i]! > 0 ? outward : -outward) * weight * scale;
        }
        const weighted = weight === 0 ? 0 : loss * weight;
        if (v) v[row] = weighted / rowLength;
        sum += weighted;
      }
      return sum;
    },
    softmax(
      logits,
      labels,
      isSparse,
      weights,
      values,
      gradient,
      _scratch,
      rows,
      rowLength,
      labelScale,
      labelShift,
      scale,
    ) {
      const x = floats(logits, rows * rowLength);
      const y = isSparse
        ? new Int32Array(memory.buffer, labels, rows)
        : floats(labels, rows * rowLength);
      const w = optional(weights, rows);
      const [v, g] = [optional(values, rows), optional(gradient, rows * rowLength)];
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        const start = row * rowLength;
        const weight = isSparse && y[row]! < 0 ? 0 : (w?.[row] ?? 1);
        const labelAt = (j: number) =>
          labelScale * (isSparse ? Number(y[row] === j) : y[start + j]!) + labelShift;
        const loss =
          weight === 0 ? 0 : weight * softmaxRow(x, start, rowLength, labelAt, g, weight * scale);
        if (weight * scale === 0) g?.fill(0, start, start + rowLength);
        if (v) v[row] = loss;
        sum += loss;
      }
      return sum;
    },
    pairs(
      kernel,
      predictions,
      labels,
      weights,
      values,
      gradient,
      rows,
      rowLength,
      labelScale,
      labelShift,
      constant,
      scale,
      valueScale,
    ) {
      const size = rows * rowLength;
      const [w, v] = [optional(weights, rows), optional(values, rows)];
      const g = optional(gradient, size);
      const y = floats(labels, size);
      const scaled = labelScale === 1 ? y : y.map((label) => labelScale * label + labelShift);
      const x = floats(predictions, size);
      const [losses, slopes] = [new Float64Array(size), new Float64Array(size)];
      const formula = FLOAT64_FORMULAS[ELEMENTWISE_KERNELS[kernel]!];
      formula(scaled, x, losses, slopes, size, constant, rowLength);
      let sum = 0;
      for (let row = 0, i = 0; row < rows; row++) {
        const weight = w?.[row] ?? 1;
        const gradientScale = weight * scale;
        let loss = 0;
        for (const end = i + rowLength; i < end; i++) {
          loss += losses[i]!;
          if (g) g[i] = gradientScale === 0 ? 0 : slopes[i]! * gradientScale;
        }
        const weighted = weight === 0 ? 0 : loss * weight;
        if (v) v[row] = weighted * valueScale;
        sum += weighted;
      }
      return sum;
    },
  };
}

/**
 * The softmax cross-entropy of a row. Writes its gradient times `scale`, if there is a `gradient`. See negative_log_softmax.ts in
 * src/ops.
 */
function softmaxRow(
  x: Float32Array,
  start: number,
  length: number,
  labelAt: (j: number) => number,
  gradient: Float32Array | undefined,
  scale: number,
): number {
  // Negated, so that NaN counts as the largest.
  let largestAt = 0;
  for (let j = 1; j < length; j++) if (!(x[start + j]! <= x[start + largestAt]!)) largestAt = j;
  const largest = x[start + largestAt]!;
  // x − largest. The difference of two equal infinities would be NaN.
  const shifted = (j: number) => (x[start + j] === largest ? 0 : x[start + j]! - largest);
  let sumExpOthers = 0;
  let sumLabels = 0;
  for (let j = 0; j < length; j++) {
    if (j !== largestAt) sumExpOthers += Math.exp(shifted(j));
    sumLabels += labelAt(j);
  }
  if (Number.isNaN(largest)) sumExpOthers = NaN;
  // Of the shifted logits. That of the largest one, 0, adds e⁰ = 1.
  const logSumExp = Math.log1p(sumExpOthers);
  let loss = 0;
  for (let j = 0; j < length; j++) {
    const label = labelAt(j);
    if (label !== 0) loss += label * (logSumExp - shifted(j));
    if (gradient === undefined) continue;
    const p = Math.exp(shifted(j)) / (1 + sumExpOthers);
    // Where p is nearly 1, the difference 1 − p would lose its digits.
    const oneMinusP = j === largestAt ? sumExpOthers / (1 + sumExpOthers) : 1 - p;
    const otherLabels = sumLabels - label;
    // A factor of 0 makes 0 even of NaN.
    gradient[start + j] =
      ((otherLabels === 0 ? 0 : p * otherLabels) - (label === 0 ? 0 : oneMinusP * label)) * scale;
  }
  return loss;
}
