import type { FusedKernel } from '../../core/kernel_contract.js';
import type { ElementKernel } from './elements.js';

/**
 * Losses for which the entries of a row depend on each other, as those of a softmax do. A row is reduced as in an online softmax: an
 * *accumulator* of four numbers holds what a part of the row comes to, and the parts may be combined in any order.
 *
 *     init(x, y, constant)              the accumulator of one prediction x with its label y
 *     rescale(part, maxima, isFirst)    what a part adds to the whole. `maxima` holds the largest first and the largest second number
 *                                       of all parts; `isFirst` is true for one of the parts that have the largest first number
 *     finish(maxima, sum)               the accumulator of the whole, from the sum of all rescaled parts
 *     rowLoss(whole, constant)          the loss of a row
 *     rowGradient(x, y, whole, constant)    its derivative with respect to a prediction
 */

/**
 * The accumulator of a softmax is
 *
 *     x: largest   = the largest logit
 *     y: others    = Σ e^(logit − largest) over all but one of the largest logits
 *     z: sumLabels = Σ label
 *     w: cost      = Σ label · (largest − logit)
 *
 * An infinite logit is as large as another one of its sign. NaN is larger than all. See negative_log_softmax.ts in src/ops.
 */
const SOFTMAX = `
vec4 init(float x, float y, float constant) {
  return vec4(x, 0.0, y, 0.0);
}
vec4 rescale(vec4 part, vec4 maxima, bool isFirst) {
  bool isSame = part.x == maxima.x;
  float scale = select(expOfDifference(part.x, maxima.x), 1.0, isSame);
  float others = select(1.0 + part.y, part.y, isFirst) * scale;
  float moved = select(part.z * (maxima.x - part.x), 0.0, isSame || part.z == 0.0);
  return vec4(0.0, others, part.z, part.w + moved);
}
vec4 finish(vec4 maxima, vec4 sum) {
  return vec4(maxima.x, sum.y, sum.z, sum.w);
}
float rowLoss(vec4 whole, float constant) {
  return select(log1p(whole.y) * whole.z + whole.w, whole.x, isnan(whole.x));
}
float rowGradient(float x, float y, vec4 whole, float constant) {
  bool isLargest = x == whole.x;
  float p = select(expOfDifference(x, whole.x), 1.0, isLargest) / (1.0 + whole.y);
  float oneMinusP = select(1.0 - p, whole.y / (1.0 + whole.y), isLargest);
  float g = multiplyNoNan(p, whole.z - y) - multiplyNoNan(oneMinusP, y);
  return select(g, whole.x, isnan(whole.x));
}`;

export const ACCUMULATORS: Readonly<Record<Exclude<FusedKernel, ElementKernel>, string>> = {
  FusedSoftmaxCrossEntropy: SOFTMAX,
  FusedSparseSoftmaxCrossEntropy: SOFTMAX,
  // The accumulator is (0, Σ terms, Σ (y - p) of near numbers, 0). Near numbers differ little: their differences are added up apart,
  // as in kl_divergence.ts. With t = (y - p) / (y + p), y log(y / p) - (y - p) = t (y - p) + y (2 atanh(t) - 2 t).
  FusedKLDivergence: `
float clipped(float x, float epsilon) {
  return atLeast(atMost(x, 1.0), epsilon);
}
vec4 init(float x, float y, float epsilon) {
  float label = clipped(y, epsilon);
  float p = clipped(x, epsilon);
  float d = label - p;
  float t = d / (label + p);
  bool isNear = abs(t) < 0.2;
  float near = t * d + label * atanhTail(t);
  return vec4(0.0, select(label * logarithm(label / p), near, isNear), select(0.0, d, isNear), 0.0);
}
vec4 rescale(vec4 part, vec4 maxima, bool isFirst) {
  return part;
}
vec4 finish(vec4 maxima, vec4 sum) {
  return sum;
}
float rowLoss(vec4 whole, float epsilon) {
  return whole.y + whole.z;
}
float rowGradient(float x, float y, vec4 whole, float epsilon) {
  float slope = -clipped(y, epsilon) / clipped(x, epsilon);
  return select(slope, 0.0, (x < epsilon || x > 1.0) && !isnan(slope));
}`,
  // The accumulator is (norm of predictions, norm of labels, cosine of the angle between them, 0). Norms are computed in units of the
  // largest entry, whose square might overflow.
  FusedCosineSimilarity: `
float shareOfUnit(float norm, float epsilon) {
  return select(norm / epsilon, 1.0, norm > epsilon);
}
vec4 init(float x, float y, float epsilon) {
  return vec4(abs(x), abs(y), signOf(x) * signOf(y), 0.0);
}
vec4 rescale(vec4 part, vec4 maxima, bool isFirst) {
  float a = select(part.x / maxima.x, 0.0, maxima.x == 0.0);
  float b = select(part.y / maxima.y, 0.0, maxima.y == 0.0);
  return vec4(a * a, b * b, a * b * part.z, 0.0);
}
vec4 finish(vec4 maxima, vec4 sum) {
  float norms = sqrt(sum.x) * sqrt(sum.y);
  return vec4(maxima.x * sqrt(sum.x), maxima.y * sqrt(sum.y), select(sum.z / norms, 0.0, norms == 0.0), 0.0);
}
float rowLoss(vec4 whole, float epsilon) {
  return -whole.z * shareOfUnit(whole.x, epsilon) * shareOfUnit(whole.y, epsilon);
}
float rowGradient(float x, float y, vec4 whole, float epsilon) {
  float along = select(0.0, whole.z * (x / whole.x) * shareOfUnit(whole.y, epsilon), whole.x > epsilon);
  float g = (along - y / atLeast(whole.y, epsilon)) / atLeast(whole.x, epsilon);
  return select(g, 0.0, whole.y == 0.0);
}`,
  // The accumulator is (the largest (1 - y) x, how many others are as large, Σ y x, 0).
  FusedCategoricalHinge: `
vec4 init(float x, float y, float constant) {
  return vec4((1.0 - y) * x, 0.0, y * x, 0.0);
}
vec4 rescale(vec4 part, vec4 maxima, bool isFirst) {
  float ties = select(1.0 + part.y, part.y, isFirst);
  return vec4(0.0, select(0.0, ties, part.x == maxima.x), part.z, 0.0);
}
vec4 finish(vec4 maxima, vec4 sum) {
  return vec4(maxima.x, sum.y, sum.z, 0.0);
}
float rowLoss(vec4 whole, float constant) {
  return atLeast(whole.x - whole.z + 1.0, 0.0);
}
float rowGradient(float x, float y, vec4 whole, float constant) {
  float shortfall = whole.x - whole.z + 1.0;
  float g = select(0.0, (1.0 - y) / (1.0 + whole.y), (1.0 - y) * x == whole.x) - y;
  return select(select(g, 0.0, shortfall < 0.0), shortfall, isnan(shortfall));
}`,
};

/** The same for all of these losses: the maxima of two accumulators, and two accumulators as one. */
export const COMBINE = `
vec4 maximaOf(vec4 a, vec4 b) {
  return vec4(larger(a.x, b.x), larger(a.y, b.y), 0.0, 0.0);
}
vec4 combine(vec4 a, vec4 b) {
  vec4 maxima = maximaOf(a, b);
  bool isA = a.x == maxima.x;
  return finish(maxima, rescale(a, maxima, isA) + rescale(b, maxima, !isA));
}`;
