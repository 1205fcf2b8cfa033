import { isNumberLoss, NUMBER_LOSS_NAMES, numberLoss } from './number_losses.js';

/** The cross-entropies that are measured: of independent yes/no labels, of one-hot rows, of class indices. */
export const CROSS_ENTROPIES = ['sigmoid', 'softmax', 'sparse'] as const;

/** All losses that are measured. */
export const LOSS_NAMES = [...CROSS_ENTROPIES, ...NUMBER_LOSS_NAMES] as const;
export type LossName = (typeof LOSS_NAMES)[number];

/** A loss on logits of one shape. */
export interface Cell {
  loss: LossName;
  /** [batch, labels] or [batch, classes]. */
  shape: [rows: number, columns: number];
}

const CLASSES: Cell['shape'][] = [
  [32, 10],
  [1024, 10],
  [256, 1000],
  [64, 32000],
];

const SHAPES: Record<(typeof CROSS_ENTROPIES)[number], Cell['shape'][]> = {
  sigmoid: [
    [32, 1],
    [256, 1],
    [1024, 10],
    [256, 1000],
    [8, 65536],
  ],
  softmax: CLASSES,
  sparse: CLASSES,
};

function shapesOf(loss: LossName): Cell['shape'][] {
  if (!isNumberLoss(loss)) return SHAPES[loss];
  return [
    [256, numberLoss(loss).isOfVectors ? 2 : 1],
    [1024, 10],
    [256, 1000],
  ];
}

export const CELLS: Cell[] = LOSS_NAMES.flatMap((loss) =>
  shapesOf(loss).map((shape) => ({ loss, shape })),
);

/** The numbers of a cell, the same for all who are measured on it. */
export interface Data {
  /** Predictions: logits of cross-entropies, other numbers of other losses. */
  logits: Float32Array<ArrayBuffer>;
  /** As many as logits; for `sparse` one index per row. */
  labels: Float32Array<ArrayBuffer>;
}

export function dataOf({ loss, shape: [rows, columns] }: Cell): Data {
  const random = generator(rows * columns);
  const classes = () => Float32Array.from({ length: rows }, () => Math.floor(random() * columns));
  const oneHot = (of: Float32Array) => {
    const labels = new Float32Array(rows * columns);
    for (const [row, index] of of.entries()) labels[row * columns + index] = 1;
    return labels;
  };
  if (isNumberLoss(loss)) {
    // Numbers for which every one of these losses is defined, and less than 1 apart.
    const [labels, logits] = [0, 1].map(() =>
      Float32Array.from({ length: rows * columns }, () => 0.05 + 0.9 * random()),
    ) as [Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>];
    return { logits, labels: numberLoss(loss).isOneHot ? oneHot(classes()) : labels };
  }
  // Standard deviation 1: beyond ±5 the losses of TF.js's layers clip, and would be compared in what they get wrong.
  const logits = Float32Array.from({ length: rows * columns }, () => normal(random));
  if (loss === 'sigmoid') return { logits, labels: logits.map(() => Math.round(random())) };
  return { logits, labels: loss === 'sparse' ? classes() : oneHot(classes()) };
}

/** Numbers in [0, 1), the same for the same seed: Mulberry32 by Tommy Ettinger. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A normally distributed number, by Box and Muller. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
