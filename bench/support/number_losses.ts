/** What a pair of a label and a prediction costs, and the derivative with respect to the prediction, in float64. */
type Pair = (y: number, p: number) => [loss: number, slope: number];

/** A loss that compares numbers. */
interface NumberLoss {
  /** The name that TF.js's layers have for it; `tf.losses.huberLoss` has none. */
  readonly layers?: string;
  readonly pair: Pair;
  /** Whether a row comes to the sum of its pairs, not to their mean. */
  readonly isSum?: true;
}

/** By the name of our function. The formulas are the textbook's: of ordinary numbers float64 keeps enough digits. */
const NUMBER_LOSSES = {
  meanSquaredError: {
    layers: 'meanSquaredError',
    pair: (y, p) => [(p - y) ** 2, 2 * (p - y)],
  },
  meanAbsoluteError: {
    layers: 'meanAbsoluteError',
    pair: (y, p) => [Math.abs(p - y), Math.sign(p - y)],
  },
  meanAbsolutePercentageError: {
    layers: 'meanAbsolutePercentageError',
    pair: (y, p) => [(100 * Math.abs(p - y)) / y, (100 * Math.sign(p - y)) / y],
  },
  meanSquaredLogarithmicError: {
    layers: 'meanSquaredLogarithmicError',
    pair: (y, p) => {
      const difference = Math.log(1 + p) - Math.log(1 + y);
      return [difference ** 2, (2 * difference) / (1 + p)];
    },
  },
  huber: {
    pair: (y, p) => (Math.abs(p - y) <= 1 ? [(p - y) ** 2 / 2, p - y] : [NaN, NaN]),
  },
  logCosh: {
    layers: 'logcosh',
    pair: (y, p) => [Math.log(Math.cosh(p - y)), Math.tanh(p - y)],
  },
  poisson: {
    layers: 'poisson',
    pair: (y, p) => [p - y * Math.log(p + 1e-7), 1 - y / (p + 1e-7)],
  },
  klDivergence: {
    layers: 'kullbackLeiblerDivergence',
    pair: (y, p) => [y * Math.log(y / p), -y / p],
    isSum: true,
  },
  hinge: {
    layers: 'hinge',
    pair: (y, p) => [1 - y * p, -y],
  },
  squaredHinge: {
    layers: 'squaredHinge',
    pair: (y, p) => [(1 - y * p) ** 2, -2 * y * (1 - y * p)],
  },
} as const satisfies Record<string, NumberLoss>;

export type NumberLossName = keyof typeof NUMBER_LOSSES;

export const NUMBER_LOSS_NAMES = Object.keys(NUMBER_LOSSES) as NumberLossName[];

export function numberLoss(name: NumberLossName): NumberLoss {
  return NUMBER_LOSSES[name];
}

export function isNumberLoss(name: string): name is NumberLossName {
  return Object.hasOwn(NUMBER_LOSSES, name);
}
