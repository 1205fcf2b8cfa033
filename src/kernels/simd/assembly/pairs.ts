import { BLOCK, SIZE, first, loadFirst, storeFirst } from './lanes';
import { POWER_UNSCALE, all, expOfNegative, log, log1p, multiplyAdd, subtractProduct, sumOf } from './math';

/** −1, 0 or 1. */
@inline
function signOf(x: v128): v128 {
  const above = v128.and(f32x4.gt(x, all(0)), all(1));
  return f32x4.sub(above, v128.and(f32x4.lt(x, all(0)), all(1)));
}

/**
 * The loss of four predictions x with labels y, whose derivative times `scale` is written. `op` is the place in the list of
 * PAIR_OPS, src/kernels/names.ts; what is not here is NaN, which leaves it to the core in float64.
 */
@inline
function step(op: i32, x: v128, y: v128, parameter: v128, scale: v128, gradient: usize, count: i32): v128 {
  const error = f32x4.sub(x, y);
  let loss = all(f32.NaN);
  let slope = loss;
  switch (op) {
    case 0: // (x − y)²
      loss = f32x4.mul(error, error);
      slope = f32x4.add(error, error);
      break;
    case 1: // |x − y|
      loss = f32x4.abs(error);
      slope = signOf(error);
      break;
    case 2: { // 100 · |x − y| / max(|y|, parameter)
      const percent = f32x4.div(all(100), f32x4.max(f32x4.abs(y), parameter));
      loss = f32x4.mul(percent, f32x4.abs(error));
      slope = f32x4.mul(percent, signOf(error));
      break;
    }
    case 3: { // log((1 + x) / (1 + y))², both at least the parameter: the logarithm of the larger over the smaller, with its sign
      const label = f32x4.max(y, parameter);
      const p = f32x4.max(x, parameter);
      const difference = f32x4.sub(p, label);
      const larger = log1p(
        f32x4.div(f32x4.abs(difference), f32x4.add(all(1), f32x4.min(p, label))),
      );
      const ratio = v128.xor(larger, v128.and(difference, all(-0.0)));
      loss = f32x4.mul(ratio, ratio);
      slope = v128.andnot(
        f32x4.div(f32x4.add(ratio, ratio), f32x4.add(all(1), p)),
        f32x4.lt(x, parameter),
      );
      break;
    }
    case 4: { // n · (e − n / 2) with n = e, cut off at ±parameter
      const near = f32x4.max(f32x4.neg(parameter), f32x4.min(error, parameter));
      loss = f32x4.mul(near, subtractProduct(near, all(0.5), error));
      slope = near;
      break;
    }
    case 5: { // x − y · log(x + parameter)
      const rate = f32x4.add(x, parameter);
      loss = subtractProduct(y, log(rate), x);
      slope = f32x4.sub(all(1), f32x4.div(y, rate));
      break;
    }
    case 6: { // max(1 − y · x, 0)
      const missing = subtractProduct(y, x, all(1));
      loss = f32x4.max(missing, all(0));
      slope = v128.andnot(f32x4.neg(y), f32x4.lt(missing, all(0)));
      break;
    }
    case 7: { // max(1 − y · x, 0)²
      const missing = f32x4.max(subtractProduct(y, x, all(1)), all(0));
      loss = f32x4.mul(missing, missing);
      slope = f32x4.mul(f32x4.mul(y, all(-2)), missing);
      break;
    }
    case 8: { // log(cosh(e)): near 0 log1p(2 s²) with s = sinh(|e| / 2), else |e| − log 2 + log1p(e⁻²ᵈ)
      const distance = f32x4.abs(error);
      const half = f32x4.min(f32x4.mul(distance, all(0.5)), all(0.5));
      const h2 = f32x4.mul(half, half);
      const series = multiplyAdd(h2, multiplyAdd(h2, all(1 / 5040), all(1 / 120)), all(1 / 6));
      const s = multiplyAdd(f32x4.mul(half, h2), series, half);
      const s2 = f32x4.mul(s, s);
      const power = f32x4.mul(expOfNegative(f32x4.neg(f32x4.add(distance, distance))), all(POWER_UNSCALE));
      const isNear = f32x4.lt(distance, all(1));
      const argument = v128.bitselect(f32x4.add(s2, s2), power, isNear);
      const base = v128.andnot(f32x4.sub(distance, all(0.6931472)), isNear);
      loss = f32x4.add(base, log1p(argument));
      const root = f32x4.sqrt(f32x4.add(s2, all(1)));
      const rise = v128.bitselect(f32x4.mul(f32x4.add(s, s), root), f32x4.sub(all(1), power), isNear);
      slope = v128.xor(f32x4.div(rise, f32x4.add(argument, all(1))), v128.and(error, all(-0.0)));
      break;
    }
  }
  storeFirst(gradient, count, f32x4.mul(slope, scale));
  return loss;
}

/** Σ loss over a row, in float64. Without a gradient, `gradient` is where it may go again and again, and `move` is 0. */
function row(
  op: i32,
  x: usize,
  y: usize,
  gradient: usize,
  move: usize,
  length: i32,
  a: f32,
  b: f32,
  parameter: f32,
  scale: f32,
): f64 {
  let sum: f64 = 0;
  let left = length;
  while (left >= 4) {
    const stop = x + min(BLOCK, (<usize>(left & ~3)) * SIZE);
    let part = all(0);
    for (; x < stop; x += 4 * SIZE, y += 4 * SIZE, gradient += 4 * move, left -= 4) {
      const label = multiplyAdd(v128.load(y), all(a), all(b));
      part = f32x4.add(part, step(op, v128.load(x), label, all(parameter), all(scale), gradient, 4));
    }
    sum += sumOf(part);
  }
  if (left == 0) return sum;
  const label = multiplyAdd(loadFirst(y, left), all(a), all(b));
  const loss = step(op, loadFirst(x, left), label, all(parameter), all(scale), gradient, left);
  return sum + sumOf(first(loss, left));
}

/**
 * Σ y · log(y / x) over a row, both in [epsilon, 1]. What is near adds up to second order, as in losses/kl_divergence.ts, where the
 * differences are added up apart, in float64.
 */
function divergence(
  x: usize,
  y: usize,
  gradient: usize,
  move: usize,
  length: i32,
  epsilon: f32,
  scale: f32,
): f64 {
  const one = all(1);
  const least = all(epsilon);
  let sum: f64 = 0;
  for (let left = length; left > 0; ) {
    let part = all(0);
    let differences = f64x2.splat(0);
    // As many as are added up in float32.
    for (let k = 0; k < 32 && left > 0; k++) {
      const count = min(left, 4);
      const given = loadFirst(x, count);
      const label = f32x4.max(f32x4.min(loadFirst(y, count), one), least);
      const p = f32x4.max(f32x4.min(given, one), least);
      const difference = f32x4.sub(label, p);
      const share = f32x4.div(difference, f32x4.add(label, p));
      const isNear = f32x4.lt(f32x4.abs(share), all(0.2));
      const s2 = f32x4.mul(share, share);
      let series = multiplyAdd(s2, all(1.0 / 11), all(1.0 / 9));
      series = multiplyAdd(s2, series, all(1.0 / 7));
      series = multiplyAdd(s2, series, all(1.0 / 5));
      series = multiplyAdd(s2, series, all(1.0 / 3));
      const second = multiplyAdd(f32x4.add(share, s2), series, one);
      const near = f32x4.mul(f32x4.mul(difference, share), second);
      const far = f32x4.mul(label, log(f32x4.div(label, p)));
      part = f32x4.add(part, v128.bitselect(near, far, isNear));
      const first = v128.and(difference, isNear);
      differences = f64x2.add(differences, f64x2.promote_low_f32x4(first));
      const rest = v128.shuffle<i32>(first, first, 2, 3, 2, 3);
      differences = f64x2.add(differences, f64x2.promote_low_f32x4(rest));
      const slope = v128.and(f32x4.neg(f32x4.div(label, p)), f32x4.eq(p, given));
      storeFirst(gradient, count, f32x4.mul(slope, all(scale)));
      left -= count;
      x += 4 * SIZE;
      y += 4 * SIZE;
      gradient += 4 * move;
    }
    sum += sumOf(part) + f64x2.extract_lane(differences, 0) + f64x2.extract_lane(differences, 1);
  }
  return sum;
}

/** `Core.pairs` of src/kernels/rows/core.ts, with a = labelScale and b = labelShift. */
export function pairs(
  op: i32,
  logits: usize,
  labels: usize,
  weights: usize,
  values: usize,
  gradient: usize,
  scratch: usize,
  rows: i32,
  length: i32,
  a: f32,
  b: f32,
  parameter: f32,
  scale: f32,
  share: f64,
): f64 {
  if (op > 9) return f64.NaN;
  if (weights == 0 && values == 0) {
    length *= rows;
    rows = 1;
  }
  const stride = <usize>length * SIZE;
  const move: usize = gradient != 0 ? SIZE : 0;
  let target = gradient != 0 ? gradient : scratch;
  let sum: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const weight: f32 = weights != 0 ? load<f32>(weights + (<usize>r) * SIZE) : 1;
    const own = scale * weight;
    const loss =
      <f64>weight *
      (op == 9
        ? divergence(logits, labels, target, move, length, parameter, own)
        : row(op, logits, labels, target, move, length, a, b, parameter, own));
    if (values != 0) store<f32>(values + (<usize>r) * SIZE, <f32>(loss * share));
    sum += loss;
    logits += stride;
    labels += stride;
    if (gradient != 0) target += stride;
  }
  return sum;
}
