import type { FusedKernel } from '../../core/kernel_contract.js';

/**
 * Losses of which a row is the sum or the mean, and their derivatives: of a prediction x with its label y, and a parameter. For a
 * sigmoid, see sigmoid_cross_entropy_with_logits.ts, that is y times the weight of positive labels.
 */
export const ELEMENTS = {
  FusedSigmoidCrossEntropy: `
float elementLoss(float x, float y, float positive) {
  float opposed = select(positive, 1.0 - y, x > 0.0);
  float tail = log1p(power(-abs(x), 0.0));
  return select(multiplyNoNan(abs(x), opposed) + tail * (1.0 - y + positive), x, isnan(x));
}
float elementGradient(float x, float y, float positive) {
  float opposed = select(positive, 1.0 - y, x > 0.0);
  float e = power(-abs(x), 0.0);
  float outward = opposed - e / (1.0 + e) * (1.0 - y + positive);
  return select(select(-outward, outward, x > 0.0), x, isnan(x));
}`,
  FusedSquaredError: `
float elementLoss(float x, float y, float parameter) {
  return (x - y) * (x - y);
}
float elementGradient(float x, float y, float parameter) {
  return 2.0 * (x - y);
}`,
  FusedAbsoluteError: `
float elementLoss(float x, float y, float parameter) {
  return abs(x - y);
}
float elementGradient(float x, float y, float parameter) {
  return signOf(x - y);
}`,
  FusedAbsolutePercentageError: `
float elementLoss(float x, float y, float parameter) {
  return 100.0 * abs(x - y) / max(abs(y), parameter);
}
float elementGradient(float x, float y, float parameter) {
  return 100.0 * signOf(x - y) / max(abs(y), parameter);
}`,
  // The logarithm of the larger number over the smaller, with its sign.
  FusedSquaredLogarithmicError: `
float logRatio(float x, float y, float parameter) {
  float a = atLeast(y, parameter);
  float b = atLeast(x, parameter);
  return signOf(b - a) * log1p(abs(b - a) / (1.0 + min(a, b)));
}
float elementLoss(float x, float y, float parameter) {
  float ratio = logRatio(x, y, parameter);
  return ratio * ratio;
}
float elementGradient(float x, float y, float parameter) {
  float slope = 2.0 * logRatio(x, y, parameter) / (1.0 + atLeast(x, parameter));
  return select(slope, 0.0, x < parameter && !isnan(slope));
}`,
  // n (e - n / 2), where n is e cut off at the parameter.
  FusedHuber: `
float near(float e, float parameter) {
  return select(max(-parameter, min(e, parameter)), e, isnan(e));
}
float elementLoss(float x, float y, float parameter) {
  float n = near(x - y, parameter);
  return n * (x - y - 0.5 * n);
}
float elementGradient(float x, float y, float parameter) {
  return near(x - y, parameter);
}`,
  // Below 1 as log(1 + 2 sinh(d / 2)^2), else d - log 2 + log(1 + e^(-2 d)).
  FusedLogCosh: `
float sinhOfHalf(float d) {
  float h = 0.5 * d;
  float h2 = h * h;
  return h + h * h2 * (0.16666667 + h2 * (0.0083333333 + h2 * 0.0001984127));
}
float elementLoss(float x, float y, float parameter) {
  float d = abs(x - y);
  float s = sinhOfHalf(min(d, 1.0));
  float far = d - 0.69314718 + log1p(power(-2.0 * d, 0.0));
  return select(far, log1p(2.0 * s * s), d < 1.0);
}
float elementGradient(float x, float y, float parameter) {
  float d = abs(x - y);
  float s = sinhOfHalf(min(d, 1.0));
  float e = power(-2.0 * d, 0.0);
  float rise = select((1.0 - e) / (1.0 + e), 2.0 * s * sqrt(1.0 + s * s) / (1.0 + 2.0 * s * s), d < 1.0);
  return signOf(x - y) * rise;
}`,
  FusedPoisson: `
float elementLoss(float x, float y, float parameter) {
  return x - y * logarithm(x + parameter);
}
float elementGradient(float x, float y, float parameter) {
  return 1.0 - y / (x + parameter);
}`,
  FusedHinge: `
float elementLoss(float x, float y, float parameter) {
  return atLeast(1.0 - y * x, 0.0);
}
float elementGradient(float x, float y, float parameter) {
  float missing = 1.0 - y * x;
  return select(select(-y, 0.0, missing < 0.0), missing, isnan(missing));
}`,
  FusedSquaredHinge: `
float elementLoss(float x, float y, float parameter) {
  float missing = atLeast(1.0 - y * x, 0.0);
  return missing * missing;
}
float elementGradient(float x, float y, float parameter) {
  return multiplyNoNan(y, -2.0 * atLeast(1.0 - y * x, 0.0));
}`,
} as const satisfies Partial<Record<FusedKernel, string>>;

export type ElementOp = keyof typeof ELEMENTS;

export function isElementOp(op: FusedKernel): op is ElementOp {
  return op in ELEMENTS;
}
