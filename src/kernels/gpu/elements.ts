import type { FusedKernel } from '../../core/kernel_contract.js';

/**
 * Losses for which the loss of a row is the sum or the mean over its entries. `elementLoss(x, y, constant)` is the loss of a
 * prediction x with its label y, `elementGradient` its derivative with respect to x. The constant has the name that it has in the
 * loss. That of the sigmoid is y times the weight of positive labels: see sigmoid_cross_entropy_with_logits.ts in src/ops.
 */
export const ELEMENTS = {
  FusedSigmoidCrossEntropy: `
float elementLoss(float x, float y, float positive) {
  float opposed = select(positive, 1.0 - y, x > 0.0);
  float tail = log1p(expOfNegative(-abs(x), 0.0));
  return select(multiplyNoNan(abs(x), opposed) + tail * (1.0 - y + positive), x, isnan(x));
}
float elementGradient(float x, float y, float positive) {
  float opposed = select(positive, 1.0 - y, x > 0.0);
  float e = expOfNegative(-abs(x), 0.0);
  float outward = opposed - e / (1.0 + e) * (1.0 - y + positive);
  return select(select(-outward, outward, x > 0.0), x, isnan(x));
}`,
  FusedSquaredError: `
float elementLoss(float x, float y, float constant) {
  return (x - y) * (x - y);
}
float elementGradient(float x, float y, float constant) {
  return 2.0 * (x - y);
}`,
  FusedAbsoluteError: `
float elementLoss(float x, float y, float constant) {
  return abs(x - y);
}
float elementGradient(float x, float y, float constant) {
  return signOf(x - y);
}`,
  FusedAbsolutePercentageError: `
float elementLoss(float x, float y, float epsilon) {
  return 100.0 * abs(x - y) / max(abs(y), epsilon);
}
float elementGradient(float x, float y, float epsilon) {
  return 100.0 * signOf(x - y) / max(abs(y), epsilon);
}`,
  // log((1 + x) / (1 + y)), as the logarithm of the larger number over the smaller, with its sign.
  FusedSquaredLogarithmicError: `
float logRatio(float x, float y, float epsilon) {
  float a = atLeast(y, epsilon);
  float b = atLeast(x, epsilon);
  return signOf(b - a) * log1p(abs(b - a) / (1.0 + min(a, b)));
}
float elementLoss(float x, float y, float epsilon) {
  float ratio = logRatio(x, y, epsilon);
  return ratio * ratio;
}
float elementGradient(float x, float y, float epsilon) {
  float slope = 2.0 * logRatio(x, y, epsilon) / (1.0 + atLeast(x, epsilon));
  return select(slope, 0.0, x < epsilon && !isnan(slope));
}`,
  // c (e - c / 2), where c is the error e = x - y, clipped to [-delta, delta].
  FusedHuber: `
float clipped(float e, float delta) {
  return select(max(-delta, min(e, delta)), e, isnan(e));
}
float elementLoss(float x, float y, float delta) {
  float c = clipped(x - y, delta);
  return c * (x - y - 0.5 * c);
}
float elementGradient(float x, float y, float delta) {
  return clipped(x - y, delta);
}`,
  // With d = |x - y|: log(1 + 2 sinh(d / 2)^2) for d < 1, else d - log 2 + log(1 + e^(-2 d)).
  FusedLogCosh: `
float sinhOfHalf(float d) {
  float h = 0.5 * d;
  float h2 = h * h;
  return h + h * h2 * (0.16666667 + h2 * (0.0083333333 + h2 * 0.0001984127));
}
float elementLoss(float x, float y, float constant) {
  float d = abs(x - y);
  float s = sinhOfHalf(min(d, 1.0));
  float far = d - 0.69314718 + log1p(expOfNegative(-2.0 * d, 0.0));
  return select(far, log1p(2.0 * s * s), d < 1.0);
}
float elementGradient(float x, float y, float constant) {
  float d = abs(x - y);
  float s = sinhOfHalf(min(d, 1.0));
  float e = expOfNegative(-2.0 * d, 0.0);
  float rise = select((1.0 - e) / (1.0 + e), 2.0 * s * sqrt(1.0 + s * s) / (1.0 + 2.0 * s * s), d < 1.0);
  return signOf(x - y) * rise;
}`,
  FusedPoisson: `
float elementLoss(float x, float y, float epsilon) {
  return x - y * logarithm(x + epsilon);
}
float elementGradient(float x, float y, float epsilon) {
  return 1.0 - y / (x + epsilon);
}`,
  FusedHinge: `
float elementLoss(float x, float y, float constant) {
  return atLeast(1.0 - y * x, 0.0);
}
float elementGradient(float x, float y, float constant) {
  float shortfall = 1.0 - y * x;
  return select(select(-y, 0.0, shortfall < 0.0), shortfall, isnan(shortfall));
}`,
  FusedSquaredHinge: `
float elementLoss(float x, float y, float constant) {
  float shortfall = atLeast(1.0 - y * x, 0.0);
  return shortfall * shortfall;
}
float elementGradient(float x, float y, float constant) {
  return multiplyNoNan(y, -2.0 * atLeast(1.0 - y * x, 0.0));
}`,
} as const satisfies Partial<Record<FusedKernel, string>>;

/** The kernels of these losses. */
export type ElementKernel = keyof typeof ELEMENTS;

export function hasElements(kernel: FusedKernel): kernel is ElementKernel {
  return kernel in ELEMENTS;
}
