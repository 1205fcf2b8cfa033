/** Reads and writes vectors of four numbers, also at the end of an array, where fewer than four are left. */

/** Bytes of a number. */
@inline
export const SIZE: usize = 4;

/** How many bytes of numbers are added up in float32, lane by lane. Such sums are then added up in float64. */
@inline
export const BLOCK: usize = 128 * SIZE;

/** Reads up to four numbers. The other lanes are 0. */
export function loadFirst(p: usize, count: i32): v128 {
  if (count == 4) return v128.load(p);
  let v = v128.load32_zero(p);
  if (count > 1) v = v128.load32_lane(p, v, 1, SIZE);
  if (count > 2) v = v128.load32_lane(p, v, 2, 2 * SIZE);
  return v;
}

/** Writes up to four numbers. */
@inline
export function storeFirst(p: usize, count: i32, v: v128): void {
  if (count == 4) v128.store(p, v);
  else storeSome(p, count, v);
}

function storeSome(p: usize, count: i32, v: v128): void {
  v128.store32_lane(p, v, 0);
  if (count > 1) v128.store32_lane(p, v, 1, SIZE);
  if (count > 2) v128.store32_lane(p, v, 2, 2 * SIZE);
}

/** Keeps the first lanes. The others become 0. */
@inline
export function first(v: v128, count: i32): v128 {
  return v128.and(v, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count)));
}

/** Reads four numbers from four addresses. */
@inline
export function gather(p0: usize, p1: usize, p2: usize, p3: usize): v128 {
  let v = v128.load32_zero(p0);
  v = v128.load32_lane(p1, v, 1);
  v = v128.load32_lane(p2, v, 2);
  return v128.load32_lane(p3, v, 3);
}
