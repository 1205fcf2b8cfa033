// Global names are slow to look up in Jest, and these are used millions of times.
const { cos, floor, imul, log, PI, round, sqrt } = Math;

/** Logits of a few rows of one length, with their labels. */
export interface Rows {
  title: string;
  rows: number;
  logits: Float32Array;
  /** The class of each row or, for yes/no labels, each label. */
  labels: Int32Array;
}

/** Numbers in [0, 1), the same ones every time. */
export function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = imul(state ^ (state >>> 15), 1 | state);
    t = (t + imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Rows of all kinds: logits on all scales, with large offsets, ties, and rows that are right and more or less sure. */
export function* rowsOf(length: number, labelled: 'by class' | 'yes or no'): Generator<Rows> {
  const random = uniform(length);
  const normal = () => sqrt(-2 * log(1 - random())) * cos(2 * PI * random());
  const byClass = labelled === 'by class';
  for (const rows of length > 1000 ? [2] : [1, 3, 5]) {
    const size = rows * length;
    const labels = Int32Array.from({ length: byClass ? rows : size }, () =>
      floor(random() * (byClass ? length : 2)),
    );
    const batch = (title: string, logit: (i: number) => number) => ({
      title: `${title}, [${rows}, ${length}]`,
      rows,
      logits: Float32Array.from({ length: size }, (_, i) => logit(i)),
      labels,
    });
    for (const scale of [0.1, 1, 10, 60]) yield batch(`scale ${scale}`, () => scale * normal());
    for (const offset of [100, -1000]) yield batch(`offset ${offset}`, () => offset + normal());
    yield batch('ties', () => round(normal()));
    yield batch('all equal', () => 3);
    for (const lead of [1, 5, 17, 30, 80]) {
      yield batch(`right by ${lead}`, (i) => {
        if (!byClass) return (labels[i] === 1 ? 1 : -1) * (lead + random());
        return random() + (i % length === labels[floor(i / length)] ? lead : 0);
      });
    }
  }
}

/** One row of numbers that lie behind one another. */
export function rowAt<Numbers extends Float32Array | Int32Array>(
  numbers: Numbers,
  row: number,
  length: number,
): Numbers {
  return numbers.subarray(row * length, (row + 1) * length) as Numbers;
}

/** 1 for the class, 0 for all others. */
export function hot(label: number, length: number): Float32Array {
  const labels = new Float32Array(length);
  labels[label] = 1;
  return labels;
}

/** The numbers of one row after those of the other. */
export function joined(rows: ArrayLike<number>[]): Float64Array {
  const all = new Float64Array(rows.reduce((size, row) => size + row.length, 0));
  let start = 0;
  for (const row of rows) {
    all.set(row, start);
    start += row.length;
  }
  return all;
}
