/** Weights of samples and classes in `fit`, `evaluate` and their like. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  register,
  ShapeError,
  SparseCategoricalCrossentropy,
  unregister,
  type LossIdentifier,
  type Reduction,
} from '../../src/index.js';
import type { GivenWeights } from '../../src/training/arguments.js';
import {
  binary,
  categorical,
  frozen,
  functional,
  KINDS,
  mean,
  numbers,
  reportedBy,
  sequential,
  sigmoid,
  sum,
} from '../support/models.js';

// Six samples: batches of four leave a short last one.
const x = [[-1], [0.5], [2], [-0.3], [1.5], [-2]];
const y = [[0], [1], [1], [0], [0], [1]];
const weights = [1, 2, 0, 0.5, 3, 4];
const samples = x.map(([z], i) => ({ z: z!, label: y[i]![0]! }));

const xs = () => tf.tensor2d(x);
const ys = () => tf.tensor2d(y);
const ws = () => tf.tensor1d(weights);

const bce = () => new BinaryCrossentropy({ fromLogits: true });
const squared = (yTrue: tf.Tensor, yPred: tf.Tensor) =>
  tf.mean(tf.squaredDifference(yTrue, yPred), -1);
const losses = samples.map(({ z, label }) => binary(label, z));
const errors = samples.map(({ z, label }) => (z - label) ** 2);

const times = (values: number[], factors: number[]) =>
  values.map((value, i) => value * factors[i]!);
/** As Keras has it: the sum of what is weighted, divided by the number of samples. In any order it is that of an epoch. */
const weighted = (values: number[], factors = weights) => mean(times(values, factors));

const quiet = { epochs: 1, batchSize: 4, verbose: 0 } as const;
const once = { epochs: 1, verbose: 0 } as const;

type Batch = Record<string, tf.Tensor>;

/** All samples, in batches of four. */
function dataset(columns: Record<string, readonly (number | number[])[]>) {
  const rows = Object.entries(columns).map(([name, values]) => [
    name,
    tf.data.array(values as tf.TensorContainer[]),
  ]);
  return tf.data.zip(Object.fromEntries(rows) as never).batch(4) as tf.data.Dataset<Batch>;
}

beforeEach(() => {
  register(tf);
});

/** A model, a loss, its values in float64, and its slopes for a kernel of 1. */
const cases = KINDS.flatMap(
  ([kind, build]): [string, typeof build, LossIdentifier, number[], number[]][] => [
    [
      `${kind} with a loss of ours`,
      build,
      bce(),
      losses,
      samples.map(({ z, label }) => (sigmoid(z) - label) * z),
    ],
    [
      `${kind} with a plain function`,
      build,
      squared,
      errors,
      samples.map(({ z, label }) => 2 * (z - label) * z),
    ],
  ],
);

describe.each(cases)('sampleWeight in %s', (_, build, loss, values, slopes) => {
  const model = () => frozen(build([1]), { loss });

  it.each<[string, () => GivenWeights['sampleWeight']]>([
    ['an array', () => weights],
    ['an array [batch, 1]', () => weights.map((weight) => [weight])],
    ['a Float32Array', () => new Float32Array(weights)],
    ['a Float64Array', () => new Float64Array(weights)],
    ['a tensor', ws],
    ['a tensor [batch, 1]', () => tf.tensor2d(weights, [6, 1])],
    ['a list with one tensor', () => [ws()]],
  ])('may be %s', async (_, given) => {
    const args = { ...quiet, sampleWeight: given() };
    const { loss: fitted } = await reportedBy(model().fit(xs(), ys(), args));
    expect(fitted![0]).toBeCloseTo(weighted(values), 5);
    const [evaluated] = numbers(model().evaluate(xs(), ys(), { sampleWeight: given() }));
    expect(evaluated).toBeCloseTo(weighted(values), 5);
  });

  it('may be of int32, in a dict with the name of the output', () => {
    const compiled = model();
    const factors = [3, 1, 0, 2, 1, 1];
    const sampleWeight = { [compiled.outputNames[0]!]: tf.tensor1d(factors, 'int32') };
    const [evaluated] = numbers(compiled.evaluate(xs(), ys(), { sampleWeight }));
    expect(evaluated).toBeCloseTo(weighted(values, factors), 5);
  });

  it('follows its samples through shuffled batches, a short last one, and epochs', async () => {
    const args = { ...quiet, epochs: 5, shuffle: true, sampleWeight: weights };
    const { loss: epochs } = await reportedBy(model().fit(xs(), ys(), args));
    expect(epochs).toHaveLength(5);
    for (const epoch of epochs!) expect(epoch).toBeCloseTo(weighted(values), 5);
  });

  it('is in the gradient: each sample moves the kernel by its weight', async () => {
    const trained = build([1]);
    trained.compile({ optimizer: tf.train.sgd(0.1), loss });
    await trained.fit(xs(), ys(), { ...quiet, batchSize: 6, sampleWeight: weights });
    const [kernel] = trained.getWeights();
    expect(kernel!.dataSync()[0]).toBeCloseTo(1 - 0.1 * weighted(slopes), 5);
  });

  it('is split along by validationSplit', async () => {
    const args = { ...quiet, shuffle: true, validationSplit: 1 / 3, sampleWeight: weights };
    const history = await reportedBy(model().fit(xs(), ys(), args));
    expect(history.loss![0]).toBeCloseTo(mean(times(values, weights).slice(0, 4)), 5);
    expect(history.val_loss![0]).toBeCloseTo(mean(times(values, weights).slice(4)), 5);
  });

  it('is the third of validationData, with and without weights in training', async () => {
    for (const [given, expected] of [
      [{}, mean(values)],
      [{ sampleWeight: weights.map((weight) => 2 * weight) }, 2 * weighted(values)],
    ] as const) {
      const validationData: [tf.Tensor, tf.Tensor, tf.Tensor] = [xs(), ys(), ws()];
      const args = { ...quiet, epochs: 2, validationData, ...given };
      const history = await reportedBy(model().fit(xs(), ys(), args));
      for (const epoch of history.loss!) expect(epoch).toBeCloseTo(expected, 5);
      for (const epoch of history.val_loss!) expect(epoch).toBeCloseTo(weighted(values), 5);
    }
  });

  it('does not stay for the next call', async () => {
    const [compiled, features, labels] = [model(), xs(), ys()];
    await compiled.fit(features, labels, { ...quiet, sampleWeight: weights });
    expect(numbers(compiled.evaluate(features, labels))[0]).toBeCloseTo(mean(values), 5);
    const { loss: again } = await reportedBy(compiled.fit(features, labels, quiet));
    expect(again![0]).toBeCloseTo(mean(values), 5);
  });

  it('goes with trainOnBatch', async () => {
    const compiled = model();
    for (const [given, expected] of [
      [undefined, mean(values)],
      [{ sampleWeight: weights }, weighted(values)],
      [{}, mean(values)],
    ] as const) {
      const got = await compiled.trainOnBatch(xs(), ys(), given as GivenWeights);
      expect(got).toBeCloseTo(expected, 5);
    }
  });

  const byName = () => dataset({ xs: x, ys: y, sampleWeight: weights });
  it.each<[string, () => tf.data.Dataset<Batch>]>([
    ['{ xs, ys, sampleWeight }', byName],
    [
      '[xs, ys, sampleWeight]',
      () => byName().map(({ xs, ys, sampleWeight }) => [xs!, ys!, sampleWeight!]) as never,
    ],
    ['labels [batch]', () => dataset({ xs: x, ys: y.flat(), sampleWeight: weights })],
    [
      'arrays beside tensors, from a generator',
      () =>
        tf.data.generator(function* () {
          for (const [from, to] of [
            [0, 4],
            [4, 6],
          ]) {
            yield {
              xs: tf.tensor2d(x.slice(from, to)),
              ys: tf.tensor2d(y.slice(from, to)),
              sampleWeight: weights.slice(from, to),
            };
          }
        }) as never,
    ],
  ])('comes in the elements of a dataset: %s', async (_, elements) => {
    const args = { ...once, epochs: 2 };
    const { loss: epochs } = await reportedBy(model().fitDataset(elements(), args));
    for (const epoch of epochs!) expect(epoch).toBeCloseTo(weighted(values), 5);
    const [evaluated] = numbers(await model().evaluateDataset(elements(), {}));
    expect(evaluated).toBeCloseTo(weighted(values), 5);
    const [first] = numbers(await model().evaluateDataset(elements(), { batches: 1 }));
    expect(first).toBeCloseTo(mean(times(values, weights).slice(0, 4)), 5);
  });

  it.each<[string, () => tf.data.Dataset<Batch> | [tf.Tensor, tf.Tensor, tf.Tensor]]>([
    ['a dataset', byName],
    ['three tensors', () => [xs(), ys(), ws()]],
  ])('weighs the validation of fitDataset by %s', async (_, given) => {
    const args = { ...once, epochs: 2, validationData: given() };
    const history = await reportedBy(model().fitDataset(dataset({ xs: x, ys: y }), args));
    for (const epoch of history.loss!) expect(epoch).toBeCloseTo(mean(values), 5);
    for (const epoch of history.val_loss!) expect(epoch).toBeCloseTo(weighted(values), 5);
  });
});

describe('a model with a plain function', () => {
  // A kernel of 1 and a penalty of 0.25.
  const model = () => frozen(sequential([1], { l2: 0.25 }), { loss: squared });
  const evaluated = (compiled: tf.LayersModel) => numbers(compiled.evaluate(xs(), ys()))[0];
  const byClass = (compiled: tf.LayersModel) =>
    reportedBy(compiled.fit(xs(), ys(), { ...quiet, classWeight: { 1: 2 } })).catch(String);

  it('that was trained with weights once goes on without as if it had not been', async () => {
    const [fresh, used] = [model(), model()];
    await used.fit(xs(), ys(), { ...quiet, sampleWeight: weights });
    expect(evaluated(used)).toBe(evaluated(fresh));
    expect(await byClass(used)).toEqual(await byClass(fresh));
  });
});

describe('sampleWeight of sequences', () => {
  // [batch, time, classes]
  const logits = [
    [
      [1, 0, -1],
      [0.5, 2, 0],
    ],
    [
      [0, 1, 0],
      [2, 0, 1],
    ],
  ];
  const labels = [
    [0, 1],
    [2, 0],
  ];
  const perStep = logits.flatMap((steps, i) =>
    steps.map((row, t) => categorical(labels[i]![t]!, row)),
  );

  it.each([
    ['[batch]', [1, 3], [1, 1, 3, 3]],
    ['[batch, 1]', [[1], [3]], [1, 1, 3, 3]],
    [
      '[batch, time]',
      [
        [1, 0],
        [0.5, 2],
      ],
      [1, 0, 0.5, 2],
    ],
  ])('may have the shape %s', async (_, sampleWeight, factors) => {
    const loss = new SparseCategoricalCrossentropy({ fromLogits: true });
    const model = frozen(sequential([2, 3]), { loss });
    for (const targets of [tf.tensor2d(labels), tf.tensor3d(labels.flat(), [2, 2, 1])]) {
      // As many samples as steps, and fewer.
      for (const batchSize of [2, 1]) {
        const args = { ...quiet, batchSize, sampleWeight };
        const { loss: fitted } = await reportedBy(model.fit(tf.tensor3d(logits), targets, args));
        expect(fitted![0]).toBeCloseTo(weighted(perStep, factors), 5);
      }
    }
  });
});

describe('sampleWeight of several outputs', () => {
  const model = () =>
    frozen(functional([1], { name: 'a' }, { name: 'b', factor: 2 }), { loss: bce() });
  const other = samples.map(({ z, label }) => binary(label, 2 * z));
  const [plainA, plainB] = [mean(losses), mean(other)];
  const [weightedA, weightedB] = [weighted(losses), weighted(other)];

  it.each<[string, () => GivenWeights['sampleWeight'], number, number]>([
    ['one tensor for all', ws, weightedA, weightedB],
    ['one array for all', () => weights, weightedA, weightedB],
    ['a list of tensors', () => [ws(), tf.ones([6])], weightedA, plainB],
    ['a list of arrays', () => [weights, new Float32Array(weights)], weightedA, weightedB],
    ['a list with null', () => [null, ws()], plainA, weightedB],
    ['a dict by name, without some', () => ({ b: weights }), plainA, weightedB],
    ['a dict by name, with null', () => ({ a: ws(), b: null }), weightedA, plainB],
  ])('may be %s', async (_, given, a, b) => {
    const validationData = [xs(), [ys(), ys()], given()] as never;
    const args = { ...quiet, sampleWeight: given(), validationData };
    const history = await reportedBy(model().fit(xs(), [ys(), ys()], args));
    for (const prefix of ['', 'val_']) {
      expect(history[`${prefix}a_loss`]![0]).toBeCloseTo(a, 5);
      expect(history[`${prefix}b_loss`]![0]).toBeCloseTo(b, 5);
      expect(history[`${prefix}loss`]![0]).toBeCloseTo(a + b, 5);
    }
  });

  it.each([
    ['[batch, 1]', y],
    ['[batch]', y.flat()],
  ])('comes in a dataset by name, where both have the same labels %s', async (_, labels) => {
    const elements = dataset({ xs: x, labels, w: weights }).map(({ xs, labels, w }) => ({
      xs: xs!,
      ys: { a: labels!, b: labels! },
      sampleWeight: { b: w! },
    }));
    const history = await reportedBy(model().fitDataset(elements, once));
    expect(history.a_loss![0]).toBeCloseTo(plainA, 5);
    expect(history.b_loss![0]).toBeCloseTo(weightedB, 5);
  });
});

describe('classWeight', () => {
  const sparse = (options = {}) =>
    new SparseCategoricalCrossentropy({ fromLogits: true, ...options });
  const dense = (options = {}) => new CategoricalCrossentropy({ fromLogits: true, ...options });
  const oneHot = (classes: number[], depth = 3) =>
    classes.map((index) => Array.from({ length: depth }, (_, i) => Number(i === index)));

  const rows = [
    [1, 0, -1],
    [0.5, 2, 0],
    [0, 1, 3],
    [1, 1, 1],
  ];
  const classes = [0, 1, 1, 2];
  const ofRows = rows.map((row, i) => categorical(classes[i]!, row));
  const sequences = [rows, rows.map((row) => row.map((z) => -z))];
  const steps = [classes, [2, 0, 1, 1]];
  const ofSteps = sequences.flatMap((sequence, i) =>
    sequence.map((row, t) => categorical(steps[i]![t]!, row)),
  );
  // The same rows as [batch, classes, places]: at each place a column, with the classes 0, 3 and 1.
  const places = [0, 3, 1];
  const ofPlaces = places.map((index, place) =>
    categorical(
      index,
      rows.map((row) => row[place]!),
    ),
  );
  const placesOneHot = [0, 1, 2, 3].map((index) => places.map((place) => Number(place === index)));
  const yesNo = [
    [1, 0, 1],
    [0, 0, 1],
    [1, 1, 1],
    [0, 1, 0],
  ];
  const ofLabels = rows.flatMap((row, i) => row.map((z, j) => binary(yesNo[i]![j]!, z)));
  const byLabel = yesNo.flat().map((label) => (label === 1 ? 10 : 2));

  type Row = [
    title: string,
    loss: LossIdentifier,
    features: tf.TensorLike,
    labels: tf.TensorLike,
    classWeight: Record<number, number>,
    values: number[],
    factors: number[],
  ];
  it.each<Row>([
    ['yes and no', bce(), x, y, { 0: 2, 1: 10 }, losses, [2, 10, 10, 2, 2, 10]],
    ['yes alone', bce(), x, y, { 1: 10 }, losses, [1, 10, 10, 1, 1, 10]],
    ['no not at all', bce(), x, y, { 0: 0 }, losses, [0, 1, 1, 0, 0, 1]],
    ['each of several labels', bce(), rows, yesNo, { 0: 2, 1: 10 }, ofLabels, byLabel],
    ['indices', sparse(), rows, classes, { 0: 2, 1: 3, 2: 5 }, ofRows, [2, 3, 3, 5]],
    ['one-hot labels', dense(), rows, oneHot(classes), { 0: 2, 1: 3 }, ofRows, [2, 3, 3, 1]],
    [
      'sequences of indices',
      sparse(),
      sequences,
      steps,
      { 1: 3 },
      ofSteps,
      [1, 3, 3, 1, 1, 1, 3, 3],
    ],
    [
      'sequences of one-hot labels',
      dense(),
      sequences,
      steps.map((row) => oneHot(row)),
      { 1: 3 },
      ofSteps,
      [1, 3, 3, 1, 1, 1, 3, 3],
    ],
    [
      'indices along axis 1',
      sparse({ axis: 1 }),
      [rows],
      [places],
      { 1: 3, 3: 5 },
      ofPlaces,
      [1, 5, 3],
    ],
    [
      'one-hot labels along axis 1',
      dense({ axis: 1 }),
      [rows],
      [placesOneHot],
      { 1: 3, 3: 5 },
      ofPlaces,
      [1, 5, 3],
    ],
    [
      // A mean over three of four: the factors are scaled up.
      'labels beside an ignored one',
      sparse({ ignoreClass: -1 }),
      rows,
      [0, -1, 1, 2],
      { 1: 3 },
      ofRows,
      [4 / 3, 0, 4, 4 / 3],
    ],
    ['plain functions', squared, x, y, { 0: 2, 1: 10 }, errors, [2, 10, 10, 2, 2, 10]],
  ])('weighs %s', async (_, loss, features, labels, classWeight, values, factors) => {
    const inputs = tf.tensor(features);
    const model = frozen(functional(inputs.shape.slice(1)), { loss });
    const got = await model.trainOnBatch(inputs, tf.tensor(labels), { classWeight });
    expect(got).toBeCloseTo(weighted(values, factors), 4);
  });

  it('weighs indices that have a 1 in the place of their classes', async () => {
    const [inputs, labels] = [tf.tensor3d([rows, rows]), tf.tensor3d([[places], [[1, 1, 1]]])];
    const model = frozen(functional([4, 3]), { loss: sparse({ axis: 1 }) });
    const second = [0, 1, 2].map((place) =>
      categorical(
        1,
        rows.map((row) => row[place]!),
      ),
    );
    const got = await model.trainOnBatch(inputs, labels, { classWeight: { 1: 3, 3: 5 } });
    expect(got).toBeCloseTo(weighted([...ofPlaces, ...second], [1, 5, 3, 3, 3, 3]), 5);
  });

  const training = weighted(losses, [1, 10, 10, 1, 1, 10]);
  const classWeight = { 0: 1, 1: 10 };

  it('is for training, in fit and fitDataset: validation and evaluate do without', async () => {
    const model = frozen(sequential([1]), { loss: bce() });
    const [features, labels, elements] = [xs(), ys(), dataset({ xs: x, ys: y })];
    const validationData: [tf.Tensor, tf.Tensor] = [features, labels];
    for (const history of [
      await reportedBy(model.fit(features, labels, { ...quiet, classWeight, validationData })),
      await reportedBy(model.fitDataset(elements, { ...once, classWeight, validationData })),
      await reportedBy(
        model.fitDataset(elements, { ...once, classWeight, validationData: elements }),
      ),
    ]) {
      expect(history.loss![0]).toBeCloseTo(training, 5);
      expect(history.val_loss![0]).toBeCloseTo(mean(losses), 5);
    }
    expect(numbers(model.evaluate(features, labels))[0]).toBeCloseTo(mean(losses), 5);
  });

  it('does not weigh what validationSplit puts aside', async () => {
    const model = frozen(sequential([1]), { loss: bce() });
    const args = { ...quiet, validationSplit: 1 / 3, classWeight };
    const history = await reportedBy(model.fit(xs(), ys(), args));
    expect(history.loss![0]).toBeCloseTo(mean(times(losses, [1, 10, 10, 1]).slice(0, 4)), 5);
    expect(history.val_loss![0]).toBeCloseTo(mean(losses.slice(4)), 5);
  });

  it.each<[string, GivenWeights['classWeight']]>([
    ['list', [null, classWeight]],
    ['dict', { b: classWeight }],
  ])('goes by %s where there are several outputs', async (_, given) => {
    const model = frozen(functional([1], { name: 'a' }, { name: 'b' }), { loss: bce() });
    const args = { ...quiet, classWeight: given };
    const history = await reportedBy(model.fit(xs(), [ys(), ys()], args));
    expect(history.a_loss![0]).toBeCloseTo(mean(losses), 5);
    expect(history.b_loss![0]).toBeCloseTo(training, 5);
  });
});

describe('weights of samples and classes together', () => {
  const classWeight = { 0: 1, 1: 10 };
  const both = times(weights, [1, 10, 10, 1, 1, 10]);
  const given = { sampleWeight: weights, classWeight };

  it.each<[Reduction, number]>([
    ['sum_over_batch_size', weighted(losses, both)],
    ['sum', sum(times(losses, both))],
    ['mean_with_sample_weight', sum(times(losses, both)) / sum(both)],
    ['none', weighted(losses, both)],
  ])('multiply, with the reduction %s', async (reduction, expected) => {
    const loss = new BinaryCrossentropy({ fromLogits: true, reduction });
    const model = frozen(sequential([1]), { loss });
    const args = { ...quiet, batchSize: 6, ...given };
    const { loss: fitted } = await reportedBy(model.fit(xs(), ys(), args));
    expect(fitted![0]).toBeCloseTo(expected, 4);
    expect(await model.trainOnBatch(xs(), ys(), given)).toBeCloseTo(expected, 4);
  });

  it('divide a weighted mean by the mean weight of the labels of each sample', async () => {
    const loss = new BinaryCrossentropy({ fromLogits: true, reduction: 'mean_with_sample_weight' });
    const model = frozen(sequential([2]), { loss });
    const [logits, labels] = [
      [1, -1, 0.5, 2],
      [1, 0, 1, 1],
    ];
    const values = logits.map((z, i) => binary(labels[i]!, z));
    const factors = [2 * 10, 2 * 1, 3 * 10, 3 * 10];
    const [features, targets] = [tf.tensor2d(logits, [2, 2]), tf.tensor2d(labels, [2, 2])];
    const got = await model.trainOnBatch(features, targets, { sampleWeight: [2, 3], classWeight });
    expect(got).toBeCloseTo(sum(times(values, factors)) / sum(factors), 5);
  });

  it.each<[string, LossIdentifier, number[]]>([
    ['a loss of ours', bce(), losses],
    ['a plain function', squared, errors],
  ])('multiply in a dataset, from the first batch on, for %s', async (_, loss, values) => {
    const model = frozen(sequential([1]), { loss });
    const elements = dataset({ xs: x, ys: y, sampleWeight: weights });
    const args = { ...once, epochs: 2, classWeight };
    const { loss: epochs } = await reportedBy(model.fitDataset(elements, args));
    for (const epoch of epochs!) expect(epoch).toBeCloseTo(weighted(values, both), 4);
  });

  it('weigh the weightedMetrics, and leave the metrics alone', async () => {
    const hits = samples.map(({ z, label }) => Number(z > 0 === (label === 1)));
    const model = frozen(sequential([1]), {
      loss: bce(),
      metrics: ['accuracy'],
      weightedMetrics: ['accuracy', 'mse'],
    });
    expect(model.metricsNames).toEqual(['loss', 'acc', 'weighted_acc', 'mse']);
    const [, acc, byWeight, mse] = (await model.trainOnBatch(xs(), ys(), given)) as number[];
    expect(acc).toBeCloseTo(mean(hits), 5);
    expect(byWeight).toBeCloseTo(sum(times(hits, both)) / sum(both), 5);
    expect(mse).toBeCloseTo(sum(times(errors, both)) / sum(both), 5);
    const [, plain, same] = numbers(model.evaluate(xs(), ys()));
    expect(plain).toBeCloseTo(mean(hits), 5);
    expect(same).toBe(plain);
  });

  it('weigh metrics of sequences by sample, and count what is not ignored', async () => {
    const loss = new SparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: -1 });
    const model = frozen(sequential([2, 2]), { loss, weightedMetrics: ['accuracy'] });
    // Of the first sample a hit and a miss, of the second something ignored and a hit.
    const features = tf.tensor3d([1, 0, 0, 1, 0, 1, 1, 0], [2, 2, 2]);
    const labels = tf.tensor2d([0, 0, -1, 0], [2, 2]);
    const got = await model.trainOnBatch(features, labels, { sampleWeight: [1, 3] });
    expect((got as number[])[1]).toBeCloseTo((1 + 3) / (1 + 1 + 3), 5);
  });
});

describe('a weight of 0', () => {
  it.each<[string, LossIdentifier, number[][], number[][]]>([
    ['binary', bce(), [[1], [-2]], [[0], [NaN]]],
    [
      'one-hot',
      new CategoricalCrossentropy({ fromLogits: true }),
      [
        [1, 0],
        [0, 2],
      ],
      [
        [0, 1],
        [NaN, 0],
      ],
    ],
  ])('excludes %s labels of NaN from loss and gradient', async (_, loss, features, labels) => {
    const trained = async (count: number, rate: number, given: GivenWeights) => {
      const model = sequential([features[0]!.length]);
      model.compile({ optimizer: tf.train.sgd(rate), loss });
      const [inputs, targets] = [features, labels].map((each) => tf.tensor2d(each.slice(0, count)));
      const value = (await model.trainOnBatch(inputs!, targets!, given)) as number;
      return [value, ...model.getWeights()[0]!.dataSync()];
    };
    // The mean still divides by both samples: half the loss of the first alone, and half its step.
    const [value, ...kernel] = await trained(2, 1, { sampleWeight: [1, 0] });
    const [alone, ...expected] = await trained(1, 0.5, {});
    expect(value).toBeCloseTo(alone! / 2, 6);
    kernel.forEach((entry, i) => {
      expect(entry).toBeCloseTo(expected[i]!, 6);
    });
  });

  it('for all samples gives 0, also as a weighted mean and in a metric', async () => {
    const loss = new BinaryCrossentropy({ fromLogits: true, reduction: 'mean_with_sample_weight' });
    const model = frozen(sequential([1]), { loss, weightedMetrics: ['accuracy'] });
    const sampleWeight = weights.map(() => 0);
    expect(await model.trainOnBatch(xs(), ys(), { sampleWeight })).toEqual([0, 0]);
  });
});

describe('weights that do not fit are an error', () => {
  const one = () => frozen(functional([1], { name: 'out' }), { loss: bce() });
  const two = () => frozen(functional([1], { name: 'a' }, { name: 'b' }), { loss: bce() });

  it.each<[string, GivenWeights, string]>([
    [
      'too few',
      { sampleWeight: [1, 2] },
      "sampleWeight of output 'out' must have one entry per sample. Received: sampleWeight [2] for 6 samples.",
    ],
    [
      'one number',
      { sampleWeight: 2 },
      'sampleWeight must be a tensor or an array, or a list or dict of them by output. Received: 2.',
    ],
    [
      'rows of different length',
      { sampleWeight: [[1], [1, 2]] as never },
      "sampleWeight of output 'out' must be a tensor, a number, a typed array, or a nested array",
    ],
    ['an unknown output', { sampleWeight: { outt: [1] } }, "Did you mean 'out'?"],
    ['classes of an unknown output', { classWeight: { outt: { 0: 1 } } }, "Did you mean 'out'?"],
    [
      'a third class of yes and no',
      { classWeight: { 2: 3 } },
      "classWeight of output 'out' must be of the classes 0 and 1, which are the labels of BinaryCrossentropy.",
    ],
    [
      'a class that is no index',
      { classWeight: { 0.5: 1 } },
      "classWeight of output 'out' must be given by class index.",
    ],
    [
      'a weight of NaN',
      { classWeight: { 0: NaN } },
      'must be finite numbers. Received: {"0":NaN}.',
    ],
    [
      'a weight in quotes',
      { classWeight: { 0: '2' as never } },
      "classWeight of output 'out' must be finite numbers.",
    ],
    [
      'one number for all classes',
      { classWeight: 2 as never },
      'classWeight must be a dict from class index to weight. Received: 2.',
    ],
  ])('with a clear text: %s', async (_, given, text) => {
    await expect(one().fit(xs(), ys(), { ...quiet, ...given })).rejects.toThrow(text);
    await expect(one().trainOnBatch(xs(), ys(), given)).rejects.toThrow(text);
  });

  it.each<[GivenWeights, string]>([
    [
      { classWeight: { 0: 1, 1: 2 } },
      'classWeight must be a list or dict of class weights by output, since the model has several (a, b).',
    ],
    [{ sampleWeight: [new Float32Array(6)] }, 'must have one entry per output (a, b).'],
    [{ sampleWeight: { b: [1] } }, "sampleWeight of output 'b' must have one entry per sample."],
  ])('that names the outputs where there are several: %j', async (given, text) => {
    await expect(two().trainOnBatch(xs(), [ys(), ys()], given)).rejects.toThrow(text);
  });

  it('also for a model that was compiled before our integration was registered', async () => {
    unregister();
    const model = frozen(functional([1]), { loss: squared });
    register(tf);
    const given = { sampleWeight: weights };
    await expect(model.fit(xs(), ys(), { ...quiet, ...given })).rejects.toThrow();
    await expect(model.trainOnBatch(xs(), ys(), given)).rejects.toThrow();
    expect(() => model.evaluate(xs(), ys(), given)).toThrow();
  });

  it('that says whose values they do not fit', async () => {
    const training = () => one().trainOnBatch(xs(), ys(), { sampleWeight: tf.ones([6, 4]) });
    await expect(training()).rejects.toThrow(ShapeError);
    await expect(training()).rejects.toThrow(
      "BinaryCrossentropy of output 'out': sampleWeight must fit the per-sample values",
    );
  });

  it.each<[string, () => tf.Tensor]>([
    ['[batch, 1]', ys],
    ['[batch]', () => tf.tensor1d(y.flat())],
  ])('and leave no tensor behind, nor a broken model: labels %s', async (_, labels) => {
    const [model, features, targets] = [one(), xs(), labels()];
    await model.fit(features, targets, quiet);
    const before = tf.memory().numTensors;
    for (const given of [
      { sampleWeight: [1, 2] },
      { sampleWeight: { other: weights } },
      { sampleWeight: weights, classWeight: { 2: 1 } },
    ] as GivenWeights[]) {
      const validationData = [features, targets, [1, 2]] as never;
      await expect(model.fit(features, targets, { ...quiet, ...given })).rejects.toThrow();
      await expect(model.fit(features, targets, { ...quiet, validationData })).rejects.toThrow();
      await expect(model.trainOnBatch(features, targets, given)).rejects.toThrow();
      expect(() => model.evaluate(features, targets, { sampleWeight: [1, 2] })).toThrow();
    }
    expect(tf.memory().numTensors).toBe(before);
    const args = { ...quiet, sampleWeight: weights };
    const { loss } = await reportedBy(model.fit(features, targets, args));
    expect(loss![0]).toBeCloseTo(weighted(losses), 5);
  });

  it('and leave no more behind than what TF.js leaves of a step that throws', async () => {
    const [model, features, labels] = [one(), xs(), ys()];
    const [wrongLabels, sampleWeight] = [tf.ones([6, 2]), tf.ones([6, 4])];
    const leftBehind = async (run: () => Promise<unknown>) => {
      const before = tf.memory().numTensors;
      await expect(run()).rejects.toThrow(ShapeError);
      return tf.memory().numTensors - before;
    };
    const theirs = await leftBehind(() => model.trainOnBatch(features, wrongLabels));
    const ours = await leftBehind(() => model.trainOnBatch(features, labels, { sampleWeight }));
    expect(ours).toBe(theirs);
  });

  it.each([
    ['[batch, 1]', y],
    ['[batch]', y.flat()],
  ])('and leave no tensor of a dataset behind: labels %s', async (_, labels) => {
    const elements = dataset({ xs: x, ys: labels, w: weights }).map(({ xs, ys, w }) => ({
      xs: xs!,
      ys: ys!,
      sampleWeight: [w!, w!],
    }));
    const model = one();
    const before = tf.memory().numTensors;
    const text = 'sampleWeight must have one entry per output (out). Received: 2 entries.';
    await expect(model.fitDataset(elements, once)).rejects.toThrow(text);
    await expect(model.evaluateDataset(elements, {})).rejects.toThrow(text);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('as without weights where a model was never compiled', async () => {
    for (const model of [functional([1]), sequential([1]), tf.sequential()]) {
      const theirs = await model.trainOnBatch(xs(), ys()).catch((error: unknown) => error);
      const ours = model.trainOnBatch(xs(), ys(), { sampleWeight: weights });
      await expect(ours).rejects.toThrow((theirs as Error).message);
    }
  });
});

describe('memory', () => {
  it.each<[string, LossIdentifier]>([
    ['a loss of ours', bce()],
    ['a plain function', squared],
  ])('is as before after training with weights, again and again: %s', async (_, loss) => {
    const model = frozen(sequential([1]), { loss, weightedMetrics: ['accuracy'] });
    const [features, labels, sampleWeight] = [xs(), ys(), ws()];
    const given = { sampleWeight, classWeight: { 0: 1, 1: 2 } };
    const elements = dataset({ xs: x, ys: y.flat(), sampleWeight: weights });
    const validationData: [tf.Tensor, tf.Tensor, tf.Tensor] = [features, labels, sampleWeight];
    const all = async () => {
      await model.fit(features, labels, { ...quiet, epochs: 2, ...given, validationData });
      await model.fit(features, labels, { ...quiet, ...given, validationSplit: 0.5 });
      const { classWeight } = given;
      await model.fitDataset(elements, { ...once, classWeight, validationData: elements });
      await model.fitDataset(elements, { ...once, epochs: 2, validationData });
      await model.trainOnBatch(features, labels, given);
      tf.dispose(model.evaluate(features, labels, { sampleWeight }));
      tf.dispose(await model.evaluateDataset(elements, {}));
    };
    await all();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) await all();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is as before after the first trainOnBatch, also where metrics have weights', async () => {
    const model = frozen(sequential([1]), { loss: bce(), weightedMetrics: ['accuracy'] });
    const [features, labels] = [xs(), ys()];
    const before = tf.memory().numTensors;
    await model.trainOnBatch(features, labels, { sampleWeight: weights });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("leaves the user's own tensors alone, also where labels are weights", async () => {
    const model = frozen(functional([1], { name: 'out' }), { loss: bce() });
    const own = [xs(), ys(), ws(), tf.tensor1d(y.flat()), tf.tensor2d(weights, [6, 1])] as const;
    const [features, labels, sampleWeight, flat, column] = own;
    for (const [targets, given] of [
      [labels, sampleWeight],
      [flat, column],
      [labels, labels],
    ] as const) {
      const validationData: [tf.Tensor, tf.Tensor, tf.Tensor] = [features, targets, given];
      await model.fit(features, targets, { ...quiet, sampleWeight: given, validationData });
      await model.trainOnBatch(features, targets, { sampleWeight: [given] });
      tf.dispose(model.evaluate(features, targets, { sampleWeight: { out: given } }));
    }
    expect(own.map(({ isDisposed }) => isDisposed)).toEqual(own.map(() => false));
  });

  it.each([
    ['[batch, 1]', x.map(() => [1])],
    ['[batch]', x.map(() => 1)],
  ])('of labels %s that are their own weights is freed after use', async (_, ones) => {
    const model = frozen(sequential([1]), { loss: bce() });
    const elements = dataset({ xs: x, ys: ones }).map(({ xs, ys }) => ({
      xs: xs!,
      ys: ys!,
      sampleWeight: ys!,
    }));
    const before = tf.memory().numTensors;
    const { loss } = await reportedBy(model.fitDataset(elements, once));
    expect(loss![0]).toBeCloseTo(mean(samples.map(({ z }) => binary(1, z))), 5);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('weights as Keras also takes them', () => {
  it('may be negative, of samples and of classes, as in a policy gradient', async () => {
    const [features, labels] = [tf.tensor2d([[1], [-2]]), tf.tensor2d([[1], [0]])];
    const losses = [binary(1, 1), binary(0, -2)];
    const model = frozen(sequential([1]), { loss: bce() });
    const advantages = [2, -3];
    const expected = mean(times(losses, advantages));
    const sampleWeight = tf.tensor1d(advantages);
    expect(await model.trainOnBatch(features, labels, { sampleWeight })).toBeCloseTo(expected, 5);
    const classWeight = { 0: -3, 1: 2 };
    expect(await model.trainOnBatch(features, labels, { classWeight })).toBeCloseTo(expected, 5);
  });

  it('go into an object: as an argument of their own they are an error, and not lost', async () => {
    for (const model of [sequential([1]), functional([1])]) {
      frozen(model, { loss: bce() });
      for (const given of [tf.ones([6]), [1, 1, 1, 1, 1, 1]]) {
        const training = model.trainOnBatch(xs(), ys(), given as never);
        await expect(training).rejects.toThrow('weights go into an object, { sampleWeight }.');
      }
      const fit = model.fit(xs(), ys(), { ...quiet, sample_weight: ws() } as never);
      await expect(fit).rejects.toThrow(
        "model.fit: the option is called sampleWeight. Received: 'sample_weight'.",
      );
      expect(() => model.evaluate(xs(), ys(), { sampleWeights: ws() } as never)).toThrow(
        "model.evaluate: the option is called sampleWeight. Received: 'sampleWeights'.",
      );
    }
  });
});
