const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** Number of float32 numbers from one to the other; 0 for equal ones (−0 equals 0), Infinity if one is NaN. */
export function ulpDistance(a: number, b: number): number {
  return Number.isNaN(a) || Number.isNaN(b) ? Infinity : Math.abs(order(a) - order(b));
}

/** The position of a float32 among all of them. */
function order(x: number): number {
  float[0] = x;
  const pattern = bits[0]!;
  return pattern < 0 ? -(pattern & 0x7fffffff) : pattern;
}

/**
 * The largest error in each row of that length, in units in the last place of the largest entry of its row; Infinity if one is
 * NaN. Where exact results are what is left of terms that cancel, the largest of these terms may take its place.
 */
export function ulpsOfLargest(
  got: ArrayLike<number>,
  exact: ArrayLike<number>,
  length: number,
  terms = exact,
): number[] {
  return Array.from({ length: exact.length / length }, (_, row) => {
    let [error, largest] = [0, 0];
    for (let i = row * length; i < (row + 1) * length; i++) {
      error = Math.max(error, Math.abs(got[i]! - exact[i]!));
      largest = Math.max(largest, Math.abs(terms[i]!));
    }
    return Number.isNaN(error) ? Infinity : Math.ceil(error / ulp(largest));
  });
}

/** The distance from a float32 ≥ 0 to the next larger one. */
function ulp(x: number): number {
  float[0] = x;
  bits[0]!++;
  return float[0] - Math.fround(x);
}
