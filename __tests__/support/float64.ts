// Global names are slow to look up in Jest, and these run millions of times.
const { abs, exp, log1p, max } = Math;

/** Cross-entropies of one row in float64, from the textbook: what every float32 result is measured by. */
export interface Row {
  loss: number;
  gradient: Float64Array;
  /** Both terms that each entry of the gradient is the difference of, added up: where they cancel, errors are in proportion to these. */
  terms: Float64Array;
}

type Numbers = ArrayLike<number>;

/**
 * Mean over a row of −y · log σ(x) − (1 − y) · log(1 − σ(x)), and the gradient of that mean. σ(x) and 1 − σ(x) are computed
 * each from the small one of both, so that neither loses its digits.
 */
export function sigmoidRow(
  x: Numbers,
  y: Numbers,
  posWeight: (j: number) => number = () => 1,
): Row {
  const [gradient, terms] = [new Float64Array(x.length), new Float64Array(x.length)];
  let loss = 0;
  for (let j = 0; j < x.length; j++) {
    const [logit, positive, negative] = [x[j]!, y[j]! * posWeight(j), 1 - y[j]!];
    if (positive !== 0) loss += positive * softplus(-logit);
    if (negative !== 0) loss += negative * softplus(logit);
    const [up, down] = [negative * sigmoid(logit), positive * sigmoid(-logit)];
    gradient[j] = (up - down) / x.length;
    terms[j] = (up + down) / x.length;
  }
  return { loss: loss / x.length, gradient, terms };
}

/** log(1 + e^x) = −log(1 − σ(x)) */
const softplus = (x: number) => max(x, 0) + log1p(exp(-abs(x)));

const sigmoid = (x: number) => (x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)));

/**
 * −Σ y · log p of a row, p its softmax, and the gradient p · Σ y − y, as the difference of p times all other labels and y times
 * all other probabilities.
 */
export function softmaxRow(x: Numbers, y: Numbers): Row {
  let place = 0;
  for (let j = 1; j < x.length; j++) if (x[j]! > x[place]!) place = j;
  const powers = new Float64Array(x.length);
  let [rest, labels] = [0, 0];
  for (let j = 0; j < x.length; j++) {
    powers[j] = exp(x[j]! - x[place]!);
    if (j !== place) rest += powers[j]!;
    labels += y[j]!;
  }
  const [gradient, terms] = [new Float64Array(x.length), new Float64Array(x.length)];
  let loss = 0;
  for (let j = 0; j < x.length; j++) {
    if (y[j] !== 0) loss += y[j]! * (log1p(rest) + (x[place]! - x[j]!));
    // The probability of all others: without cancellation also where that of the largest is nearly 1.
    const others = j === place ? rest : 1 + rest - powers[j]!;
    const [up, down] = [powers[j]! * (labels - y[j]!), y[j]! * others];
    gradient[j] = (up - down) / (1 + rest);
    terms[j] = (up + down) / (1 + rest);
  }
  return { loss, gradient, terms };
}
