import { BLOCK, SIZE, first, loadFirst, storeFirst } from './lanes';
import {
  POWER_UNSCALE,
  all,
  expOfNegative,
  exponentOf,
  fractionOf,
  high,
  log,
  log1p,
  logOf,
  low,
  multiplyAdd,
  rounded,
  subtractProduct,
  sumOf,
  sumOfTwo,
  twiceAtanh,
  atanhTail,
} from './math';

/** −1, 0 or 1; 0 for NaN. */
@inline
function signOf(x: v128): v128 {
  const above = v128.and(f32x4.gt(x, all(0)), all(1));
  return f32x4.sub(above, v128.and(f32x4.lt(x, all(0)), all(1)));
}

/** The larger of x and the bound. NaN where x is NaN. */
@inline
function atLeast(x: v128, bound: v128): v128 {
  return f32x4.pmax(x, bound);
}

/** The smaller of x and the bound. NaN where x is NaN. */
@inline
function atMost(x: v128, bound: v128): v128 {
  return f32x4.pmin(x, bound);
}

/**
 * Returns the loss of four predictions x with labels y, and writes its derivative times `scale`, unless `gradient` is 0. `kernel` is
 * the position in ELEMENTWISE_KERNELS of src/core/kernel_contract.ts.
 */
@inline
function step(kernel: i32, x: v128, y: v128, constant: v128, scale: v128, gradient: usize, count: i32): v128 {
  const error = f32x4.sub(x, y);
  let loss = error;
  let slope = error;
  switch (kernel) {
    case 0: // (x − y)²
      loss = f32x4.mul(error, error);
      slope = f32x4.add(error, error);
      break;
    case 1: // |x − y|
      loss = f32x4.abs(error);
      slope = signOf(error);
      break;
    case 2: { // 100 · |x − y| / max(|y|, constant)
      const percent = f32x4.div(all(100), atLeast(f32x4.abs(y), constant));
      loss = f32x4.mul(percent, f32x4.abs(error));
      slope = f32x4.mul(percent, signOf(error));
      break;
    }
    case 3: { // log((1 + x) / (1 + y))², both at least the constant; as the logarithm of the larger over the smaller, with its sign
      const label = atLeast(y, constant);
      const p = atLeast(x, constant);
      const difference = f32x4.sub(p, label);
      const larger = log1p(
        f32x4.div(f32x4.abs(difference), f32x4.add(all(1), f32x4.pmin(p, label))),
      );
      const ratio = v128.xor(larger, v128.and(difference, all(-0.0)));
      loss = f32x4.mul(ratio, ratio);
      if (gradient == 0) break;
      slope = v128.andnot(
        f32x4.div(f32x4.add(ratio, ratio), f32x4.add(all(1), p)),
        f32x4.lt(x, constant),
      );
      break;
    }
    case 4: { // c · (e − c / 2), where c is the error e, clipped to ±constant
      const clipped = atLeast(atMost(error, constant), f32x4.neg(constant));
      loss = f32x4.mul(clipped, subtractProduct(clipped, all(0.5), error));
      slope = clipped;
      break;
    }
    case 5: { // x − y · log(x + constant)
      const rate = f32x4.add(x, constant);
      loss = subtractProduct(y, log(rate), x);
      if (gradient == 0) break;
      slope = f32x4.sub(all(1), f32x4.div(y, rate));
      break;
    }
    case 6: { // max(1 − y · x, 0)
      const shortfall = subtractProduct(y, x, all(1));
      loss = atLeast(shortfall, all(0));
      slope = v128.andnot(f32x4.neg(y), f32x4.lt(shortfall, all(0)));
      break;
    }
    case 7: { // max(1 − y · x, 0)²
      const shortfall = atLeast(subtractProduct(y, x, all(1)), all(0));
      loss = f32x4.mul(shortfall, shortfall);
      slope = v128.andnot(
        f32x4.mul(f32x4.mul(shortfall, all(-2)), y),
        f32x4.eq(shortfall, all(0)),
      );
      break;
    }
    case 8: { // log(cosh(d)) with d = |x − y|: log1p(2 s²) with s = sinh(d / 2) for d < 1, else d − log 2 + log1p(e⁻²ᵈ)
      const distance = f32x4.abs(error);
      const half = f32x4.pmin(f32x4.mul(distance, all(0.5)), all(0.5));
      const h2 = f32x4.mul(half, half);
      const series = multiplyAdd(h2, multiplyAdd(h2, all(1 / 5040), all(1 / 120)), all(1 / 6));
      const s = multiplyAdd(f32x4.mul(half, h2), series, half);
      const s2 = f32x4.mul(s, s);
      const power = f32x4.mul(expOfNegative(f32x4.neg(f32x4.add(distance, distance))), all(POWER_UNSCALE));
      const isNear = f32x4.lt(distance, all(1));
      const argument = v128.bitselect(f32x4.add(s2, s2), power, isNear);
      const base = v128.andnot(f32x4.sub(distance, all(0.6931472)), isNear);
      // log(1 + argument), where the argument is at most 0.55.
      loss = f32x4.add(base, twiceAtanh(f32x4.div(argument, f32x4.add(argument, all(2)))));
      if (gradient == 0) break;
      const root = f32x4.sqrt(f32x4.add(s2, all(1)));
      const rise = v128.bitselect(f32x4.mul(f32x4.add(s, s), root), f32x4.sub(all(1), power), isNear);
      slope = v128.xor(f32x4.div(rise, f32x4.add(argument, all(1))), v128.and(error, all(-0.0)));
      break;
    }
  }
  if (gradient != 0) storeFirst(gradient, count, f32x4.mul(slope, scale));
  return loss;
}

/** Σ loss over a row, in float64. A `gradient` of 0 stands for "none", and stays 0. */
function row(
  kernel: i32,
  x: usize,
  y: usize,
  gradient: usize,
  length: i32,
  a: f32,
  b: f32,
  constant: f32,
  scale: f32,
): f64 {
  const gradientStep: usize = gradient != 0 ? SIZE : 0;
  let sum: f64 = 0;
  let left = length;
  while (left >= 4) {
    const stop = x + min(BLOCK, (<usize>(left & ~3)) * SIZE);
    let part = all(0);
    for (; x < stop; x += 4 * SIZE, y += 4 * SIZE, gradient += 4 * gradientStep, left -= 4) {
      const label = multiplyAdd(v128.load(y), all(a), all(b));
      part = f32x4.add(part, step(kernel, v128.load(x), label, all(constant), all(scale), gradient, 4));
    }
    sum += sumOf(part);
  }
  if (left == 0) return sum;
  const label = multiplyAdd(loadFirst(y, left), all(a), all(b));
  const loss = step(kernel, loadFirst(x, left), label, all(constant), all(scale), gradient, left);
  return sum + sumOf(first(loss, left));
}

/**
 * Σ y · log(y / x) over a row, both clipped to [epsilon, 1]. Where x and y are near, the differences d = y − x are added up apart, in
 * float64, as in src/losses/kl_divergence.ts. With t = d / (y + x) and z = t², the rest of a term is
 *
 *     y · log(y / x) − d = y · 2 atanh(t) − d = t · d + y · t · z · P(z)
 */
function divergence(
  x: usize,
  y: usize,
  gradient: usize,
  length: i32,
  epsilon: f32,
  scale: f32,
): f64 {
  const one = all(1);
  const lowest = all(epsilon);
  const gradientStep: usize = gradient != 0 ? SIZE : 0;
  let sum: f64 = 0;
  for (let left = length; left > 0; ) {
    let part = all(0);
    let differences = f64x2.splat(0);
    // Up to 32 vectors are added up in float32.
    for (let k = 0; k < 32 && left > 0; k++) {
      const count = min(left, 4);
      const prediction = loadFirst(x, count);
      const label = atLeast(atMost(loadFirst(y, count), one), lowest);
      const p = atLeast(atMost(prediction, one), lowest);
      const ratio = f32x4.div(label, p);
      const difference = f32x4.sub(label, p);
      const both = f32x4.add(label, p);
      const isNear = f32x4.lt(f32x4.abs(difference), f32x4.mul(both, all(0.2)));
      const exponent = exponentOf(ratio);
      const m = fractionOf(ratio, exponent);
      const t = f32x4.div(
        v128.bitselect(difference, m, isNear),
        v128.bitselect(both, f32x4.add(m, all(2)), isNear),
      );
      const higher = atanhTail(t);
      const near = multiplyAdd(t, difference, f32x4.mul(label, higher));
      const far = f32x4.mul(label, logOf(exponent, f32x4.add(higher, f32x4.add(t, t))));
      // NaN is neither near nor far.
      const isFar = f32x4.ge(f32x4.abs(difference), f32x4.mul(both, all(0.2)));
      part = f32x4.add(part, v128.bitselect(near, v128.bitselect(far, both, isFar), isNear));
      const exact = v128.and(difference, isNear);
      differences = f64x2.add(differences, f64x2.add(low(exact), high(exact)));
      if (gradient != 0) {
        const slope = v128.and(f32x4.neg(ratio), f32x4.eq(p, prediction));
        storeFirst(gradient, count, f32x4.mul(slope, all(scale)));
      }
      left -= count;
      x += 4 * SIZE;
      y += 4 * SIZE;
      gradient += 4 * gradientStep;
    }
    sum += sumOf(part) + sumOfTwo(differences);
  }
  return sum;
}

/** −Σ y · x / (‖y‖ · ‖x‖), with norms of at least epsilon. It runs in float64, as products of both signs cancel. */
function cosine(x: usize, y: usize, gradient: usize, length: i32, epsilon: f32, scale: f32): f64 {
  let yy = f64x2.splat(0);
  let xx = yy;
  let yx = yy;
  for (let i: usize = 0, left = length; left > 0; i += 4 * SIZE, left -= 4) {
    const label = loadFirst(y + i, min(left, 4));
    const prediction = loadFirst(x + i, min(left, 4));
    yy = addProducts(yy, label, label);
    xx = addProducts(xx, prediction, prediction);
    yx = addProducts(yx, label, prediction);
  }
  const square = sumOfTwo(xx);
  const product = sumOfTwo(yx);
  const norm = sqrt(square);
  const shortest = <f64>epsilon;
  const factor = 1 / (max(sqrt(sumOfTwo(yy)), shortest) * max(norm, shortest));
  if (gradient != 0) {
    const projection = f64x2.splat(norm > shortest ? product / square : 0);
    const factors = f64x2.splat(factor * <f64>scale);
    for (let i: usize = 0, left = length; left > 0; i += 4 * SIZE, left -= 4) {
      const label = loadFirst(y + i, min(left, 4));
      const prediction = loadFirst(x + i, min(left, 4));
      const lowest = f64x2.sub(f64x2.mul(projection, low(prediction)), low(label));
      const highest = f64x2.sub(f64x2.mul(projection, high(prediction)), high(label));
      const slopes = rounded(f64x2.mul(factors, lowest), f64x2.mul(factors, highest));
      storeFirst(gradient + i, min(left, 4), slopes);
    }
  }
  return -product * factor;
}

/** Adds the products of four numbers to a sum of two lanes, in float64. */
@inline
function addProducts(sum: v128, a: v128, b: v128): v128 {
  return f64x2.add(
    sum,
    f64x2.add(f64x2.mul(low(a), low(b)), f64x2.mul(high(a), high(b))),
  );
}

/** (1 − y) · x in the first lanes, −∞ in the others. */
@inline
function negatives(x: v128, y: v128, count: i32): v128 {
  const product = f32x4.mul(f32x4.sub(all(1), y), x);
  const isThere = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
  return v128.bitselect(product, all(-(<f32>Infinity)), isThere);
}

/** max(max((1 − y) · x) − Σ y · x + 1, 0) over a row. */
function categoricalHinge(x: usize, y: usize, gradient: usize, length: i32, scale: f32): f64 {
  let largest = all(-(<f32>Infinity));
  let positive = f64x2.splat(0);
  for (let i: usize = 0, left = length; left > 0; i += 4 * SIZE, left -= 4) {
    const label = loadFirst(y + i, min(left, 4));
    const prediction = loadFirst(x + i, min(left, 4));
    positive = addProducts(positive, label, prediction);
    largest = f32x4.pmax(largest, negatives(prediction, label, left));
  }
  largest = f32x4.pmax(largest, v128.shuffle<i32>(largest, largest, 2, 3, 0, 1));
  largest = f32x4.pmax(largest, v128.shuffle<i32>(largest, largest, 1, 0, 3, 2));
  const shortfall = <f64>f32x4.extract_lane(largest, 0) - sumOfTwo(positive) + 1;
  // pmax passes over NaN. Then the sum is NaN, too, or there is an infinity in it.
  if (shortfall == -Infinity) return NaN;
  if (gradient == 0) return max(shortfall, 0);
  if (shortfall < 0) {
    memory.fill(gradient, 0, <usize>length * SIZE);
    return 0;
  }
  let ties: i32 = 0;
  for (let i: usize = 0, left = length; left > 0; i += 4 * SIZE, left -= 4) {
    const label = loadFirst(y + i, min(left, 4));
    const prediction = loadFirst(x + i, min(left, 4));
    ties += popcnt(i32x4.bitmask(f32x4.eq(negatives(prediction, label, left), largest)));
  }
  const share = all(1 / <f32>ties);
  for (let i: usize = 0, left = length; left > 0; i += 4 * SIZE, left -= 4) {
    const label = loadFirst(y + i, min(left, 4));
    const prediction = loadFirst(x + i, min(left, 4));
    const isLargest = f32x4.eq(negatives(prediction, label, left), largest);
    const rise = v128.and(f32x4.mul(f32x4.sub(all(1), label), share), isLargest);
    storeFirst(gradient + i, min(left, 4), f32x4.mul(f32x4.sub(rise, label), all(scale)));
  }
  return shortfall;
}

/** The first kernel for which the loss of a row is not a sum over its entries. */
@inline
const FIRST_OF_WHOLE_ROWS = 10;

/** `RowKernels.pairs` of src/kernels/host/row_kernels.ts, with a = labelScale and b = labelShift. */
export function pairs(
  kernel: i32,
  predictions: usize,
  labels: usize,
  weights: usize,
  values: usize,
  gradient: usize,
  rows: i32,
  length: i32,
  a: f32,
  b: f32,
  constant: f32,
  scale: f32,
  valueScale: f64,
): f64 {
  if (weights == 0 && values == 0 && kernel < FIRST_OF_WHOLE_ROWS) {
    length *= rows;
    rows = 1;
  }
  const stride = <usize>length * SIZE;
  let sum: f64 = 0;
  for (let r = 0; r < rows; r++) {
    const weight: f32 = weights != 0 ? load<f32>(weights + (<usize>r) * SIZE) : 1;
    const rowScale = scale * weight;
    let loss: f64;
    if (kernel == 9) loss = divergence(predictions, labels, gradient, length, constant, rowScale);
    else if (kernel == FIRST_OF_WHOLE_ROWS) loss = cosine(predictions, labels, gradient, length, constant, rowScale);
    else if (kernel > FIRST_OF_WHOLE_ROWS) loss = categoricalHinge(predictions, labels, gradient, length, rowScale);
    else loss = row(kernel, predictions, labels, gradient, length, a, b, constant, rowScale);
    loss *= <f64>weight;
    // A slope may be infinite where the loss is not, and infinity times 0 is NaN.
    if (gradient != 0 && rowScale == 0) memory.fill(gradient, 0, stride);
    if (values != 0) store<f32>(values + (<usize>r) * SIZE, <f32>(loss * valueScale));
    sum += loss;
    predictions += stride;
    labels += stride;
    if (gradient != 0) gradient += stride;
  }
  return sum;
}
