/** What models report: several outputs, their losses and metrics, and models that need none of it. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  binaryAccuracy,
  BinaryCrossentropy,
  Huber,
  CategoricalCrossentropy,
  Loss,
  register,
  registerLoss,
  ShapeError,
  SparseCategoricalCrossentropy,
  unregister,
  type LossIdentifier,
} from '../../src/index.js';
import type { CompileArgs } from '../../src/training/arguments.js';
import {
  binary,
  categorical,
  frozen,
  functional,
  head,
  mean,
  numbers,
  reportedBy,
  sequential,
  sigmoid,
} from '../support/models.js';

const x = [[1], [-2], [0.5], [3]];
const y = [[1], [0], [0], [1]];
const xs = () => tf.tensor2d(x);
const ys = () => tf.tensor2d(y);
const once = { epochs: 1, verbose: 0 } as const;
const quiet = { ...once, batchSize: 3 } as const;

const bce = () => new BinaryCrossentropy({ fromLogits: true });
const squared = (yTrue: tf.Tensor, yPred: tf.Tensor) =>
  tf.mean(tf.squaredDifference(yTrue, yPred), -1);

/** The outputs x and 2x, and their losses. */
const two = () => functional([1], { name: 'a' }, { name: 'b', factor: 2 });
const three = () =>
  functional([1], { name: 'a' }, { name: 'b', factor: 2 }, { name: 'c', factor: 3 });
const errorOf = (factor: number) => mean(x.map(([z], i) => (factor * z! - y[i]![0]!) ** 2));
const bceOf = (factor: number) => mean(x.map(([z], i) => binary(y[i]![0]!, factor * z!)));

type Batch = Record<string, tf.Tensor>;

/** Elements of a dataset, made of all samples in batches of three. */
function dataset<Element extends tf.TensorContainer>(make: (batch: Batch) => Element) {
  const rows = { x: tf.data.array(x), y: tf.data.array(y), flat: tf.data.array(y.flat()) };
  return (tf.data.zip(rows).batch(3) as tf.data.Dataset<Batch>).map(make);
}

/** The first epoch. */
async function first(training: Promise<tf.History>): Promise<Record<string, number>> {
  const history = await reportedBy(training);
  return Object.fromEntries(Object.entries(history).map(([name, [value]]) => [name, value!]));
}

function expectNumbers(got: Record<string, number>, expected: Record<string, number>): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) expect(got[name]).toBeCloseTo(value, 4);
}

beforeEach(() => {
  register(tf);
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('an output without a loss', () => {
  const compiled = (loss: CompileArgs['loss'] = { a: bce() }, args = {}) => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    return frozen(two(), { loss, ...args });
  };
  const expected = { loss: bceOf(1), a_loss: bceOf(1) };

  it.each<[string, CompileArgs['loss']]>([
    ['a dict without it', { a: bce() }],
    ['a dict with null', { a: bce(), b: null }],
    ['a list with null', [bce(), null]],
  ])('is given by %s, with one warning', async (_, loss) => {
    const model = compiled(loss);
    expect(console.warn).toHaveBeenCalledTimes(1);
    expect(console.warn).toHaveBeenCalledWith(
      expect.stringContaining("No loss is given for output 'b'"),
    );
    expect(model.metricsNames).toEqual(['loss', 'a_loss']);
    expectNumbers(await first(model.fit(xs(), [ys()], quiet)), expected);
    expect(console.warn).toHaveBeenCalledTimes(1);
  });

  it.each<[string, () => tf.Tensor | tf.Tensor[] | Record<string, tf.Tensor>]>([
    ['the target of the other', ys],
    ['a list of the others', () => [ys()]],
    ['a dict without it', () => ({ a: ys() })],
    ['a list of all', () => [ys(), xs()]],
    ['a dict of all', () => ({ a: ys(), b: xs() })],
  ])('needs no targets, and may have some: %s', async (_, targets) => {
    const model = compiled();
    const validationData: [tf.Tensor, never] = [xs(), targets() as never];
    expectNumbers(await first(model.fit(xs(), targets(), { ...quiet, validationData })), {
      ...expected,
      val_loss: bceOf(1),
      val_a_loss: bceOf(1),
    });
    const [loss, ofA] = (await model.trainOnBatch(xs(), targets())) as number[];
    expect(loss).toBeCloseTo(bceOf(1), 5);
    expect(ofA).toBe(loss);
    const evaluated = model.evaluate(xs(), targets() as never, { batchSize: 3 });
    expect(numbers(evaluated)).toHaveLength(2);
    expect(numbers(evaluated)[0]).toBeCloseTo(bceOf(1), 5);
  });

  it.each<[string, (batch: Batch) => tf.TensorContainer]>([
    ['the target of the other', ({ x, y }) => ({ xs: x!, ys: y! })],
    ['a list of the others', ({ x, y }) => ({ xs: x!, ys: [y!] })],
    ['a dict without it', ({ x, y }) => [x!, { a: y! }]],
    ['a dict of all', ({ x, y }) => ({ xs: x!, ys: { a: y!, b: tf.clone(y!) } })],
  ])('needs no targets in a dataset: %s', async (_, make) => {
    const model = compiled();
    const elements = dataset(make) as tf.data.Dataset<Batch>;
    await model.fitDataset(elements, once);
    const before = tf.memory().numTensors;
    const args = { ...once, validationData: elements };
    expectNumbers(await first(model.fitDataset(elements, args)), {
      ...expected,
      val_loss: bceOf(1),
      val_a_loss: bceOf(1),
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('may stand between others', async () => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const model = frozen(three(), { loss: { a: bce(), c: squared } });
    expectNumbers(await first(model.fit(xs(), [ys(), ys()], quiet)), {
      loss: bceOf(1) + errorOf(3),
      a_loss: bceOf(1),
      c_loss: errorOf(3),
    });
  });

  it('has metrics where it has targets, and no made-up ones where it has none', async () => {
    const model = compiled({ a: bce() }, { metrics: { b: 'mse' } });
    const targets = () => ({ a: ys(), b: ys() });
    expectNumbers(await first(model.fit(xs(), targets(), quiet)), {
      ...expected,
      b_mse: errorOf(2),
    });
    const without = await first(model.fit(xs(), { a: ys() }, quiet)).catch(() => ({ b_mse: NaN }));
    expect(without.b_mse).toBeNaN();
  });

  it('is an error in training if there is no other', async () => {
    const model = compiled([null, null]);
    await expect(model.fit(xs(), [ys(), ys()], quiet)).rejects.toThrow(
      'The model was compiled without a loss',
    );
  });

  it('is not one whose loss is of the wrong kind', () => {
    expect(() => compiled([bce(), 5 as never])).toThrow(
      'model.compile: a loss must be a name, a loss object, a class or a function. Received: 5.',
    );
  });
});

describe('several outputs', () => {
  it('may have losses of different rank, one weight per sample for all', async () => {
    // As many steps as samples, where a sum of both would broadcast.
    const input = tf.input({ shape: [2, 3] });
    const average = tf.layers.globalAveragePooling1d({ name: 'average' }).apply(input);
    const model = tf.model({
      inputs: input,
      outputs: [
        head(3, { name: 'steps' }).apply(input) as tf.SymbolicTensor,
        head(3, { name: 'whole' }).apply(average) as tf.SymbolicTensor,
      ],
    });
    const rows = [
      [
        [1, 0, -1],
        [2, 1, 0],
      ],
      [
        [0, 3, 0],
        [1, 1, -2],
      ],
    ];
    const classes = [
      [0, 2],
      [1, 0],
    ];
    const averages = rows.map(([a, b]) => a!.map((z, i) => (z + b![i]!) / 2));
    const ofSteps = rows.map((steps, i) =>
      steps.map((row, t) => categorical(classes[i]![t]!, row)),
    );
    const ofWhole = averages.map((row, i) => categorical(i, row));
    frozen(model, {
      loss: [
        new SparseCategoricalCrossentropy({ fromLogits: true }),
        new CategoricalCrossentropy({ fromLogits: true }),
      ],
    });
    const targets = [tf.tensor2d(classes), tf.tensor2d([1, 0, 0, 0, 1, 0], [2, 3])];
    const args = { ...quiet, sampleWeight: [1, 3] };
    const [steps, whole] = [
      mean([...ofSteps[0]!, ...ofSteps[1]!.map((loss) => 3 * loss)]),
      mean([ofWhole[0]!, 3 * ofWhole[1]!]),
    ];
    expectNumbers(await first(model.fit(tf.tensor3d(rows), targets, args)), {
      loss: steps + whole,
      steps_loss: steps,
      whole_loss: whole,
    });
  });

  it.each<[string, CompileArgs['lossWeights'], number, number]>([
    ['a number for all', 3, 3, 3],
    ['a list', [2, 0.5], 2, 0.5],
    ['a list with 0', [0, 1], 0, 1],
    ['a dict', { a: 2, b: 0.5 }, 2, 0.5],
    ['a dict without some', { b: -2 }, 1, -2],
    ['null', null, 1, 1],
  ])(
    'count by their lossWeights in the total, and are reported without: %s',
    async (_, lossWeights, a, b) => {
      for (const loss of [bce(), [bce(), bce()], { a: bce(), b: bce() }]) {
        const model = frozen(two(), { loss, lossWeights });
        const validationData: [tf.Tensor, tf.Tensor[]] = [xs(), [ys(), ys()]];
        const total = a * bceOf(1) + b * bceOf(2);
        expectNumbers(await first(model.fit(xs(), [ys(), ys()], { ...quiet, validationData })), {
          loss: total,
          a_loss: bceOf(1),
          b_loss: bceOf(2),
          val_loss: total,
          val_a_loss: bceOf(1),
          val_b_loss: bceOf(2),
        });
      }
    },
  );

  it('have lossWeights in their gradients, also a single one', async () => {
    const slope = mean(x.map(([z], i) => (sigmoid(z!) - y[i]![0]!) * z!));
    const model = sequential([1]);
    model.compile({ optimizer: tf.train.sgd(0.1), loss: bce(), lossWeights: [3] });
    expect(await model.trainOnBatch(xs(), ys())).toBeCloseTo(3 * bceOf(1), 5);
    expect(model.getWeights()[0]!.dataSync()[0]).toBeCloseTo(1 - 0.1 * 3 * slope, 5);
  });

  it.each<[unknown, string]>([
    [[1], 'model.compile: lossWeights must have one entry per output (a, b). Received: 1 entries.'],
    [{ c: 1 }, "model.compile: lossWeights: output must be one of 'a', 'b'. Received: \"c\"."],
    [[1, NaN], 'model.compile: lossWeights must be finite.'],
    ['2', 'model.compile: lossWeights must be a number, a list of numbers, or a dict'],
  ])('reject the lossWeights %j', (lossWeights, text) => {
    expect(() => frozen(two(), { loss: 'bce', lossWeights: lossWeights as never })).toThrow(text);
  });

  it.each<[string, LossIdentifier, (factor: number) => number]>([
    ['a loss of ours', bce(), bceOf],
    ["a name of TF.js's own", 'meanSquaredError', errorOf],
    ['a plain function', squared, errorOf],
  ])('evaluate as total, losses, metrics, each its own number: %s', async (_, loss, of) => {
    const model = frozen(three(), { loss, metrics: ['mse'] });
    const expected = {
      loss: of(1) + of(2) + of(3),
      a_loss: of(1),
      b_loss: of(2),
      c_loss: of(3),
      a_mse: errorOf(1),
      b_mse: errorOf(2),
      c_mse: errorOf(3),
    };
    expect(model.metricsNames).toEqual(Object.keys(expected));
    const evaluated = numbers(model.evaluate(xs(), [ys(), ys(), ys()], { batchSize: 3 }));
    Object.values(expected).forEach((value, i) => {
      expect(evaluated[i]).toBeCloseTo(value, 4);
    });
    expect(evaluated).toHaveLength(7);

    const validated = Object.entries(expected).map(([name, value]) => [`val_${name}`, value]);
    const all = { ...expected, ...Object.fromEntries(validated) } as Record<string, number>;
    const elements = dataset(({ x, y }) => ({
      xs: x!,
      ys: { a: y!, b: tf.clone(y!), c: tf.clone(y!) },
    }));
    const validationData: [tf.Tensor, tf.Tensor[]] = [xs(), [ys(), ys(), ys()]];
    const args = { ...quiet, validationData };
    expectNumbers(await first(model.fit(xs(), [ys(), ys(), ys()], args)), all);
    const byDataset = { ...once, validationData: elements };
    expectNumbers(await first(model.fitDataset(elements, byDataset)), all);
  });

  it('are watched by their total: early stopping ends where that grows', async () => {
    // Output a comes closer to its validation labels with each step, b leaves its own faster.
    const model = two();
    model.compile({ optimizer: tf.train.sgd(0.1), loss: squared });
    const one = tf.ones([1, 1]);
    const targets = (a: number, b: number) => [tf.fill([1, 1], a), tf.fill([1, 1], b)];
    const stopping = tf.callbacks.earlyStopping({ monitor: 'val_loss' });
    const history = await reportedBy(
      model.fit(one, targets(1.5, 9), {
        epochs: 5,
        verbose: 0,
        validationData: [one, targets(1.5, 2)],
        callbacks: [stopping],
      }),
    );
    expect(history.val_a_loss![1]).toBeLessThan(history.val_a_loss![0]!);
    expect(history.val_loss).toHaveLength(2);
    expect(history.val_loss![1]).toBeGreaterThan(history.val_loss![0]!);
  });

  it.each<[string, CompileArgs['metrics'], string[]]>([
    ['one name for all', 'mse', ['a_mse', 'b_mse']],
    ['a list for all', ['mse', 'accuracy'], ['a_mse', 'a_acc', 'b_mse', 'b_acc']],
    ['a dict of names', { b: 'mse' }, ['b_mse']],
    ['a dict of lists', { a: ['accuracy'], b: ['mse', 'acc'] }, ['a_acc', 'b_mse', 'b_acc']],
    ['a list of lists', [['mse'], []], ['a_mse']],
    ['a list of lists and null', [null, ['accuracy']], ['b_acc']],
  ])('have metrics by %s', async (_, metrics, names) => {
    const model = frozen(two(), { loss: bce(), metrics });
    expect(model.metricsNames).toEqual(['loss', 'a_loss', 'b_loss', ...names]);
    const values: Record<string, number> = {
      a_mse: errorOf(1),
      b_mse: errorOf(2),
      // The logits 1, −2, 0.5 and 3, with labels 1, 0, 0 and 1.
      a_acc: 0.75,
      b_acc: 0.75,
    };
    const reported = await first(model.fit(xs(), [ys(), ys()], quiet));
    for (const name of names) expect(reported[name]).toBeCloseTo(values[name]!, 4);
  });

  it('reject lists of metrics for fewer outputs, and metrics of no output', () => {
    expect(() => frozen(two(), { loss: bce(), metrics: [['mse']] })).toThrow(
      'model.compile: metrics must have one list per output (a, b). Received: 1 lists.',
    );
    expect(() => frozen(two(), { loss: bce(), metrics: { bb: 'mse' } })).toThrow("'b'");
  });

  it('that one layer makes are told apart by number', async () => {
    const inputs = [tf.input({ shape: [1] }), tf.input({ shape: [1] })];
    const layer = head(1, { name: 'both' });
    const outputs = inputs.map((input) => layer.apply(input) as tf.SymbolicTensor);
    const model = frozen(tf.model({ inputs, outputs }), { loss: [bce(), squared] });
    const history = await first(model.fit([xs(), xs()], [ys(), ys()], quiet));
    expect(history.both_loss_0).toBeCloseTo(bceOf(1), 5);
    expect(history.both_loss_1).toBeCloseTo(errorOf(1), 5);

    frozen(model, { loss: [bce(), squared], weightedMetrics: ['mse'] });
    const args = { ...quiet, sampleWeight: [1, 2, 3, 4] };
    expect(Object.keys(await first(model.fit([xs(), xs()], [ys(), ys()], args)))).toEqual([
      'loss',
      'both_loss_0',
      'both_loss_1',
      'both_mse_0',
      'both_mse_1',
    ]);
  });
});

describe('metrics of ours', () => {
  it.each<[string, LossIdentifier, number]>([
    ['a loss of ours', bce(), bceOf(1)],
    ['a plain function', squared, errorOf(1)],
  ])('stand beside %s, by any name and as a saved config', async (_, loss, expected) => {
    const config = { name: 'nats', from_logits: true };
    const metrics = [
      bce(),
      binaryAccuracy({ fromLogits: true }),
      'sparse_categorical_accuracy',
      { class_name: 'BinaryCrossentropy', config },
    ];
    const model = frozen(sequential([1]), { loss, metrics });
    const [names, values] = [
      ['binary_crossentropy', 'binaryAccuracy', 'sparse_categorical_accuracy', 'nats'],
      // Of one class the first is always the largest: right where the label is 0.
      [bceOf(1), 0.75, 0.5, bceOf(1)],
    ];
    expect(model.metricsNames).toEqual(['loss', ...names]);
    const got = (await model.trainOnBatch(xs(), ys())) as number[];
    [expected, ...values].forEach((value, i) => {
      expect(got[i]).toBeCloseTo(value, 5);
    });
  });
});

describe("loss: 'crossentropy'", () => {
  const rows = [
    [1, 0, -1],
    [2, 1, 0],
    [0, 3, 0],
    [1, 1, -2],
  ];
  const classes = [0, 2, 1, 1];
  const expected = mean(rows.map((row, i) => categorical(classes[i]!, row)));
  const softmax = (shape: number[]) => sequential(shape, { activation: 'softmax' });
  const sigmoidHead = () => sequential([1], { activation: 'sigmoid' });

  it.each<[string, () => tf.LayersModel, tf.TensorLike, tf.TensorLike, number]>([
    ['binary for one unit', sigmoidHead, x, y, bceOf(1)],
    ['binary for one unit and labels [batch]', sigmoidHead, x, y.flat(), bceOf(1)],
    ['sparse for labels [batch]', () => softmax([3]), rows, classes, expected],
    ['sparse for labels [batch, 1]', () => softmax([3]), rows, classes.map((c) => [c]), expected],
    ['sparse for labels [batch, time]', () => softmax([4, 3]), [rows], [classes], expected],
    [
      'categorical for one-hot labels',
      () => softmax([3]),
      rows,
      classes.map((index) => [0, 1, 2].map((i) => Number(i === index))),
      expected,
    ],
  ])('is %s', async (_, build, features, labels, value) => {
    for (const loss of ['crossentropy', 'ce']) {
      const model = frozen(build(), { loss, metrics: ['accuracy', 'crossentropy'] });
      const [inputs, targets] = [tf.tensor(features), tf.tensor(labels)];
      const [got, , ce] = (await model.trainOnBatch(inputs, targets)) as number[];
      expect(got).toBeCloseTo(value, 5);
      expect(ce).toBeCloseTo(value, 5);
      expect(numbers(model.evaluate(inputs, targets))[0]).toBeCloseTo(value, 5);
    }
  });
});

describe('labels', () => {
  it.each<[string, LossIdentifier, (factor: number) => number]>([
    ['a loss of ours', bce(), bceOf],
    ["a name of TF.js's own", 'meanSquaredError', errorOf],
    ["a function of TF.js's own", tf.losses.meanSquaredError, errorOf],
    ['a plain function', squared, errorOf],
  ])('[batch] count as [batch, 1] for an output [batch, 1]: %s', async (_, loss, of) => {
    const flat = () => tf.tensor1d(y.flat());
    const model = () => frozen(sequential([1]), { loss, metrics: ['mse'] });
    const fitted = await first(model().fit(xs(), flat(), quiet));
    const elements = dataset(({ x, flat }) => ({ xs: x!, ys: flat! }));
    const streamed = await first(model().fitDataset(elements, once));
    const evaluated = numbers(model().evaluate(xs(), flat()));
    const [total, mse] = numbers(await model().evaluateDataset(elements, {}));
    for (const value of [fitted.loss, streamed.loss, evaluated[0], total])
      expect(value).toBeCloseTo(of(1), 5);
    for (const value of [fitted.mse, streamed.mse, evaluated[1], mse])
      expect(value).toBeCloseTo(errorOf(1), 5);
  });

  it('[batch] in a dataset may serve two outputs', async () => {
    const elements = dataset(({ x, flat }) => ({ xs: x!, ys: { a: flat!, b: flat! } }));
    const { loss } = await first(frozen(two(), { loss: bce() }).fitDataset(elements, once));
    expect(loss).toBeCloseTo(bceOf(1) + bceOf(2), 5);
  });

  it('that do not fit are an error that names output, loss and both shapes', async () => {
    const model = () => frozen(functional([3], { name: 'out' }), { loss: bce() });
    const [features, labels] = [tf.ones([4, 3]), tf.ones([4, 2])];
    const text =
      "BinaryCrossentropy of output 'out': yTrue and yPred must have the same shape. " +
      'Received: yTrue [4, 2] and yPred [4, 3].';
    await expect(model().fit(features, labels, once)).rejects.toThrow(new ShapeError(text));
    await expect(model().trainOnBatch(features, labels)).rejects.toThrow(text);
    expect(() => model().evaluate(features, labels)).toThrow(text);
    const elements = tf.data.array([0]).map(() => ({ xs: tf.ones([4, 3]), ys: tf.ones([4, 2]) }));
    await expect(model().fitDataset(elements, once)).rejects.toThrow(text);
    await expect(model().evaluateDataset(elements, {})).rejects.toThrow(text);
  });

  it.each<[string, (batch: Batch) => Batch, string]>([
    ['missing', ({ x }) => ({ xs: x! }), 'of the form `{xs: xVal, ys: yVal}`'],
    [
      'too many',
      ({ x, y }) => ({ xs: x!, ys: [y!, tf.clone(y!)] as never }),
      'Received an array of 2 Tensors, but expected 1',
    ],
  ])("of a dataset that are %s are an error in TF.js's words", async (_, make, text) => {
    for (const loss of [bce(), squared]) {
      const training = frozen(sequential([1]), { loss }).fitDataset(dataset(make), once);
      await expect(training).rejects.toThrow(text);
    }
  });
});

describe('elements of a dataset', () => {
  it.each([1, 4])('may not be lists of %d', async (length) => {
    const elements = tf.data.array([0]).map(() => Array.from({ length }, () => tf.ones([2, 1])));
    const model = frozen(sequential([1]), { loss: bce() });
    await expect(model.fitDataset(elements as never, once)).rejects.toThrow(
      'A dataset for a model must give { xs, ys, sampleWeight } or [xs, ys, sampleWeight]',
    );
  });
});

describe('a model that was compiled with us', () => {
  it("trains on by TF.js's own steps after unregister(), and by ours after register()", async () => {
    const model = frozen(two(), { loss: [bce(), squared], metrics: ['accuracy', 'mse'] });
    const expected = {
      loss: bceOf(1) + errorOf(2),
      a_loss: bceOf(1),
      b_loss: errorOf(2),
      // The logits 1, −2, 0.5 and 3, with labels 1, 0, 0 and 1; and as probabilities 2, −4, 1 and 6.
      a_acc: 0.75,
      a_mse: errorOf(1),
      b_acc: 0.75,
      b_mse: errorOf(2),
    };
    for (const change of [
      unregister,
      () => {
        register(tf);
      },
    ]) {
      change();
      expectNumbers(await first(model.fit(xs(), [ys(), ys()], quiet)), expected);
    }
  });
});

describe('what is left out or empty means the same as without us', () => {
  const model = () => frozen(sequential([1]), { loss: bce() });

  it('validationData of length 0', async () => {
    const args = { ...quiet, validationData: [] as never };
    expectNumbers(await first(model().fit(xs(), ys(), args)), { loss: bceOf(1) });
  });

  it('validationData without targets', async () => {
    const args = { ...quiet, validationData: [xs()] as never };
    await expect(model().fit(xs(), ys(), args)).rejects.toThrow(
      'When passing validation data, it must contain 2 (valX, valY)',
    );
  });

  it('callbacks: training still lets others run, as often as yieldEvery says', async () => {
    const compiled = frozen(sequential([1]), { loss: bce(), weightedMetrics: ['accuracy'] });
    let turns = 0;
    let isTraining = true;
    // A page has none, and frames that are as long as several timeouts.
    const later = 'setImmediate' in globalThis ? setImmediate : setTimeout;
    const turn = () => {
      turns++;
      if (isTraining) later(turn);
    };
    later(turn);
    const args = { ...quiet, epochs: 5, batchSize: 1, yieldEvery: 'batch' } as const;
    await compiled.fit(xs(), ys(), args);
    isTraining = false;
    // Twenty batches.
    expect(turns).toBeGreaterThanOrEqual(20);
  });
});

describe('a compile that fails', () => {
  it('leaves the model as it was', async () => {
    // On the wrong side of saturation: clipped probabilities would cost 16.
    const model = frozen(functional([1], { activation: 'sigmoid' }), { loss: 'bce' });
    expect(() => frozen(model, { loss: 'bcee' })).toThrow("Did you mean 'bce'?");
    const args = { sampleWeight: [2] };
    const loss = await model.trainOnBatch(tf.tensor2d([[-40]]), tf.ones([1, 1]), args);
    expect(loss).toBeCloseTo(80, 5);
  });
});

describe('penalties of regularizers', () => {
  // A kernel of 1: the penalty is l2.
  it('belong to loss and val_loss, once, and to no loss of an output', async () => {
    const model = functional([1], { name: 'a', l2: 0.25 }, { name: 'b', factor: 2, l2: 0.5 });
    frozen(model, { loss: bce(), lossWeights: [3, 1] });
    const penalty = 0.25 * 1 + 0.5 * 4;
    const validationData: [tf.Tensor, tf.Tensor[]] = [xs(), [ys(), ys()]];
    const total = 3 * bceOf(1) + bceOf(2) + penalty;
    expectNumbers(await first(model.fit(xs(), [ys(), ys()], { ...quiet, validationData })), {
      loss: total,
      a_loss: bceOf(1),
      b_loss: bceOf(2),
      val_loss: total,
      val_a_loss: bceOf(1),
      val_b_loss: bceOf(2),
    });
  });

  it('are not weighted', async () => {
    const model = frozen(sequential([1], { l2: 0.25 }), { loss: bce() });
    const args = { sampleWeight: y.map(() => 2), classWeight: { 0: 3, 1: 3 } };
    expect(await model.trainOnBatch(xs(), ys(), args)).toBeCloseTo(6 * bceOf(1) + 0.25, 5);
  });
});

describe('losses of users', () => {
  class LogitHinge extends Loss {
    static override readonly className = 'LogitHinge';
    static override readonly labels = 'binary';
    static override readonly reads = 'logits';
    override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
      const signs = tf.sub(tf.mul(yTrue, 2), 1);
      return tf.mean(tf.relu(tf.sub(1, tf.mul(signs, yPred))), -1);
    }
  }

  it('say what their labels are and what they read, and so what accuracy and crossentropy mean', async () => {
    const labels = [1, 0, 0, 1];
    for (const loss of [new LogitHinge(), LogitHinge]) {
      const model = frozen(sequential([1]), { loss, metrics: ['accuracy', 'crossentropy'] });
      const targets = tf.tensor2d(labels, [4, 1]);
      const got = (await model.trainOnBatch(xs(), targets)) as number[];
      const hinge = (z: number, i: number) => Math.max(0, 1 - (2 * labels[i]! - 1) * z);
      expect(got[0]).toBeCloseTo(mean(x.map(([z], i) => hinge(z!, i))), 5);
      expect(got[1]).toBeCloseTo(mean(x.map(([z], i) => Number(z! > 0 === (labels[i] === 1)))), 5);
      expect(got[2]).toBeCloseTo(mean(x.map(([z], i) => binary(labels[i]!, z!))), 5);
    }
  });

  it('that are made of a built-in one, with binary labels, are weighed by the class of each label', async () => {
    class BinaryHuber extends Huber {
      static override readonly className = 'BinaryHuber';
      static override readonly labels = 'binary';
    }
    const labels = [1, 0, 0, 1];
    const targets = tf.tensor2d(labels, [4, 1]);
    const classWeight = { 1: 10 };
    for (const reduction of ['sum_over_batch_size', 'mean_with_sample_weight'] as const) {
      const model = frozen(sequential([1]), { loss: new BinaryHuber({ reduction }) });
      const got = await model.trainOnBatch(xs(), targets, { classWeight });
      const weights = labels.map((label) => (label === 1 ? 10 : 1));
      const values = x.map(([z], i) => {
        const error = Math.abs(z! - labels[i]!);
        return weights[i]! * (error <= 1 ? error ** 2 / 2 : error - 0.5);
      });
      const total = values.reduce((a, b) => a + b, 0);
      const divisor = reduction === 'sum_over_batch_size' ? 4 : 22;
      expect(got).toBeCloseTo(total / divisor, 4);
    }
  });

  it('are weighed by sample and class as ours', async () => {
    registerLoss('fourth', (yTrue, yPred) =>
      tf.mean(tf.square(tf.squaredDifference(yTrue, yPred)), -1),
    );
    const model = frozen(sequential([1]), { loss: 'fourth' });
    const sampleWeight = [1, 2, 3, 4];
    const args = { sampleWeight, classWeight: { 1: 10 } };
    const values = x.map(
      ([z], i) => (z! - y[i]![0]!) ** 4 * sampleWeight[i]! * (y[i]![0] === 1 ? 10 : 1),
    );
    expect(await model.trainOnBatch(xs(), ys(), args)).toBeCloseTo(mean(values), 3);
  });
});

describe('models with losses that are not ours train bit for bit as without us', () => {
  /** The same twice: with us, and without. */
  async function both<Result>(run: () => Promise<Result>): Promise<[Result, Result]> {
    register(tf);
    const ours = await run();
    unregister();
    return [ours, await run()];
  }

  const features = [-1.3, 0.2, 0.7, -0.4, 2.1, 0.9, -0.6, 1.7, 0.1, -2.2];
  const build = (units: number, activation: 'sigmoid' | 'softmax' | 'linear') => {
    const kernel = [0.3, -0.2, 0.5, 0.1, 0.7, -0.4].slice(0, 2 * units);
    const weights = [tf.tensor2d(kernel, [2, units]), tf.zeros([units])];
    return tf.sequential({
      layers: [tf.layers.dense({ units, activation, inputShape: [2], weights })],
    });
  };

  const losses: [string, (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.Tensor][] = [
    ['tf.metrics.meanSquaredError', tf.metrics.meanSquaredError],
    ['tf.losses.sigmoidCrossEntropy', tf.losses.sigmoidCrossEntropy],
    ['tf.metrics.binaryCrossentropy', tf.metrics.binaryCrossentropy],
    ['a plain function', squared],
  ];

  it.each(losses)('%s: fit, with class weights and validation', async (_, loss) => {
    for (const given of [{ classWeight: { 0: 1, 1: 3 } }, { validationSplit: 0.4 }, {}]) {
      const [ours, theirs] = await both(async () => {
        const model = build(1, 'sigmoid');
        model.compile({ optimizer: tf.train.adam(0.1), loss, metrics: ['accuracy', 'mse'] });
        const args = { epochs: 4, batchSize: 2, verbose: 0, shuffle: false, ...given } as const;
        const labels = tf.tensor2d([0, 1, 1, 0, 1], [5, 1]);
        const { history } = await model.fit(tf.tensor2d(features, [5, 2]), labels, args);
        return { history, weights: model.getWeights().map((weight) => weight.dataSync()) };
      });
      expect(ours).toEqual(theirs);
    }
  });

  it.each(losses)('%s: evaluate, trainOnBatch and fitDataset', async (_, loss) => {
    const [ours, theirs] = await both(async () => {
      const model = build(1, 'sigmoid');
      model.compile({ optimizer: tf.train.adam(0.1), loss, metrics: ['accuracy'] });
      const [inputs, labels] = [
        tf.tensor2d(features, [5, 2]),
        tf.tensor2d([0, 1, 1, 0, 1], [5, 1]),
      ];
      const first = await model.trainOnBatch(inputs, labels);
      const rows = tf.data.zip({
        xs: tf.data.array(inputs.arraySync()),
        ys: tf.data.array([[0], [1], [1], [0], [1]]),
      });
      const elements = rows.batch(2) as tf.data.Dataset<Batch>;
      const args = { epochs: 2, verbose: 0, classWeight: { 0: 1, 1: 3 } } as const;
      const { history } = await model.fitDataset(elements, { ...args, validationData: elements });
      const streamed = numbers(await model.evaluateDataset(elements, {}));
      return [first, history, streamed, numbers(model.evaluate(inputs, labels))];
    });
    expect(ours).toEqual(theirs);
  });

  it('a function of its own labels [batch], in a dataset', async () => {
    const [ours, theirs] = await both(async () => {
      const model = build(3, 'linear');
      const loss = (yTrue: tf.Tensor, yPred: tf.Tensor) =>
        tf.losses.softmaxCrossEntropy(tf.oneHot(tf.cast(yTrue, 'int32'), 3), yPred);
      model.compile({ optimizer: tf.train.sgd(0.1), loss });
      const rows = tf.data.zip({
        xs: tf.data.array([
          [1, 2],
          [0, -1],
        ]),
        ys: tf.data.array([0, 2]),
      });
      return (await model.fitDataset(rows.batch(2) as tf.data.Dataset<Batch>, once)).history;
    });
    expect(ours).toEqual(theirs);
  });

  /** The entry of the prediction that the first label names; tf.oneHot takes int32 alone. */
  const chosen = (yTrue: tf.Tensor, yPred: tf.Tensor) =>
    tf.sum(tf.mul(tf.oneHot(tf.squeeze(tf.slice(yTrue, [0, 0], [-1, 1]), [1]), 2), yPred), -1);
  const int32 = () => tf.tensor2d([0, 1, 1, 0, 1, 0], [3, 2], 'int32');
  const inputs = () => tf.tensor2d(features.slice(0, 6), [3, 2]);

  it('a function of int32 labels, for several outputs', async () => {
    const [ours, theirs] = await both(async () => {
      const model = functional([2], { name: 'a' }, { name: 'b' });
      model.compile({ optimizer: tf.train.sgd(0.1), loss: [squared, chosen] as never });
      const { history } = await model.fit(inputs(), [inputs(), int32()], once);
      return history.b_loss;
    });
    expect(ours).toEqual(theirs);
  });

  it('a function of int32 labels, and goes on with weights', async () => {
    const model = frozen(build(2, 'linear'), { loss: chosen });
    const plain = (await model.trainOnBatch(inputs(), int32())) as number;
    const sampleWeight = [1, 1, 1];
    expect(await model.trainOnBatch(inputs(), int32(), { sampleWeight })).toBeCloseTo(plain, 6);
  });

  it('several outputs, but for rounding, evaluation and validation', async () => {
    const [ours, theirs] = await both(async () => {
      const model = functional([2], { name: 'a' }, { name: 'b', factor: 2 });
      const loss = ['meanSquaredError', squared] as never;
      model.compile({ optimizer: tf.train.sgd(0.1), loss, metrics: ['mse'] });
      const [inputs, labels] = [tf.tensor2d(features, [5, 2]), tf.tensor2d(features, [5, 2])];
      const args = { epochs: 3, batchSize: 2, verbose: 0, shuffle: false } as const;
      const { history } = await model.fit(inputs, [labels, tf.abs(labels)], args);
      return history as Record<string, number[]>;
    });
    expect(Object.keys(ours)).toEqual(Object.keys(theirs));
    for (const [name, values] of Object.entries(theirs))
      values.forEach((value, i) => {
        expect(ours[name]![i]).toBeCloseTo(value, 5);
      });
  });
});
