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
