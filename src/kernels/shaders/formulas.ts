/**
 * The arithmetic of the losses over rows, for the shading languages of WebGL and WebGPU: GLSL in so few words that a line of it
 * differs from WGSL in the declarations alone. Sums keep what rounding loses, as far as the compiler of a GPU leaves that in.
 */
const FORMULAS = [
  // -1, 0 or 1, and NaN for NaN.
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
  // e^(d + error) for d <= 0, with the 1 last: d + error = n ln 2 + r, and ln 2 split as in the SIMD kernels.
  `float power(float d, float error) {
  float n = floor(d * 1.44269504 + 0.5);
  float r = (d - n * 0.693359375) + (n * 2.1219444e-4 + error);
  float r2 = r * r;
  float low = r2 * (0.1666652113199234 * r + 0.4999999403953552) + r;
  float q = r2 * 0.0013820688473060727 + (0.008368675597012043 * r + 0.04166826605796814);
  return select(exp2(n) * (r2 * r2 * q + low + 1.0), 0.0, d < -104.0);
}`,
  // e^(x - m) for x < m, with the rounding error of the difference put back (Dekker, 1971).
  `float powerOfDifference(float x, float m) {
  float d = x - m;
  float minusM = d - x;
  float error = (x - (d - minusM)) - (m + minusM);
  return power(d, select(error, 0.0, d < -104.0));
}`,
  // 2 atanh(s) - 2 s for |s| <= 1/3.
  `float highOfAtanh(float s) {
  float z = s * s;
  float high = 0.28008487820625305 * z + 0.28002768754959106;
  return s * z * (z * z * high + (0.40021446347236633 * z + 0.666664183139801));
}`,
  // log(1 + x) for x >= 0; up to 1 as 2 atanh(x / (2 + x)), where the logarithm of a GPU may lose all digits.
  `float log1p(float x) {
  float s = x / (2.0 + x);
  return select(highOfAtanh(s) + (s + s), log(1.0 + x), x > 1.0);
}`,
  // log x; between 1/2 and 2 as 2 atanh((x - 1) / (x + 1)). Of what is below 0, a GPU may say anything.
  `float logarithm(float x) {
  float s = (x - 1.0) / (x + 1.0);
  float far = select(log(x), NAN, x < 0.0 || isnan(x));
  return select(far, highOfAtanh(s) + (s + s), abs(s) <= 0.3333);
}`,
  // a * b, and 0 where b is 0, even if a is NaN or infinite there.
  `float multiplyNoNan(float a, float b) {
  return select(a * b, 0.0, b == 0.0);
}`,
  // What a + b loses as it is rounded (Knuth, The Art of Computer Programming 2, 4.2.2).
  `float lostIn(float a, float b) {
  float sum = a + b;
  float ofB = sum - a;
  return (a - (sum - ofB)) + (b - ofB);
}`,
  `vec4 lostInEach(vec4 a, vec4 b) {
  vec4 sum = a + b;
  vec4 ofB = sum - a;
  return (a - (sum - ofB)) + (b - ofB);
}`,
  // A sum with what was lost on the way, if it is finite.
  `float withLost(float sum, float lost) {
  return select(sum + lost, sum, isnan(lost));
}`,
  `vec4 withLostOfEach(vec4 sum, vec4 lost) {
  return vec4(withLost(sum.x, lost.x), withLost(sum.y, lost.y), withLost(sum.z, lost.z), withLost(sum.w, lost.w));
}`,
  // 0 where a label is a class, else NaN; its fraction is cut off towards 0.
  `float notClass(float label, float classes) {
  return select(NAN, 0.0, label > -1.0 && label < classes);
}`,
  // 1 where the label is the class, else 0.
  `float isClass(float label, float class_) {
  return select(0.0, 1.0, sign(label) * floor(abs(label)) == class_);
}`,
  // What a loss is multiplied by for a mean over this sum of weights, given their number: 0 for a sum of 0.
  `float shareOf(float sum, float count) {
  return select(select(count / sum, 0.0, sum == 0.0), NAN, isnan(sum) || abs(sum) > 3e38);
}`,
].join('\n');

const TYPES: Record<string, string> = { bool: 'bool', float: 'f32', vec4: 'vec4<f32>' };

/** The formulas in GLSL, with others that use them. */
export function glsl(others: string): string {
  return `
float select(float no, float yes, bool isYes) { return isYes ? yes : no; }
vec4 select(vec4 no, vec4 yes, bool isYes) { return isYes ? yes : no; }
${FORMULAS}${others}`;
}

/** The formulas in WGSL, with others that use them. */
export function wgsl(others: string): string {
  return `${FORMULAS}${others}`
    .replaceAll('NAN', 'uniforms.NAN')
    .replace(/^(float|vec4) (\w+)\((.*)\) \{$/gm, (_, type: string, name, parameters: string) => {
      const declared = parameters.replace(
        /(\w+) (\w+)/g,
        (__, of: string, parameter) => `${parameter} : ${TYPES[of]}`,
      );
      return `fn ${name}(${declared}) -> ${TYPES[type]} {`;
    })
    .replace(/^ {2}(?:float|vec4|bool) (\w+) = /gm, '  let $1 = ');
}
