import { all, expOfDifference, log1p, multiplyAdd, subtractProduct, sumOf } from './math';

/** How many bytes a number takes. */
@inline
const SIZE: usize = 4;

/** How many numbers each lane adds up in float32 before they go into a sum in float64. */
@inline
const BLOCK: usize = 128 * SIZE;

/** Rows up to this length are computed four at a time, in columns: 32 bytes of scratch for each class. */
@inline
const COLUMNS: i32 = 12;

/** A loss from here on may have been infinite. */
@inline
const HUGE: f32 = 1e37;

/** Stands in for −Infinity. */
@inline
const LOWEST: f32 = -3e38;

/** The numbers, without −Infinity: so a label of 0 makes 0 of its distance. */
@inline
function finite(x: v128): v128 {
  return f32x4.pmax(x, all(LOWEST));
}

/** The largest number of a row of four or more. */
function largestOf(p: usize, length: i32): f32 {
  const end = p + (<usize>length) * SIZE;
  // The last vector overlaps the one before it.
  let m0 = v128.load(end - 4 * SIZE);
  let m1 = m0;
  const stop = end - 8 * SIZE;
  for (; p <= stop; p += 8 * SIZE) {
    m0 = f32x4.pmax(m0, v128.load(p));
    m1 = f32x4.pmax(m1, v128.load(p, 16));
  }
  if (p + 4 * SIZE <= end) m0 = f32x4.pmax(m0, v128.load(p));
  m0 = f32x4.max(m0, m1);
  m0 = f32x4.max(m0, v128.shuffle<i32>(m0, m0, 2, 3, 0, 1));
  m0 = f32x4.max(m0, v128.shuffle<i32>(m0, m0, 1, 0, 3, 2));
  return max(f32x4.extract_lane(m0, 0), LOWEST);
}

/** What {@link addUp} adds up. */
let rest: f64 = 0;
let ones: f64 = 0;
let sumT: f64 = 0;
let sumYT: f64 = 0;
let sumY: f64 = 0;
/** A place in the row at or before its largest number, once that was met. */
let place: usize = 0;

/**
 * Computes the powers e = e^−t, with t = largest − x, of whole vectors, and adds up
 *
 *     rest  = Σ e where e < 1,  ones = Σ e where e = 1
 *     sumT  = Σ t,  sumYT = Σ label · t,  sumY = Σ label
 *
 * Nothing branches in the loop:
 * that would cost a fifth. Powers that nobody asked for go to one place again and again, which is cheaper than a second
 * version of it.
 */
@inline
function addUp(
  logits: usize,
  labels: usize,
  isSparse: bool,
  powers: usize,
  scratch: usize,
  length: i32,
  largest: v128,
): void {
  const one = all(1);
  const y = labels - logits;
  const end = logits + (<usize>length) * SIZE;
  let p = logits;
  while (p < end) {
    const start = p;
    const stop = min(p + BLOCK, end);
    const g = powers != 0 ? powers - logits : scratch - p;
    let e0 = all(0);
    let t0 = all(0);
    let yt0 = all(0);
    let y0 = all(0);
    let ones0 = i32x4.splat(0);
    for (; p < stop; p += 4 * SIZE) {
      const x = finite(v128.load(p));
      const e = expOfDifference(x, largest);
      v128.store(p + g, e);
      const isOne = f32x4.eq(e, one);
      e0 = f32x4.add(e0, v128.andnot(e, isOne));
      ones0 = i32x4.sub(ones0, isOne);
      const t = f32x4.sub(largest, x);
      t0 = f32x4.add(t0, t);
      if (!isSparse) {
        const v = v128.load(p + y);
        yt0 = multiplyAdd(v, t, yt0);
        y0 = f32x4.add(y0, v);
      }
    }
    const count = sumOf(f32x4.convert_i32x4_s(ones0));
    if (place == 0 && count > 0) place = start;
    ones += count;
    rest += sumOf(e0);
    sumT += sumOf(t0);
    if (!isSparse) {
      sumYT += sumOf(yt0);
      sumY += sumOf(y0);
    }
  }
}

/** {@link addUp} for one-hot or soft labels, and for class indices. */
function addUpDense(
  logits: usize,
  labels: usize,
  powers: usize,
  scratch: usize,
  length: i32,
  largest: v128,
): void {
  addUp(logits, labels, false, powers, scratch, length, largest);
}

function addUpSparse(
  logits: usize,
  powers: usize,
  scratch: usize,
  length: i32,
  largest: v128,
): void {
  addUp(logits, 0, true, powers, scratch, length, largest);
}

/**
 * The loss of a row of at least four classes, whose gradient times `scale` is written. With labels y = a · label + b:
 *
 *     loss     = log1p(rest) · Σ y + Σ y · t
 *     gradient = p · Σ y − y, with p = e / (1 + rest)
 *
 * Where p is nearly 1, which only that of the largest class can be, p − y would lose its digits: there the gradient is
 * p · (Σ y − y) − y · rest / (1 + rest).
 */
function row(
  logits: usize,
  labels: usize,
  label: i32,
  gradient: usize,
  scratch: usize,
  length: i32,
  a: f32,
  b: f32,
  scale: f32,
): f64 {
  const isSparse = label >= 0;
  const largest = largestOf(logits, length);
  const m = all(largest);
  const whole = length & ~3;
  const done = (<usize>whole) * SIZE;
  const left = length - whole;
  rest = 0;
  ones = 0;
  sumT = 0;
  sumYT = 0;
  sumY = 0;
  place = 0;
  if (isSparse) addUpSparse(logits, gradient, scratch, whole, m);
  else addUpDense(logits, labels, gradient, scratch, whole, m);
  if (left > 0) {
    // Filled up with the largest number, whose e is 1 and whose t is 0.
    ones -= <f64>(4 - left);
    const bytes = (<usize>left) * SIZE;
    v128.store(scratch, m);
    copy(logits + done, scratch, bytes);
    const isMet = place != 0;
    if (isSparse) addUpSparse(scratch, scratch + 32, 0, 4, m);
    else {
      v128.store(scratch, all(0), 16);
      copy(labels + done, scratch + 16, bytes);
      addUpDense(scratch, scratch + 16, scratch + 32, 0, 4, m);
    }
    if (!isMet) place = logits + done;
    if (gradient != 0) copy(scratch + 32, gradient + done, bytes);
  }
  if (isSparse) {
    sumY = 1;
    sumYT = <f64>largest - <f64>max(load<f32>(logits + (<usize>label) * SIZE), LOWEST);
  }
  // All that is as large as the largest number, but that itself.
  rest += ones - 1;
  const total = <f64>a * sumY + <f64>b * <f64>length;
  if (gradient != 0) {
    const end = logits + (<usize>length) * SIZE;
    let offset = place - logits;
    while (place + SIZE < end && load<f32>(gradient + offset) != 1) {
      place += SIZE;
      offset += SIZE;
    }
    const ownLabel: f64 = isSparse
      ? (<i32>(offset >> 2) == label ? 1 : 0)
      : <f64>load<f32>(labels + offset);
    const ownY = <f64>a * ownLabel + <f64>b;
    const share = <f64>scale / (1 + rest);
    scaleRow(labels, label, gradient, length, <f32>(share * total), scale * a, scale * b);
    store<f32>(gradient + offset, <f32>(share * (total - ownY - ownY * rest)));
  }
  const log = <f64>f32x4.extract_lane(log1p(all(<f32>rest)), 0);
  return log * total + <f64>a * sumYT + (b != 0 ? <f64>b * sumT : 0);
}

/** Powers become the gradient k · power − a · label − b. */
function scaleRow(
  labels: usize,
  label: i32,
  gradient: usize,
  length: i32,
  k: f32,
  a: f32,
  b: f32,
): void {
  const vk = all(k);
  const va = all(a);
  const vb = all(b);
  const y = labels - gradient;
  const stop = gradient + (<usize>(length & ~3)) * SIZE;
  const end = gradient + (<usize>length) * SIZE;
  let p = gradient;
  if (label >= 0) {
    for (; p < stop; p += 4 * SIZE) {
      v128.store(p, f32x4.sub(f32x4.mul(v128.load(p), vk), vb));
    }
    for (; p < end; p += SIZE) store<f32>(p, load<f32>(p) * k - b);
    const own = gradient + (<usize>label) * SIZE;
    store<f32>(own, load<f32>(own) - a);
  } else {
    for (; p < stop; p += 4 * SIZE) {
      const value = f32x4.sub(f32x4.mul(v128.load(p), vk), vb);
      v128.store(p, subtractProduct(v128.load(p + y), va, value));
    }
    for (; p < end; p += SIZE) {
      store<f32>(p, load<f32>(p) * k - b - load<f32>(p + y) * a);
    }
  }
}

/** Copies a few numbers. */
function copy(from: usize, to: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += SIZE) store<f32>(to + i, load<f32>(from + i));
}

/** Copies rows into columns: number j of row r goes to lane r of vector j. */
function toColumns(r0: usize, r1: usize, r2: usize, r3: usize, columns: usize, length: i32): void {
  let j = 0;
  for (; j + 4 <= length; j += 4) {
    const x0 = v128.load(r0);
    const x1 = v128.load(r1);
    const x2 = v128.load(r2);
    const x3 = v128.load(r3);
    const a = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
    const b = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
    const c = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
    const d = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
    v128.store(columns, v128.shuffle<i64>(a, b, 0, 2));
    v128.store(columns, v128.shuffle<i64>(a, b, 1, 3), 16);
    v128.store(columns, v128.shuffle<i64>(c, d, 0, 2), 32);
    v128.store(columns, v128.shuffle<i64>(c, d, 1, 3), 48);
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    columns += 64;
  }
  for (; j < length; j++) {
    let v = v128.load32_zero(r0);
    v = v128.load32_lane(r1, v, 1);
    v = v128.load32_lane(r2, v, 2);
    v = v128.load32_lane(r3, v, 3);
    v128.store(columns, v);
    r0 += 4;
    r1 += 4;
    r2 += 4;
    r3 += 4;
    columns += 16;
  }
}

/** Copies columns back into rows. */
function toRows(columns: usize, r0: usize, r1: usize, r2: usize, r3: usize, length: i32): void {
  let j = 0;
  for (; j + 4 <= length; j += 4) {
    const x0 = v128.load(columns);
    const x1 = v128.load(columns, 16);
    const x2 = v128.load(columns, 32);
    const x3 = v128.load(columns, 48);
    const a = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
    const b = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
    const c = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
    const d = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
    v128.store(r0, v128.shuffle<i64>(a, b, 0, 2));
    v128.store(r1, v128.shuffle<i64>(a, b, 1, 3));
    v128.store(r2, v128.shuffle<i64>(c, d, 0, 2));
    v128.store(r3, v128.shuffle<i64>(c, d, 1, 3));
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    columns += 64;
  }
  for (; j < length; j++) {
    const v = v128.load(columns);
    v128.store32_lane(r0, v, 0);
    v128.store32_lane(r1, v, 1);
    v128.store32_lane(r2, v, 2);
    v128.store32_lane(r3, v, 3);
    r0 += 4;
    r1 += 4;
    r2 += 4;
    r3 += 4;
    columns += 16;
  }
}

/** The same as {@link row} for four rows at once, one in each lane, from columns to columns. */
@inline
function fourRows(
  columns: usize,
  labelColumns: usize,
  label: v128,
  isSparse: bool,
  writesGradient: bool,
  length: i32,
  a: f32,
  b: f32,
  scale: v128,
): v128 {
  const end = columns + ((<usize>length) << 4);
  const y = labelColumns - columns;
  const one = all(1);
  const va = all(a);
  const vb = all(b);
  let largest = all(LOWEST);
  for (let p = columns; p < end; p += 16) largest = f32x4.pmax(v128.load(p), largest);
  let rest4 = all(0);
  let distance = all(0);
  let total = all(0);
  let index = i32x4.splat(0);
  let ones = i32x4.splat(0);
  for (let p = columns; p < end; p += 16) {
    const x = finite(v128.load(p));
    const e = expOfDifference(x, largest);
    v128.store(p, e);
    const isOne = f32x4.eq(e, one);
    rest4 = f32x4.add(rest4, v128.andnot(e, isOne));
    ones = i32x4.sub(ones, isOne);
    const v = multiplyAdd(isSparse ? hot(label, index) : v128.load(p + y), va, vb);
    index = i32x4.add(index, i32x4.splat(1));
    distance = multiplyAdd(v, f32x4.sub(largest, x), distance);
    total = f32x4.add(total, v);
  }
  rest4 = f32x4.add(rest4, f32x4.convert_i32x4_s(i32x4.sub(ones, i32x4.splat(1))));
  if (writesGradient) {
    const share = f32x4.div(one, f32x4.add(one, rest4));
    const notLargest = f32x4.mul(rest4, share);
    index = i32x4.splat(0);
    for (let p = columns; p < end; p += 16) {
      const e = v128.load(p);
      const probability = f32x4.mul(e, share);
      const others = v128.bitselect(notLargest, f32x4.sub(one, probability), f32x4.eq(e, one));
      const v = multiplyAdd(isSparse ? hot(label, index) : v128.load(p + y), va, vb);
      index = i32x4.add(index, i32x4.splat(1));
      const value = subtractProduct(v, others, f32x4.mul(probability, f32x4.sub(total, v)));
      v128.store(p, f32x4.mul(value, scale));
    }
  }
  return multiplyAdd(log1p(rest4), total, distance);
}

/** 1 where the class is that of the row, else 0. */
@inline
function hot(label: v128, index: v128): v128 {
  return v128.and(all(1), i32x4.eq(label, index));
}

/**
 * Softmax cross-entropy of rows.
 *
 * @param labels - Numbers in the shape of the logits, or class indices, one per row, below 0 for rows that do not count.
 * @param weights - Weights of the rows, or 0.
 * @param values - Where the loss of each row goes, weighted, or 0.
 * @param gradient - Where the gradient goes, weighted and times `scale`, or 0.
 * @param scratch - 2048 bytes.
 * @returns Σ weight · loss; NaN where a loss was not finite, and then nothing that was written counts.
 */
export function softmax(
  logits: usize,
  labels: usize,
  isSparse: bool,
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
  const stride = (<usize>length) * SIZE;
  let sum: f64 = 0;
  let isFinite = true;
  if (length <= COLUMNS) {
    const columns = scratch;
    const labelColumns = columns + ((<usize>length) << 4);
    for (let r = 0; r < rows; r += 4) {
      const count = min(rows - r, 4);
      // Lanes without a row of their own repeat the first one.
      const o1: usize = count > 1 ? stride : 0;
      const o2: usize = count > 2 ? 2 * stride : 0;
      const o3: usize = count > 3 ? 3 * stride : 0;
      const w = <usize>r << 2;
      toColumns(logits, logits + o1, logits + o2, logits + o3, columns, length);
      let label = i32x4.splat(0);
      let weight = all(1);
      if (weights != 0) weight = loadRows(weights + w, count);
      if (isSparse) {
        label = loadRows(labels + w, count);
        weight = v128.andnot(weight, i32x4.shr_s(label, 31));
      } else {
        const l = labels;
        toColumns(l, l + o1, l + o2, l + o3, labelColumns, length);
        labels += 4 * stride;
      }
      const scales = f32x4.mul(weight, all(scale));
      const writes = gradient != 0;
      const loss = isSparse
        ? fourRows(columns, 0, label, true, writes, length, a, b, scales)
        : fourRows(columns, labelColumns, label, false, writes, length, a, b, scales);
      if (!v128.all_true<i32>(f32x4.lt(f32x4.abs(loss), all(HUGE)))) isFinite = false;
      if (gradient != 0) {
        toRows(columns, gradient, gradient + o1, gradient + o2, gradient + o3, length);
        gradient += 4 * stride;
      }
      const weighted = f32x4.mul(loss, weight);
      for (let i = 0; i < count; i++) {
        const value = lane(weighted, i);
        if (values != 0) store<f32>(values + w + (<usize>i << 2), value);
        sum += <f64>value;
      }
      logits += 4 * stride;
    }
    return isFinite ? sum : NaN;
  }
  for (let r = 0; r < rows; r++) {
    const w = <usize>r << 2;
    let weight: f32 = weights != 0 ? load<f32>(weights + w) : 1;
    let label = -1;
    if (isSparse) {
      label = load<i32>(labels + w);
      if (label < 0) {
        label = 0;
        weight = 0;
      }
    }
    const loss = row(logits, labels, label, gradient, scratch, length, a, b, scale * weight);
    if (!(abs(loss) < <f64>HUGE)) isFinite = false;
    const weighted = loss * <f64>weight;
    if (values != 0) store<f32>(values + w, <f32>weighted);
    sum += weighted;
    logits += stride;
    if (!isSparse) labels += stride;
    if (gradient != 0) gradient += stride;
  }
  return isFinite ? sum : NaN;
}

/** One number per row; rows that are missing repeat the first one. */
@inline
function loadRows(p: usize, count: i32): v128 {
  if (count == 4) return v128.load(p);
  let v = v128.load32_splat(p);
  if (count > 1) v = v128.load32_lane(p, v, 1, 4);
  if (count > 2) v = v128.load32_lane(p, v, 2, 8);
  return v;
}

@inline
function lane(v: v128, i: i32): f32 {
  if (i == 0) return f32x4.extract_lane(v, 0);
  if (i == 1) return f32x4.extract_lane(v, 1);
  if (i == 2) return f32x4.extract_lane(v, 2);
  return f32x4.extract_lane(v, 3);
}
