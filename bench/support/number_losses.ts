type Numbers = Float32Array;

/** What a row of labels and predictions costs, and the derivatives with respect to the predictions, in float64. */
type Row = (labels: Numbers, output: Numbers) => { loss: number; slopes: number[] };

/** A loss that compares numbers. */
interface NumberLoss {
  /** The name that TF.js's layers have for it; `tf.losses.huberLoss` has none. */
  readonly layers?: string;
  readonly row: Row;
  /** Whether the labels are those of classes, one of them 1 in each row. */
  readonly isOneHot?: true;
  /** Whether a row of a single number says nothing. */
  readonly isOfVectors?: true;
}

/** The mean of what each pair of a label and a prediction costs. */
function mean(pair: (y: number, p: number) => [loss: number, slope: number]): Row {
  return (labels, output) => {
    const { length } = output;
    const costs = Array.from(output, (p, i) => pair(labels[i]!, p));
    return {
      loss: sum(length, (i) => costs[i]![0]) / length,
      slopes: costs.map(([, slope]) => slope / length),
    };
  };
}

function sum(count: number, term: (i: number) => number): number {
  let all = 0;
  for (let i = 0; i < count; i++) all += term(i);
  return all;
}

/** By the name of our function. The formulas are the textbook's: of ordinary numbers float64 keeps enough digits. */
const NUMBER_LOSSES = {
  meanSquaredError: {
    layers: 'meanSquaredError',
    row: mean((y, p) => [(p - y) ** 2, 2 * (p - y)]),
  },
  meanAbsoluteError: {
    layers: 'meanAbsoluteError',
    row: mean((y, p) => [Math.abs(p - y), Math.sign(p - y)]),
  },
  meanAbsolutePercentageError: {
    layers: 'meanAbsolutePercentageError',
    row: mean((y, p) => [(100 * Math.abs(p - y)) / y, (100 * Math.sign(p - y)) / y]),
  },
  meanSquaredLogarithmicError: {
    layers: 'meanSquaredLogarithmicError',
    row: mean((y, p) => {
      const difference = Math.log(1 + p) - Math.log(1 + y);
      return [difference ** 2, (2 * difference) / (1 + p)];
    }),
  },
  huber: {
    row: mean((y, p) => (Math.abs(p - y) <= 1 ? [(p - y) ** 2 / 2, p - y] : [NaN, NaN])),
  },
  logCosh: {
    layers: 'logcosh',
    row: mean((y, p) => [Math.log(Math.cosh(p - y)), Math.tanh(p - y)]),
  },
  poisson: {
    layers: 'poisson',
    row: mean((y, p) => [p - y * Math.log(p + 1e-7), 1 - y / (p + 1e-7)]),
  },
  klDivergence: {
    layers: 'kullbackLeiblerDivergence',
    row: (labels, output) => ({
      loss: sum(output.length, (i) => labels[i]! * Math.log(labels[i]! / output[i]!)),
      slopes: Array.from(output, (p, i) => -labels[i]! / p),
    }),
  },
  hinge: {
    layers: 'hinge',
    row: mean((y, p) => [1 - y * p, -y]),
  },
  squaredHinge: {
    layers: 'squaredHinge',
    row: mean((y, p) => [(1 - y * p) ** 2, -2 * y * (1 - y * p)]),
  },
  categoricalHinge: {
    layers: 'categoricalHinge',
    isOneHot: true,
    isOfVectors: true,
    row: (labels, output) => {
      const others = Array.from(output, (p, i) => (1 - labels[i]!) * p);
      const rival = others.indexOf(Math.max(...others));
      return {
        loss: 1 + others[rival]! - output[labels.indexOf(1)]!,
        slopes: others.map((_, i) => Number(i === rival) - labels[i]!),
      };
    },
  },
  cosineSimilarity: {
    layers: 'cosineProximity',
    isOfVectors: true,
    row: (labels, output) => {
      const dot = (a: Numbers, b: Numbers) => sum(a.length, (i) => a[i]! * b[i]!);
      const [yp, pp] = [dot(labels, output), dot(output, output)];
      const lengths = Math.sqrt(dot(labels, labels) * pp);
      return {
        loss: -yp / lengths,
        slopes: Array.from(output, (p, i) => ((yp / pp) * p - labels[i]!) / lengths),
      };
    },
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
