/** Elementary functions on four float32 numbers at a time. Error bounds are in ulp, units in the last place of the result. */

/** The number in all four lanes. */
@inline
export function all(x: f32): v128 {
  return f32x4.splat(x);
}

/** a · b + c. With relaxed SIMD that is one instruction, which rounds once. */
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c − a · b */
@inline
export function subtractProduct(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/** Powers are multiplied by 2²⁴. So even a power below 2⁻¹²⁶, the smallest normal number, has all its digits. */
@inline
export const POWER_SCALE: f32 = 16777216;
@inline
export const POWER_UNSCALE: f32 = 1 / POWER_SCALE;

/** ln 2⁻¹⁵⁰. For smaller x, e^x rounds to 0. */
@inline
const SMALLEST: f32 = -103.97208;

/** 1.5 · 2²³, and 24 more for the factor 2²⁴. */
@inline
const SHIFT: f32 = 12582912 + 24;

/**
 * e^x · 2²⁴ for x ≤ 0; 0 where e^x would be less than 2⁻¹⁵⁰; NaN for NaN.
 *
 * x = n · ln 2 + r with a whole n and |r| ≤ ½ ln 2, so e^x = 2ⁿ · e^r.
 *
 * - n: adding 1.5 · 2²³ leaves no bits for a fraction. So the sum is rounded to a whole number, which stands in its last bits.
 *   From there it is shifted into the exponent of e^r. Below `SMALLEST` all this is meaningless, and 0 replaces it.
 * - r: ln 2 is split into 355/512 and the rest. The product of 355/512 with |n| ≤ 150 is exact, and so is its difference from x.
 * - e^r = 1 + (r + r² q(r)). The polynomial q has degree 4, and the relative error of the whole is at most 3.2e-9: a minimax fit
 *   on |r| ≤ ½ ln 2, whose coefficients were rounded to float32 one after the other (tools/polynomials.py). Small terms are added
 *   first and the 1 last, which leaves about 1 ulp.
 */
@inline
export function expOfNegative(x: v128): v128 {
  const shifted = multiplyAdd(x, all(1.44269504), all(SHIFT));
  const n = f32x4.sub(shifted, all(SHIFT));
  const r = subtractProduct(n, all(-2.1219444e-4), subtractProduct(n, all(0.693359375), x));
  return scaledPower(r, shifted, x);
}

/**
 * e^(x − largest) · 2²⁴ for x ≤ largest, as {@link expOfNegative}. The rounding error of the difference, up to 4e-6 at −80, is put
 * back into r. It is the exact sum of two differences (T. J. Dekker, "A floating-point technique for extending the available
 * precision", 1971).
 */
@inline
export function expOfDifference(x: v128, largest: v128): v128 {
  const difference = f32x4.sub(x, largest);
  const minusLargest = f32x4.sub(difference, x);
  const error = f32x4.sub(
    f32x4.sub(x, f32x4.sub(difference, minusLargest)),
    f32x4.add(largest, minusLargest),
  );
  const shifted = multiplyAdd(difference, all(1.44269504), all(SHIFT));
  const n = f32x4.sub(shifted, all(SHIFT));
  const high = subtractProduct(n, all(0.693359375), difference);
  const r = f32x4.add(high, multiplyAdd(n, all(2.1219444e-4), error));
  return scaledPower(r, shifted, difference);
}

/** 2ⁿ · e^r · 2²⁴. The last bits of `shifted` hold n + 24. */
@inline
function scaledPower(r: v128, shifted: v128, x: v128): v128 {
  const r2 = f32x4.mul(r, r);
  const low = multiplyAdd(r2, multiplyAdd(all(0.1666652113199234), r, all(0.4999999403953552)), r);
  const q = multiplyAdd(
    r2,
    all(0.0013820688473060727),
    multiplyAdd(all(0.008368675597012043), r, all(0.04166826605796814)),
  );
  const power = f32x4.add(multiplyAdd(f32x4.mul(r2, r2), q, low), all(1));
  return v128.andnot(i32x4.add(power, i32x4.shl(shifted, 23)), f32x4.lt(x, all(SMALLEST)));
}

/**
 * 2 atanh(s) for |s| ≤ ⅓: the logarithm of (1 + s) / (1 − s).
 *
 * 2 atanh(s) = 2s + s · z · P(z) with z = s². P has degree 3, and the relative error is at most 4.6e-9 (tools/polynomials.py).
 * Adding 2s last leaves about 1 ulp.
 */
@inline
export function twiceAtanh(s: v128): v128 {
  const z = f32x4.mul(s, s);
  return multiplyAdd(f32x4.mul(s, z), highOfAtanh(z), f32x4.add(s, s));
}

/** 2 atanh(s) − 2s, which is s · z · P(z). */
@inline
export function atanhTail(s: v128): v128 {
  const z = f32x4.mul(s, s);
  return f32x4.mul(f32x4.mul(s, z), highOfAtanh(z));
}

/** P(z). */
@inline
function highOfAtanh(z: v128): v128 {
  const p01 = multiplyAdd(all(0.40021446347236633), z, all(0.666664183139801));
  const p23 = multiplyAdd(all(0.28008487820625305), z, all(0.28002768754959106));
  return multiplyAdd(f32x4.mul(z, z), p23, p01);
}

/**
 * log(1 + x) for 0 ≤ x < 2¹²⁶, within 2 ulp, even where 1 + x rounds to 1.
 *
 * u = 1 + x, rounded, is 2ᵏ · f with f in [√½, √2), and its rounding error c = x − (u − 1) is exact. Then
 * (1 + x) / 2ᵏ = 1 + m with m = (f − 1) + c / 2ᵏ, and log(1 + x) = k · ln 2 + 2 atanh(m / (2 + m)).
 */
@inline
export function log1p(x: v128): v128 {
  const u = f32x4.add(x, all(1));
  const exponent = exponentOf(u);
  const scale = i32x4.shl(exponent, 23);
  const c = f32x4.sub(x, f32x4.sub(u, all(1)));
  const f = i32x4.sub(u, scale);
  const m = multiplyAdd(c, i32x4.sub(i32x4.splat(0x3f800000), scale), f32x4.sub(f, all(1)));
  return logOf(exponent, twiceAtanh(f32x4.div(m, f32x4.add(m, all(2)))));
}

/** log x within 2 ulp for normal numbers above 0. NaN for all others. */
@inline
export function log(x: v128): v128 {
  const k = exponentOf(x);
  const m = fractionOf(x, k);
  const right = logOf(k, twiceAtanh(f32x4.div(m, f32x4.add(m, all(2)))));
  return v128.bitselect(right, all(f32.NaN), f32x4.ge(x, all(1.17549435e-38)));
}

/** k of x = 2ᵏ · (1 + m) with 1 + m in [√½, √2). */
@inline
export function exponentOf(x: v128): v128 {
  return i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23);
}

/** m of x = 2ᵏ · (1 + m). */
@inline
export function fractionOf(x: v128, k: v128): v128 {
  return f32x4.sub(i32x4.sub(x, i32x4.shl(k, 23)), all(1));
}

/** k · ln 2 + log(1 + m). `ofFraction` is log(1 + m). */
@inline
export function logOf(k: v128, ofFraction: v128): v128 {
  const number = f32x4.convert_i32x4_s(k);
  const low = multiplyAdd(number, all(-2.1219444e-4), ofFraction);
  return multiplyAdd(number, all(0.693359375), low);
}

/** The first two lanes in float64. */
@inline
export function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

/** The last two lanes in float64. */
@inline
export function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3));
}

/** Four lanes in float32 from two times two lanes in float64. */
@inline
export function rounded(lowest: v128, highest: v128): v128 {
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(lowest), f32x4.demote_f64x2_zero(highest), 0, 1, 4, 5);
}

/** The sum of two lanes. */
@inline
export function sumOfTwo(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** The sum of the lanes, in float64. */
@inline
export function sumOf(v: v128): f64 {
  return sumOfTwo(f64x2.add(low(v), high(v)));
}
