import { expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  type Loss,
} from '../../src/pure.js';
import { sigmoidRow, softmaxRow, type Row } from '../support/float64.js';
import { isGpu } from '../support/backend.js';
import { describeKernels } from '../support/kernels.js';
import { hot, joined, rowAt, rowsOf, uniform } from '../support/rows.js';
import { ulpDistance } from '../support/ulp.js';

const { abs, max } = Math;

/** Lengths around those that the kernels treat in different ways: by fours, eights, blocks, and in columns. */
const LENGTHS = [
  1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 31, 63, 64, 65, 66, 67, 100, 127, 128, 129,
];
/** On GPUs the last of them would take a minute, by the same path as the one before. */
const LONG = [1000, 32003, ...(isGpu ? [] : [100000])];

/** Units in the last place that a result may be off by. */
const ULPS = 4;

const each = { fromLogits: true, reduction: 'none' } as const;

type IsNear = (got: number, exact: number, i: number) => boolean;

/** Below, numbers have fewer digits than others, or none; on a GPU where their rounding errors are less than 2⁻¹²⁶ and taken for 0. */
const TINY = isGpu ? 2 ** -102 : 1e-36;

const withinUlps: IsNear = (got, exact) =>
  abs(exact) < TINY ? abs(got - exact) < 2e-36 : ulpDistance(got, exact) <= ULPS;

/** The results that are too far off. */
class Far {
  readonly found: unknown[] = [];

  compare(title: string, actual: tf.Tensor, exact: ArrayLike<number>, isNear = withinUlps): void {
    const got = actual.dataSync();
    if (got.length !== exact.length) expect(got).toHaveLength(exact.length);
    for (let i = 0; i < exact.length; i++) {
      if (isNear(got[i]!, exact[i]!, i) || this.found.length > 9) continue;
      const ulp = ulpDistance(got[i]!, exact[i]!);
      this.found.push({ title, i, got: got[i], exact: exact[i], ulp });
    }
  }
}

const exactRows = (rows: number, of: (row: number) => Row) =>
  Array.from({ length: rows }, (_, row) => of(row));

const valuesOf = (rows: Row[]) => rows.map(({ loss }) => loss);
const gradientOf = (rows: Row[]) => joined(rows.map(({ gradient }) => gradient));

describeKernels(`rows with hard labels are exact within ${ULPS} ulp, values and gradients`, () => {
  const compare = (
    far: Far,
    title: string,
    f: (x: tf.Tensor) => tf.Tensor,
    x: tf.Tensor,
    exact: Row[],
  ) => {
    far.compare(`${title}: value`, f(x), valuesOf(exact));
    const { value, grad } = tf.valueAndGrad(f)(x);
    far.compare(`${title}: value with gradient`, value, valuesOf(exact));
    far.compare(`${title}: gradient`, grad, gradientOf(exact));
  };

  it.each([...LENGTHS, ...LONG])('yes/no labels, %i in a row', (length) => {
    const far = new Far();
    const loss = new BinaryCrossentropy(each);
    for (const { title, rows, logits, labels } of rowsOf(length, 'yes or no')) {
      tf.tidy(() => {
        const exact = exactRows(rows, (row) =>
          sigmoidRow(rowAt(logits, row, length), rowAt(labels, row, length)),
        );
        const y = tf.tensor2d(Float32Array.from(labels), [rows, length]);
        compare(far, title, (x) => loss(y, x), tf.tensor2d(logits, [rows, length]), exact);
      });
    }
    expect(far.found).toEqual([]);
  });

  it.each([...LENGTHS, ...LONG])('%i classes, as indices and one-hot', (length) => {
    const far = new Far();
    const [sparse, dense] = [
      new SparseCategoricalCrossentropy(each),
      new CategoricalCrossentropy(each),
    ];
    for (const { title, rows, logits, labels } of rowsOf(length, 'by class')) {
      tf.tidy(() => {
        const hots = Array.from(labels, (label) => hot(label, length));
        const exact = exactRows(rows, (row) => softmaxRow(rowAt(logits, row, length), hots[row]!));
        const x = tf.tensor2d(logits, [rows, length]);
        const indices = tf.tensor1d(labels, 'int32');
        const y = tf.tensor2d(Float32Array.from(joined(hots)), [rows, length]);
        compare(far, `${title}, indices`, (z) => sparse(indices, z), x, exact);
        compare(far, `${title}, one-hot`, (z) => dense(y, z), x, exact);
      });
    }
    expect(far.found).toEqual([]);
  });
});

describeKernels('rows with soft labels are exact', () => {
  it.each([0, 0.1, 1])('with label smoothing %d', (labelSmoothing) => {
    const far = new Far();
    const options = { ...each, labelSmoothing };
    const [sigmoid, softmax] = [
      new BinaryCrossentropy(options),
      new CategoricalCrossentropy(options),
    ];
    for (const length of [1, 2, 5, 12, 13, 67, 129, 1000]) {
      for (const { title, rows, logits } of rowsOf(length, 'by class')) {
        tf.tidy(() => {
          // Numbers in [0, 1], a third of them 0, whose sum over a row is not 1.
          const random = uniform(length + rows);
          const labels = Float32Array.from(logits, () => max(0, random() * 1.5 - 0.5));
          const x = tf.tensor2d(logits, [rows, length]);
          const y = tf.tensor2d(labels, [rows, length]);
          const compare = (loss: Loss, exact: Row[], total: number) => {
            const { value, grad } = tf.valueAndGrad((z) => loss(y, z))(x);
            // A smoothed label is itself rounded; powers below 1e-38 are 0, and multiplied by the sum of the labels.
            const relative = labelSmoothing === 0 ? ULPS * 2 ** -23 : 2e-6;
            const absolute = labelSmoothing === 0 ? 1e-38 * length : 1e-7 * total;
            const terms = joined(exact.map((row) => row.terms));
            far.compare(
              `${title}: value`,
              value,
              valuesOf(exact),
              (got, want) => abs(got - want) <= relative * want + 1e-36,
            );
            far.compare(
              `${title}: gradient`,
              grad,
              gradientOf(exact),
              (got, want, i) => abs(got - want) <= relative * terms[i]! + absolute,
            );
          };
          const exact = (of: (x: Float32Array, y: number[]) => Row, classes: number) =>
            exactRows(rows, (row) =>
              of(
                rowAt(logits, row, length),
                Array.from(
                  rowAt(labels, row, length),
                  (label) => label * (1 - labelSmoothing) + labelSmoothing / classes,
                ),
              ),
            );
          compare(sigmoid, exact(sigmoidRow, 2), 1 / length);
          compare(softmax, exact(softmaxRow, length), 1);
        });
      }
    }
    expect(far.found).toEqual([]);
  });
});

describeKernels('sums and means over rows are exact to 1e-6, with their gradients', () => {
  const shapes: [number, number][] = [1, 2, 3, 4, 5, 7, 1000, 10007].flatMap((rows) =>
    [1, 3, 10, 64].map((length): [number, number] => [rows, length]),
  );

  it.each(shapes)('%i rows of %i numbers', (rows, length) => {
    const far = new Far();
    const random = uniform(rows + length);
    const logits = Float32Array.from({ length: rows * length }, () => 20 * random() - 10);
    const labels = Float32Array.from(logits, () => Number(random() < 0.5));
    const classes = Array.from({ length: rows }, () => Math.floor(random() * length));
    const x = tf.tensor2d(logits, [rows, length]);
    const y = tf.tensor2d(labels, [rows, length]);
    const indices = tf.tensor1d(classes, 'int32');
    const binary = exactRows(rows, (row) =>
      sigmoidRow(rowAt(logits, row, length), rowAt(labels, row, length)),
    );
    const sparse = exactRows(rows, (row) =>
      softmaxRow(rowAt(logits, row, length), hot(classes[row]!, length)),
    );
    for (const reduction of ['sum', 'mean'] as const) {
      const options = { fromLogits: true, reduction };
      const compare = (title: string, f: (x: tf.Tensor) => tf.Tensor, exact: Row[]) => {
        const divisor = reduction === 'sum' ? 1 : rows;
        const { value, grad } = tf.valueAndGrad(f)(x);
        const sum = valuesOf(exact).reduce((a, b) => a + b, 0);
        const isNear: IsNear = (got, want) => abs(got - want) <= 1e-6 * abs(want);
        far.compare(`${reduction}: ${title}`, value, [sum / divisor], isNear);
        far.compare(
          `${reduction}: gradient of ${title}`,
          grad,
          gradientOf(exact).map((g) => g / divisor),
          isNear,
        );
      };
      compare('binary', (z) => new BinaryCrossentropy(options)(y, z), binary);
      compare('sparse', (z) => new SparseCategoricalCrossentropy(options)(indices, z), sparse);
    }
    expect(far.found).toEqual([]);
  });

  it('no rows at all: 0, and no gradient', () => {
    const x = tf.zeros([0, 3]);
    for (const reduction of ['sum', 'mean', 'mean_with_sample_weight'] as const) {
      const options = { fromLogits: true, reduction };
      for (const [loss, y] of [
        [new BinaryCrossentropy(options), tf.zeros([0, 3])],
        [new CategoricalCrossentropy(options), tf.zeros([0, 3])],
        [new SparseCategoricalCrossentropy(options), tf.zeros([0], 'int32')],
      ] as [Loss, tf.Tensor][]) {
        const { value, grad } = tf.valueAndGrad((z) => loss(y, z))(x);
        expect(value.arraySync()).toBe(0);
        expect(grad.shape).toEqual([0, 3]);
      }
    }
  });
});
