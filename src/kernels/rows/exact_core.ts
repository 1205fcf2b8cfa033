import { ELEMENTWISE_KERNELS } from '../../core/kernel_contract.js';
import type { Core, Memory } from './core.js';
import { PAIR_FORMULAS } from './pair_formulas.js';

/**
 * A core in float64. It says what the SIMD core must give, and computes what that leaves: NaN and infinities, and everything
 * where WebAssembly or its SIMD is missing or may not be compiled.
 */
export function exactCore(memory: Memory): Core {
  const floats = (address: number, length: number) =>
    address === 0 ? undefined : new Float32Array(memory.buffer, address, length);
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
      length,
      labelScale,
      labelShift,
      scale,
    ) {
      const x = new Float32Array(memory.buffer, logits, rows * length);
      const y = new Float32Array(memory.buffer, labels, rows * length);
      const [w, p] = [floats(weights, rows), floats(positive, length)];
      const [v, g] = [floats(values, rows), floats(gradient, rows * length)];
      let sum = 0;
      for (let row = 0, i = 0; row < rows; row++) {
        const weight = w?.[row] ?? 1;
        let loss = 0;
        for (let j = 0; j < length; j++, i++) {
          const label = labelScale * y[i]! + labelShift;
          const positives = label * (p?.[j] ?? posWeight);
          const distance = Math.abs(x[i]!);
          const e = Math.exp(-distance);
          const opposed = x[i]! > 0 ? 1 - label : positives;
          const total = 1 - label + positives;
          loss += (opposed === 0 ? 0 : distance * opposed) + Math.log1p(e) * total;
          if (g === undefined) continue;
          const outward = opposed - (e / (1 + e)) * total;
          g[i] = weight * scale === 0 ? 0 : (x[i]! > 0 ? outward : -outward) * weight * scale;
        }
        const weighted = weight === 0 ? 0 : loss * weight;
        if (v) v[row] = weighted / length;
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
      length,
      labelScale,
      labelShift,
      scale,
    ) {
      const x = new Float32Array(memory.buffer, logits, rows * length);
      const y = isSparse
        ? new Int32Array(memory.buffer, labels, rows)
        : new Float32Array(memory.buffer, labels, rows * length);
      const w = floats(weights, rows);
      const [v, g] = [floats(values, rows), floats(gradient, rows * length)];
      let sum = 0;
      for (let row = 0; row < rows; row++) {
        const start = row * length;
        const weight = isSparse && y[row]! < 0 ? 0 : (w?.[row] ?? 1);
        const label = (j: number) =>
          labelScale * (isSparse ? Number(y[row] === j) : y[start + j]!) + labelShift;
        const loss =
          weight === 0 ? 0 : weight * softmaxRow(x, start, length, label, g, weight * scale);
        if (weight * scale === 0) g?.fill(0, start, start + length);
        if (v) v[row] = loss;
        sum += loss;
      }
      return sum;
    },
    pairs(
      op,
      output,
      labels,
      weights,
      values,
      gradient,
      rows,
      length,
      labelScale,
      labelShift,
      parameter,
      scale,
      share,
    ) {
      const [w, v] = [floats(weights, rows), floats(values, rows)];
      const g = floats(gradient, rows * length);
      const given = new Float32Array(memory.buffer, labels, rows * length);
      const y = labelScale === 1 ? given : given.map((label) => labelScale * label + labelShift);
      const pairs = {
        labels: y,
        output: new Float32Array(memory.buffer, output, rows * length),
        losses: new Float64Array(rows * length),
        slopes: new Float64Array(rows * length),
      };
      PAIR_FORMULAS[ELEMENTWISE_KERNELS[op]!](pairs, rows * length, parameter, length);
      let sum = 0;
      for (let row = 0, i = 0; row < rows; row++) {
        const weight = w?.[row] ?? 1;
        const factor = weight * scale;
        let loss = 0;
        for (const end = i + length; i < end; i++) {
          loss += pairs.losses[i]!;
          if (g) g[i] = factor === 0 ? 0 : pairs.slopes[i]! * factor;
        }
        const weighted = weight === 0 ? 0 : loss * weight;
        if (v) v[row] = weighted * share;
        sum += weighted;
      }
      return sum;
    },
  };
}

/** The loss of a row, whose gradient times `scale` is written: see negative_log_softmax.ts. */
function softmaxRow(
  x: Float32Array,
  start: number,
  length: number,
  label: (class_: number) => number,
  gradient: Float32Array | undefined,
  scale: number,
): number {
  let place = 0;
  for (let j = 1; j < length; j++) if (!(x[start + j]! <= x[start + place]!)) place = j;
  const largest = x[start + place]!;
  // 0 for what is as large, also where both are infinite.
  const behind = (j: number) => (x[start + j] === largest ? 0 : x[start + j]! - largest);
  let rest = 0;
  let total = 0;
  for (let j = 0; j < length; j++) {
    if (j !== place) rest += Math.exp(behind(j));
    total += label(j);
  }
  if (Number.isNaN(largest)) rest = NaN;
  const least = Math.log1p(rest);
  let loss = 0;
  for (let j = 0; j < length; j++) {
    const own = label(j);
    if (own !== 0) loss += own * (least - behind(j));
    if (gradient === undefined) continue;
    const p = Math.exp(behind(j)) / (1 + rest);
    const notP = j === place ? rest / (1 + rest) : 1 - p;
    const others = total - own;
    gradient[start + j] = ((others === 0 ? 0 : p * others) - (own === 0 ? 0 : notP * own)) * scale;
  }
  return loss;
}
