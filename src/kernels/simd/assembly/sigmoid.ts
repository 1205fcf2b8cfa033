import { BLOCK, SIZE, first, loadFirst, storeFirst } from './lanes';
import { POWER_UNSCALE, all, expOfNegative, multiplyAdd, sumOf, twiceAtanh } from './math';

/**
 * Returns the loss of four labels, and writes its gradient times `scale`:
 *
 *     y        = a · label + b
 *     loss     = x · u + log1p(e^−|x|) · total
 *     gradient = (u ∓ σ(−|x|) · total) · scale
 *
 * with u = 1 − y for x ≥ 0, else −y · positive, and total = 1 − y + y · positive. Both terms of the loss are positive. The
 * smaller one of σ(x) and σ(−x) is computed, which has all its digits: see sigmoid_cross_entropy_with_logits.ts in src/ops. With
 * e = e^−|x|, log1p(e) = 2 atanh(e / (2 + e)) and σ(−|x|) = e / (1 + e). The error is about 3 ulp.
 */
@inline
function step(
  x: v128,
  y: v128,
  positive: v128,
  isWeighted: bool,
  scale: v128,
  gradient: usize,
  count: i32,
): v128 {
  const one = all(1);
  const e = f32x4.mul(expOfNegative(v128.or(x, all(-0.0))), all(POWER_UNSCALE));
  let log = twiceAtanh(f32x4.div(e, f32x4.add(e, all(2))));
  const isNegative = i32x4.shr_s(x, 31);
  let u: v128;
  let total = one;
  if (isWeighted) {
    const no = f32x4.sub(one, y);
    const yes = f32x4.mul(y, positive);
    total = f32x4.add(no, yes);
    log = f32x4.mul(log, total);
    u = v128.bitselect(f32x4.neg(yes), no, isNegative);
  } else {
    u = f32x4.sub(v128.andnot(one, isNegative), y);
  }
  let tail = f32x4.div(e, f32x4.add(e, one));
  if (isWeighted) tail = f32x4.mul(tail, total);
  tail = v128.xor(tail, v128.and(x, all(-0.0)));
  const g = f32x4.mul(f32x4.sub(u, tail), scale);
  storeFirst(gradient, count, g);
  return multiplyAdd(x, u, log);
}

/**
 * Σ loss of the logits from address `p` to `stop`, eight at a time. Labels are `y` bytes behind the logits, the gradient is `g`
 * bytes behind them. Nothing branches in the loop: a branch would make it a fifth slower.
 */
function block(p: usize, stop: usize, y: usize, g: usize, a: f32, b: f32, scale: f32): f64 {
  const va = all(a);
  const vb = all(b);
  const vs = all(scale);
  let s0 = all(0);
  let s1 = all(0);
  for (; p < stop; p += 8 * SIZE) {
    const y0 = multiplyAdd(v128.load(p + y), va, vb);
    s0 = f32x4.add(s0, step(v128.load(p), y0, va, false, vs, p + g, 4));
    const y1 = multiplyAdd(v128.load(p + y, 16), va, vb);
    s1 = f32x4.add(s1, step(v128.load(p, 16), y1, va, false, vs, p + g + 16, 4));
  }
  return sumOf(f32x4.add(s0, s1));
}

/** Σ weight · loss over any number of labels, four at a time. `weights` and `positive` have one number per label, or are 0. */
function fours(
  logits: usize,
  labels: usize,
  positive: usize,
  posWeight: f32,
  weights: usize,
  values: usize,
  gradient: usize,
  scratch: usize,
  length: i32,
  a: f32,
  b: f32,
  scale: f32,
): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < length; i += 4) {
    const o = (<usize>i) * SIZE;
    const count = min(length - i, 4);
    const y = multiplyAdd(loadFirst(labels + o, count), all(a), all(b));
    const positives = positive != 0 ? loadFirst(positive + o, count) : all(posWeight);
    const weight = weights != 0 ? loadFirst(weights + o, count) : all(1);
    const scales = f32x4.mul(weight, all(scale));
    const target = gradient != 0 ? gradient + o : scratch;
    const x = loadFirst(logits + o, count);
    const loss = f32x4.mul(weight, step(x, y, positives, true, scales, target, count));
    if (values != 0) storeFirst(values + o, count, loss);
    sum += sumOf(first(loss, count));
  }
  return sum;
}

/** Σ loss over a row, in float64. */
function row(
  logits: usize,
  labels: usize,
  positive: usize,
  posWeight: f32,
  gradient: usize,
  scratch: usize,
  length: i32,
  a: f32,
  b: f32,
  scale: f32,
): f64 {
  let sum: f64 = 0;
  if (positive == 0 && posWeight == 1) {
    const done = (<usize>(length & ~7)) * SIZE;
    for (let p = logits; p < logits + done; p += BLOCK) {
      // A gradient that nobody needs overwrites the same few bytes again and again: cheaper than a second loop without it.
      const target = gradient != 0 ? gradient - logits : scratch - p;
      const stop = min(p + BLOCK, logits + done);
      sum += block(p, stop, labels - logits, target, a, b, scale);
    }
    logits += done;
    labels += done;
    if (gradient != 0) gradient += done;
    length &= 7;
  }
  return sum + fours(logits, labels, positive, posWeight, 0, 0, gradient, scratch, length, a, b, scale);
}

/** `RowKernels.sigmoid` of src/kernels/host/row_kernels.ts, with a = labelScale and b = labelShift. */
export function sigmoid(
  logits: usize,
  labels: usize,
  positive: usize,
  posWeight: f32,
  weights: usize,
  values: usize,
  gradient: usize,
  scratch: usize,
  rows: i32,
  length: i32,
  a: f32,
  b: f32,
  scale: f32,
): f64 {
  if (weights == 0 && values == 0 && positive == 0) {
    length *= rows;
    rows = 1;
  }
  if (length == 1 && positive == 0) {
    return fours(logits, labels, 0, posWeight, weights, values, gradient, scratch, rows, a, b, scale);
  }
  const stride = <usize>length * SIZE;
  let sum: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const weight: f32 = weights != 0 ? load<f32>(weights + (<usize>r) * SIZE) : 1;
    const loss =
      <f64>weight * row(logits, labels, positive, posWeight, gradient, scratch, length, a, b, scale * weight);
    if (values != 0) store<f32>(values + (<usize>r) * SIZE, <f32>(loss / <f64>length));
    sum += loss;
    logits += stride;
    labels += stride;
    if (gradient != 0) gradient += stride;
  }
  return sum;
}
