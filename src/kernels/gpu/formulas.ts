/**
 * The arithmetic that the losses share on a GPU, in one text for two shading languages. It is written in GLSL, of which it uses so
 * little that only declarations differ from WGSL; `wgsl` rewrites those. Inside a shader a statement is one line.
 *
 * Shader text starts at the left margin, here and in the programs, so that the whole shader is indented alike when it is printed.
 *
 * `select(no, yes, condition)` has the order of WGSL. Names are others than those of the functions that a language has itself.
 */
const SHARED = [
  // -1, 0 or 1; NaN for NaN, for which the sign of a GPU may be anything.
  `float signOf(float x) {
  return select(sign(x), x, isnan(x));
}`,
  // The larger number; NaN where x is.
  `float atLeast(float x, float y) {
  return select(max(x, y), x, isnan(x));
}`,
  // The smaller number; NaN where x is.
  `float atMost(float x, float y) {
  return select(min(x, y), x, isnan(x));
}`,
  // The larger number; NaN where one of them is.
  `float larger(float m, float x) {
  return select(m, x, x > m || isnan(x));
}`,
  // e^(d + error) for d <= 0. As in simd/assembly/math.ts: d + error = n ln 2 + r, ln 2 is split in two, and the 1 of e^r is added last.
  `float expOfNegative(float d, float error) {
  float n = floor(d * 1.44269504 + 0.5);
  float r = (d - n * 0.693359375) + (n * 2.1219444e-4 + error);
  float r2 = r * r;
  float low = r2 * (0.1666652113199234 * r + 0.4999999403953552) + r;
  float q = r2 * 0.0013820688473060727 + (0.008368675597012043 * r + 0.04166826605796814);
  return select(exp2(n) * (r2 * r2 * q + low + 1.0), 0.0, d < -104.0);
}`,
  // e^(x - m) for x < m. The rounding error of the difference is put back (Dekker, 1971).
  `float expOfDifference(float x, float m) {
  float d = x - m;
  float minusM = d - x;
  float error = (x - (d - minusM)) - (m + minusM);
  return expOfNegative(d, select(error, 0.0, d < -104.0));
}`,
  // 2 atanh(s) - 2 s for |s| <= 1/3: the series of 2 atanh without its first term.
  `float atanhTail(float s) {
  float z = s * s;
  float high = 0.28008487820625305 * z + 0.28002768754959106;
  return s * z * (z * z * high + (0.40021446347236633 * z + 0.666664183139801));
}`,
  // log(1 + x) for x >= 0. For small x the logarithm of a GPU may lose all digits, so up to 1 it is 2 atanh(x / (2 + x)).
  `float log1p(float x) {
  float s = x / (2.0 + x);
  return select(atanhTail(s) + (s + s), log(1.0 + x), x > 1.0);
}`,
  // log x; between 1/2 and 2 it is 2 atanh((x - 1) / (x + 1)). Below 0 the logarithm of a GPU may be anything.
  `float logarithm(float x) {
  float s = (x - 1.0) / (x + 1.0);
  float far = select(log(x), NAN, x < 0.0 || isnan(x));
  return select(far, atanhTail(s) + (s + s), abs(s) <= 0.3333);
}`,
  // a * b, and 0 where b is 0, even if a is NaN or infinite there.
  `float multiplyNoNan(float a, float b) {
  return select(a * b, 0.0, b == 0.0);
}`,
  // The rounding error of a + b, exactly (Knuth, The Art of Computer Programming 2, 4.2.2). The compiler of a GPU may remove it.
  `float roundingError(float a, float b) {
  float sum = a + b;
  float ofB = sum - a;
  return (a - (sum - ofB)) + (b - ofB);
}`,
  `vec4 roundingErrors(vec4 a, vec4 b) {
  vec4 sum = a + b;
  vec4 ofB = sum - a;
  return (a - (sum - ofB)) + (b - ofB);
}`,
  // A sum and the error that was added up beside it. The error is NaN where the sum is not finite.
  `float corrected(float sum, float error) {
  return select(sum + error, sum, isnan(error));
}`,
  `vec4 correctedEach(vec4 sum, vec4 error) {
  return vec4(corrected(sum.x, error.x), corrected(sum.y, error.y), corrected(sum.z, error.z), corrected(sum.w, error.w));
}`,
  // 0 if the label, without its fraction, is a class; else NaN.
  `float nanUnlessClass(float label, float classes) {
  return select(NAN, 0.0, label > -1.0 && label < classes);
}`,
  // 1 if the label, without its fraction, is the class; else 0.
  `float oneHot(float label, float class_) {
  return select(0.0, 1.0, sign(label) * floor(abs(label)) == class_);
}`,
  // count / sum, which turns a mean over `count` rows into one over the sum of their weights. 0 for a sum of 0.
  `float meanFactor(float sum, float count) {
  return select(select(count / sum, 0.0, sum == 0.0), NAN, isnan(sum) || abs(sum) > 3e38);
}`,
].join('\n');

const TYPES: Record<string, string> = { bool: 'bool', float: 'f32', vec4: 'vec4<f32>' };

/** The shared arithmetic and the formulas of a loss, in GLSL. */
export function glsl(formulas: string): string {
  return `
float select(float no, float yes, bool isYes) { return isYes ? yes : no; }
vec4 select(vec4 no, vec4 yes, bool isYes) { return isYes ? yes : no; }
${SHARED}${formulas}`;
}

/** The same in WGSL. */
export function wgsl(formulas: string): string {
  return `${SHARED}${formulas}`
    .replaceAll('NAN', 'uniforms.NAN')
    .replace(/^(float|vec4) (\w+)\((.*)\) \{$/gm, (_, result: string, name, parameters: string) => {
      const declared = parameters.replace(
        /(\w+) (\w+)/g,
        (__, type: string, parameter) => `${parameter} : ${TYPES[type]}`,
      );
      return `fn ${name}(${declared}) -> ${TYPES[result]} {`;
    })
    .replace(/^ {2}(?:float|vec4|bool) (\w+) = /gm, '  let $1 = ');
}
