import type { FusedKernel } from '../../core/kernel_contract.js';
import type { ElementOp } from './elements.js';

/**
 * Losses for which the numbers of a row depend on each other. A *cell* holds what a part of a row comes to, as four numbers, so that
 * a row may be cut in any way:
 *
 *     cellOf(x, y)               the cell of a single prediction x and its label y
 *     share(cell, m, isFirst)    what a cell adds to the whole, where m has the largest first and second number of all cells, and
 *                                `isFirst` says whether the cell is the first one that has the largest first number
 *     whole(m, sum)              the cell of those whose shares have this sum
 *     cellLoss(cell)             the loss of a row
 *     cellGradient(x, y, cell)   its derivative with respect to a prediction
 */

/**
 * Of a softmax, a cell has
 *
 *     m     = the largest logit
 *     rest  = Σ e^(x − m) over all but one of the largest
 *     total = Σ y
 *     cost  = Σ y · (m − x)
 *
 * A logit of ±Infinity is as large as another one of its kind, and NaN larger than all. See negative_log_softmax.ts.
 */
const SOFTMAX = `
vec4 cellOf(float x, float y, float parameter) {
  return vec4(x, 0.0, y, 0.0);
}
vec4 share(vec4 cell, vec4 m, bool isFirst) {
  bool isSame = cell.x == m.x;
  float scale = select(powerOfDifference(cell.x, m.x), 1.0, isSame);
  float rest = select(1.0 + cell.y, cell.y, isFirst) * scale;
  float moved = select(cell.z * (m.x - cell.x), 0.0, isSame || cell.z == 0.0);
  return vec4(0.0, rest, cell.z, cell.w + moved);
}
vec4 whole(vec4 m, vec4 sum) {
  return vec4(m.x, sum.y, sum.z, sum.w);
}
float cellLoss(vec4 cell, float parameter) {
  return select(log1p(cell.y) * cell.z + cell.w, cell.x, isnan(cell.x));
}
float cellGradient(float x, float y, vec4 cell, float parameter) {
  bool isLargest = x == cell.x;
  float p = select(powerOfDifference(x, cell.x), 1.0, isLargest) / (1.0 + cell.y);
  float notP = select(1.0 - p, cell.y / (1.0 + cell.y), isLargest);
  float g = multiplyNoNan(p, cell.z - y) - multiplyNoNan(notP, y);
  return select(g, cell.x, isnan(cell.x));
}`;

export const CELLS: Readonly<Record<Exclude<FusedKernel, ElementOp>, string>> = {
  FusedSoftmaxCrossEntropy: SOFTMAX,
  FusedSparseSoftmaxCrossEntropy: SOFTMAX,
  // What is near adds up to second order, in the second number, and the differences of labels and predictions in the third: see
  // kl_divergence.ts. With t = (y - p) / (y + p), y log(y / p) - (y - p) = t (y - p) + y (2 atanh(t) - 2 t).
  FusedKLDivergence: `
float within(float x, float least) {
  return atLeast(atMost(x, 1.0), least);
}
vec4 cellOf(float x, float y, float parameter) {
  float label = within(y, parameter);
  float p = within(x, parameter);
  float d = label - p;
  float t = d / (label + p);
  bool isNear = abs(t) < 0.2;
  float near = t * d + label * highOfAtanh(t);
  return vec4(0.0, select(label * logarithm(label / p), near, isNear), select(0.0, d, isNear), 0.0);
}
vec4 share(vec4 cell, vec4 m, bool isFirst) {
  return cell;
}
vec4 whole(vec4 m, vec4 sum) {
  return sum;
}
float cellLoss(vec4 cell, float parameter) {
  return cell.y + cell.z;
}
float cellGradient(float x, float y, vec4 cell, float parameter) {
  float slope = -within(y, parameter) / within(x, parameter);
  return select(slope, 0.0, (x < parameter || x > 1.0) && !isnan(slope));
}`,
  // The lengths of predictions and labels, whose squares might overflow, and the cosine of the angle between them.
  FusedCosineSimilarity: `
float shareOfUnit(float norm, float least) {
  return select(norm / least, 1.0, norm > least);
}
vec4 cellOf(float x, float y, float parameter) {
  return vec4(abs(x), abs(y), signOf(x) * signOf(y), 0.0);
}
vec4 share(vec4 cell, vec4 m, bool isFirst) {
  float a = select(cell.x / m.x, 0.0, m.x == 0.0);
  float b = select(cell.y / m.y, 0.0, m.y == 0.0);
  return vec4(a * a, b * b, a * b * cell.z, 0.0);
}
vec4 whole(vec4 m, vec4 sum) {
  float both = sqrt(sum.x) * sqrt(sum.y);
  return vec4(m.x * sqrt(sum.x), m.y * sqrt(sum.y), select(sum.z / both, 0.0, both == 0.0), 0.0);
}
float cellLoss(vec4 cell, float parameter) {
  return -cell.z * shareOfUnit(cell.x, parameter) * shareOfUnit(cell.y, parameter);
}
float cellGradient(float x, float y, vec4 cell, float parameter) {
  float along = select(0.0, cell.z * (x / cell.x) * shareOfUnit(cell.y, parameter), cell.x > parameter);
  float g = (along - y / atLeast(cell.y, parameter)) / atLeast(cell.x, parameter);
  return select(g, 0.0, cell.y == 0.0);
}`,
  // The largest (1 - y) x, how many others are as large, and the sum of y x.
  FusedCategoricalHinge: `
vec4 cellOf(float x, float y, float parameter) {
  return vec4((1.0 - y) * x, 0.0, y * x, 0.0);
}
vec4 share(vec4 cell, vec4 m, bool isFirst) {
  float ties = select(1.0 + cell.y, cell.y, isFirst);
  return vec4(0.0, select(0.0, ties, cell.x == m.x), cell.z, 0.0);
}
vec4 whole(vec4 m, vec4 sum) {
  return vec4(m.x, sum.y, sum.z, 0.0);
}
float cellLoss(vec4 cell, float parameter) {
  return atLeast(cell.x - cell.z + 1.0, 0.0);
}
float cellGradient(float x, float y, vec4 cell, float parameter) {
  float missing = cell.x - cell.z + 1.0;
  float g = select(0.0, (1.0 - y) / (1.0 + cell.y), (1.0 - y) * x == cell.x) - y;
  return select(select(g, 0.0, missing < 0.0), missing, isnan(missing));
}`,
};

/** What all of them share: m of two cells, and two cells as one. */
export const MERGE = `
vec4 largestOf(vec4 a, vec4 b) {
  return vec4(larger(a.x, b.x), larger(a.y, b.y), 0.0, 0.0);
}
vec4 merged(vec4 a, vec4 b) {
  vec4 m = largestOf(a, b);
  bool isA = a.x == m.x;
  return whole(m, share(a, m, isA) + share(b, m, !isA));
}`;
