import { BLOCK, SIZE, first, gather, storeFirst } from './lanes';
import {
  POWER_SCALE,
  POWER_UNSCALE,
  all,
  expOfDifference,
  log1p,
  multiplyAdd,
  subtractProduct,
  sumOf,
} from './math';

/** Rows up to this length are computed four at a time, in columns. That takes 32 bytes of scratch per class, and 32 more. */
@inline
const LONGEST_COLUMN_ROW: i32 = 64;

/** Columns are added up in blocks of so many bytes, then the sums of the blocks: so each number is rounded less often. */
@inline
const COLUMN_BLOCK: usize = 8 * 16;

/** A row whose logits are all below this has no largest one: they are −Infinity. */
@inline
const LOWEST: f32 = -3e38;

/** sum + label · t with t = largest − x. A label of 0 adds nothing, even where t is infinite. */
@inline
function addDistance(label: v128, x: v128, largest: v128, sum: v128): v128 {
  const product = f32x4.mul(label, f32x4.sub(largest, x));
  return f32x4.add(sum, v128.and(product, f32x4.ne(label, all(0))));
}

/** The largest of four or more numbers. */
function largestOf(p: usize, length: i32): f32 {
  const end = p + (<usize>length) * SIZE;
  // The last four numbers come first. Below, the first of them may be read again.
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

/** The results of {@link addPowers}, which adds to them. */
let sumExpOthers: f64 = 0;
let ones: f64 = 0;
let sumYT: f64 = 0;
let sumY: f64 = 0;
/** Where to start looking for the largest number: the address of it or of a number before it. 0 until it is found. */
let largestAt: usize = 0;

/**
 * Computes the powers e = e^−t, with t = largest − x, of a multiple of eight numbers, and adds up
 *
 *     sumExpOthers = Σ e where e < 1,  ones = Σ e where e = 1
 *     sumYT        = Σ label · t,      sumY = Σ label
 *
 * Nothing branches in the inner loop: a branch would make it a fifth slower. Powers that nobody needs overwrite the same few bytes
 * again and again: cheaper than a second loop without them.
 */
@inline
function addPowers(
  logits: usize,
  labels: usize,
  isSparse: bool,
  powers: usize,
  scratch: usize,
  length: i32,
  largest: v128,
): void {
  const y = labels - logits;
  const end = logits + (<usize>length) * SIZE;
  let p = logits;
  while (p < end) {
    const start = p;
    const stop = min(p + BLOCK, end);
    const g = powers != 0 ? powers - logits : scratch - p;
    let e0 = all(0);
    let e1 = all(0);
    let highest = all(0);
    let yt = all(0);
    let y0 = all(0);
    for (; p < stop; p += 8 * SIZE) {
      const x0 = v128.load(p);
      const x1 = v128.load(p, 16);
      const power0 = expOfDifference(x0, largest);
      const power1 = expOfDifference(x1, largest);
      v128.store(p + g, power0);
      v128.store(p + g, power1, 16);
      e0 = f32x4.add(e0, power0);
      e1 = f32x4.add(e1, power1);
      highest = f32x4.pmax(highest, f32x4.pmax(power0, power1));
      if (!isSparse) {
        const v0 = v128.load(p + y);
        const v1 = v128.load(p + y, 16);
        yt = addDistance(v0, x0, largest, yt);
        yt = addDistance(v1, x1, largest, yt);
        y0 = f32x4.add(y0, f32x4.add(v0, v1));
      }
    }
    // In a sum with 1, small powers lose their digits: they are added up again without it.
    if (v128.any_true(f32x4.eq(highest, all(POWER_SCALE)))) {
      if (largestAt == 0) largestAt = start;
      sumExpOthers += sumBelowOne(start + g, stop + g);
    } else {
      sumExpOthers += sumOf(f32x4.add(e0, e1));
    }
    if (!isSparse) {
      sumYT += sumOf(yt);
      sumY += sumOf(y0);
    }
  }
}

/** Σ e where e < 1. Counts in `ones` those that are 1. */
function sumBelowOne(powers: usize, end: usize): f64 {
  let sum = all(0);
  let count = i32x4.splat(0);
  for (let p = powers; p < end; p += 4 * SIZE) {
    const e = v128.load(p);
    const isOne = f32x4.eq(e, all(POWER_SCALE));
    sum = f32x4.add(sum, v128.andnot(e, isOne));
    count = i32x4.sub(count, isOne);
  }
  ones += sumOf(f32x4.convert_i32x4_s(count));
  return sumOf(sum);
}

/** Σ t over a row. Smoothed labels need it. */
function sumOfDistances(logits: usize, length: i32, largest: f32): f64 {
  const m = all(largest);
  const end = logits + (<usize>length) * SIZE;
  const whole = logits + (<usize>(length & ~3)) * SIZE;
  let sum: f64 = 0;
  let p = logits;
  while (p < whole) {
    const stop = min(p + BLOCK, whole);
    let s = all(0);
    for (; p < stop; p += 4 * SIZE) s = f32x4.add(s, f32x4.sub(m, v128.load(p)));
    sum += sumOf(s);
  }
  for (; p < end; p += SIZE) sum += <f64>largest - <f64>load<f32>(p);
  return sum;
}

/** {@link addPowers} for labels that are numbers; below, for labels that are class indices. */
function addPowersDense(
  logits: usize,
  labels: usize,
  powers: usize,
  scratch: usize,
  length: i32,
  largest: v128,
): void {
  addPowers(logits, labels, false, powers, scratch, length, largest);
}

function addPowersSparse(
  logits: usize,
  powers: usize,
  scratch: usize,
  length: i32,
  largest: v128,
): void {
  addPowers(logits, 0, true, powers, scratch, length, largest);
}

/**
 * Returns the loss of a row of at least four classes, and writes its gradient times `scale`. With labels y = a · label + b:
 *
 *     loss     = log1p(sumExpOthers) · Σ y + Σ y · t
 *     gradient = p · Σ y − y, with p = e / (1 + sumExpOthers)
 *
 * Only the p of the largest logit can be nearly 1. Its p − y would lose digits, so its gradient is computed as
 * p · (Σ y − y) − y · sumExpOthers / (1 + sumExpOthers).
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
  const whole = length & ~7;
  const wholeBytes = (<usize>whole) * SIZE;
  const left = length - whole;
  sumExpOthers = 0;
  ones = 0;
  sumYT = 0;
  sumY = 0;
  largestAt = 0;
  if (isSparse) addPowersSparse(logits, gradient, scratch, whole, m);
  else addPowersDense(logits, labels, gradient, scratch, whole, m);
  if (left > 0) {
    // The rest is filled up to eight with the largest number, whose e is 1 and whose t is 0.
    ones -= <f64>(8 - left);
    const bytes = (<usize>left) * SIZE;
    v128.store(scratch, m);
    v128.store(scratch, m, 16);
    copy(logits + wholeBytes, scratch, bytes);
    const isFound = largestAt != 0;
    if (isSparse) addPowersSparse(scratch, scratch + 64, 0, 8, m);
    else {
      v128.store(scratch, all(0), 32);
      v128.store(scratch, all(0), 48);
      copy(labels + wholeBytes, scratch + 32, bytes);
      addPowersDense(scratch, scratch + 32, scratch + 64, 0, 8, m);
    }
    if (!isFound) largestAt = logits + wholeBytes;
    if (gradient != 0) copy(scratch + 64, gradient + wholeBytes, bytes);
  }
  if (isSparse) {
    sumY = 1;
    sumYT = <f64>largest - <f64>load<f32>(logits + (<usize>label) * SIZE);
  }
  // NaN, Infinity or nothing but −Infinity in a row: then no e is 1.
  if (!(ones >= 1)) return NaN;
  // Of numbers that are as large as the largest, all but one belong to the others.
  sumExpOthers = sumExpOthers * <f64>POWER_UNSCALE + (ones - 1);
  const total = <f64>a * sumY + <f64>b * <f64>length;
  if (gradient != 0) {
    const end = logits + (<usize>length) * SIZE;
    let offset = largestAt - logits;
    while (largestAt + SIZE < end && load<f32>(gradient + offset) != POWER_SCALE) {
      largestAt += SIZE;
      offset += SIZE;
    }
    const labelOfLargest: f64 = isSparse
      ? (<i32>(offset >> 2) == label ? 1 : 0)
      : <f64>load<f32>(labels + offset);
    const yOfLargest = <f64>a * labelOfLargest + <f64>b;
    const share = <f64>scale / (1 + sumExpOthers);
    scaleRow(labels, label, gradient, length, <f32>(share * total) * POWER_UNSCALE, scale * a, scale * b);
    store<f32>(gradient + offset, <f32>(share * (total - yOfLargest - yOfLargest * sumExpOthers)));
  }
  const log = <f64>f32x4.extract_lane(log1p(all(<f32>sumExpOthers)), 0);
  const smoothed = b != 0 ? <f64>b * sumOfDistances(logits, length, largest) : 0;
  return log * total + <f64>a * sumYT + smoothed;
}

/** Turns the powers of a row into the gradient k · power − a · label − b. */
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
    const entry = gradient + (<usize>label) * SIZE;
    store<f32>(entry, load<f32>(entry) - a);
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

/** Copies four rows into columns: number j of row r goes to lane r of vector j. */
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
    v128.store(columns, gather(r0, r1, r2, r3));
    r0 += 4;
    r1 += 4;
    r2 += 4;
    r3 += 4;
    columns += 16;
  }
}

/** Copies columns back into four rows. */
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

/** The results of {@link addColumnPowers}, one row in each lane. */
let columnSumExpOthers: v128 = i32x4.splat(0);
let columnYT: v128 = i32x4.splat(0);
let columnY: v128 = i32x4.splat(0);

/**
 * As {@link addPowers}, for four rows at once, one in each lane. The powers overwrite the logits. Columns are read two at a time. Where
 * their number is odd, one is appended that adds nothing.
 */
@inline
function addColumnPowers(
  columns: usize,
  labelColumns: usize,
  isSparse: bool,
  length: i32,
  largest: v128,
): void {
  const y = labelColumns - columns;
  const end = columns + ((<usize>length) << 4);
  v128.store(end, all(LOWEST));
  if (!isSparse) v128.store(end + y, all(0));
  let sum = all(0);
  let ones = i32x4.splat(-1);
  let yt = all(0);
  let sumY = all(0);
  let p = columns;
  while (p < end) {
    const stop = min(p + COLUMN_BLOCK, end);
    let rest0 = all(0);
    let rest1 = all(0);
    for (; p < stop; p += 32) {
      const x0 = v128.load(p);
      const x1 = v128.load(p, 16);
      const e0 = expOfDifference(x0, largest);
      const e1 = expOfDifference(x1, largest);
      v128.store(p, e0);
      v128.store(p, e1, 16);
      const isOne0 = f32x4.eq(e0, all(POWER_SCALE));
      const isOne1 = f32x4.eq(e1, all(POWER_SCALE));
      rest0 = f32x4.add(rest0, v128.andnot(e0, isOne0));
      rest1 = f32x4.add(rest1, v128.andnot(e1, isOne1));
      ones = i32x4.sub(ones, i32x4.add(isOne0, isOne1));
      if (!isSparse) {
        const v0 = v128.load(p + y);
        const v1 = v128.load(p + y, 16);
        yt = addDistance(v0, x0, largest, yt);
        yt = addDistance(v1, x1, largest, yt);
        sumY = f32x4.add(sumY, f32x4.add(v0, v1));
      }
    }
    sum = f32x4.add(sum, f32x4.add(rest0, rest1));
  }
  columnSumExpOthers = multiplyAdd(sum, all(POWER_UNSCALE), f32x4.convert_i32x4_s(ones));
  columnYT = yt;
  columnY = sumY;
}

/** The largest number of each row. */
function largestOfColumns(columns: usize, length: i32): v128 {
  const end = columns + ((<usize>length) << 4);
  let largest = all(LOWEST);
  for (let p = columns; p < end; p += 16) largest = f32x4.pmax(v128.load(p), largest);
  return largest;
}

/** Σ t of each row. */
function sumOfColumnDistances(columns: usize, length: i32, largest: v128): v128 {
  const end = columns + ((<usize>length) << 4);
  let sum = all(0);
  for (let p = columns; p < end; p += 16) {
    sum = f32x4.add(sum, f32x4.sub(largest, v128.load(p)));
  }
  return sum;
}

/** Returns the losses of four rows with labels in columns. The gradients overwrite the logits. As {@link row}. */
function denseColumns(
  columns: usize,
  labelColumns: usize,
  writesGradient: bool,
  length: i32,
  a: f32,
  b: f32,
  scale: v128,
): v128 {
  const largest = largestOfColumns(columns, length);
  const distances = b != 0 ? sumOfColumnDistances(columns, length, largest) : all(0);
  addColumnPowers(columns, labelColumns, false, length, largest);
  const sumExpOthers = columnSumExpOthers;
  const va = all(a);
  const vb = all(b);
  const total = multiplyAdd(va, columnY, all(b * <f32>length));
  const cost = multiplyAdd(va, columnYT, f32x4.mul(vb, distances));
  if (writesGradient) {
    const one = all(1);
    const share = f32x4.div(one, f32x4.add(one, sumExpOthers));
    const unscaledShare = f32x4.mul(share, all(POWER_UNSCALE));
    const notLargest = f32x4.mul(sumExpOthers, share);
    const y = labelColumns - columns;
    const end = columns + ((<usize>length) << 4);
    for (let p = columns; p < end; p += 16) {
      const e = v128.load(p);
      const isOne = f32x4.eq(e, all(POWER_SCALE));
      const probability = f32x4.mul(e, unscaledShare);
      const others = v128.bitselect(notLargest, f32x4.sub(one, probability), isOne);
      const v = multiplyAdd(v128.load(p + y), va, vb);
      const value = subtractProduct(v, others, f32x4.mul(probability, f32x4.sub(total, v)));
      v128.store(p, f32x4.mul(value, scale));
    }
  }
  return lossOf(sumExpOthers, total, cost, largest);
}

/** The same with class indices. Only the entry of the label differs from the others. */
function sparseColumns(
  columns: usize,
  label: v128,
  writesGradient: bool,
  length: i32,
  a: f32,
  b: f32,
  scale: v128,
): v128 {
  const one = all(1);
  const va = all(a);
  const vb = all(b);
  const largest = largestOfColumns(columns, length);
  const distances = b != 0 ? sumOfColumnDistances(columns, length, largest) : all(0);
  // The addresses of the entries of the labels. A row that does not count gets a valid one, too.
  const index = i32x4.max_s(label, i32x4.splat(0));
  const p0 = columns + ((<usize>i32x4.extract_lane(index, 0)) << 4);
  const p1 = columns + ((<usize>i32x4.extract_lane(index, 1)) << 4) + 4;
  const p2 = columns + ((<usize>i32x4.extract_lane(index, 2)) << 4) + 8;
  const p3 = columns + ((<usize>i32x4.extract_lane(index, 3)) << 4) + 12;
  const labelDistances = f32x4.sub(largest, gather(p0, p1, p2, p3));
  addColumnPowers(columns, 0, true, length, largest);
  const sumExpOthers = columnSumExpOthers;
  const total = all(a + b * <f32>length);
  const cost = multiplyAdd(va, labelDistances, f32x4.mul(vb, distances));
  if (writesGradient) {
    const share = f32x4.div(one, f32x4.add(one, sumExpOthers));
    const unscaledShare = f32x4.mul(share, all(POWER_UNSCALE));
    const e = gather(p0, p1, p2, p3);
    const probability = f32x4.mul(e, unscaledShare);
    const others = v128.bitselect(
      f32x4.mul(sumExpOthers, share),
      f32x4.sub(one, probability),
      f32x4.eq(e, all(POWER_SCALE)),
    );
    const y = f32x4.add(va, vb);
    const value = subtractProduct(y, others, f32x4.mul(probability, f32x4.sub(total, y)));
    const k = f32x4.mul(f32x4.mul(total, unscaledShare), scale);
    const kb = f32x4.mul(vb, scale);
    const end = columns + ((<usize>length) << 4);
    for (let p = columns; p < end; p += 16) {
      v128.store(p, f32x4.sub(f32x4.mul(v128.load(p), k), kb));
    }
    const labelGradients = f32x4.mul(value, scale);
    v128.store32_lane(p0, labelGradients, 0);
    v128.store32_lane(p1, labelGradients, 1);
    v128.store32_lane(p2, labelGradients, 2);
    v128.store32_lane(p3, labelGradients, 3);
  }
  return lossOf(sumExpOthers, total, cost, largest);
}

/** log1p(sumExpOthers) · Σ y + Σ y · t. NaN for rows of nothing but −Infinity, which have no largest number. */
@inline
function lossOf(sumExpOthers: v128, total: v128, cost: v128, largest: v128): v128 {
  const loss = multiplyAdd(log1p(sumExpOthers), total, cost);
  return v128.bitselect(all(NaN), loss, f32x4.le(largest, all(LOWEST)));
}

/** `RowKernels.softmax` of src/kernels/host/row_kernels.ts, with a = labelScale and b = labelShift. */
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
  if (length <= LONGEST_COLUMN_ROW) {
    const columns = scratch;
    const labelColumns = columns + ((<usize>length + 1) << 4);
    for (let r = 0; r < rows; r += 4) {
      const count = min(rows - r, 4);
      // At the end there may be fewer than four rows. The other lanes repeat the first one.
      const o1: usize = count > 1 ? stride : 0;
      const o2: usize = count > 2 ? 2 * stride : 0;
      const o3: usize = count > 3 ? 3 * stride : 0;
      const w = (<usize>r) * SIZE;
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
        ? sparseColumns(columns, label, writes, length, a, b, scales)
        : denseColumns(columns, labelColumns, writes, length, a, b, scales);
      if (!v128.all_true<i32>(f32x4.lt(f32x4.abs(loss), all(Infinity)))) isFinite = false;
      if (gradient != 0) {
        toRows(columns, gradient, gradient + o1, gradient + o2, gradient + o3, length);
        gradient += 4 * stride;
      }
      const weighted = f32x4.mul(loss, weight);
      if (values != 0) storeFirst(values + w, count, weighted);
      sum += sumOf(first(weighted, count));
      logits += 4 * stride;
    }
    return isFinite ? sum : NaN;
  }
  for (let r = 0; r < rows; r++) {
    const w = (<usize>r) * SIZE;
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
    if (!(abs(loss) < Infinity)) isFinite = false;
    const weighted = loss * <f64>weight;
    if (values != 0) store<f32>(values + w, <f32>weighted);
    sum += weighted;
    logits += stride;
    if (!isSparse) labels += stride;
    if (gradient != 0) gradient += stride;
  }
  return isFinite ? sum : NaN;
}

/** Reads one number per row. Lanes without a row repeat the first one. */
@inline
function loadRows(p: usize, count: i32): v128 {
  return gather(
    p,
    p + (count > 1 ? SIZE : 0),
    p + (count > 2 ? 2 * SIZE : 0),
    p + (count > 3 ? 3 * SIZE : 0),
  );
}
