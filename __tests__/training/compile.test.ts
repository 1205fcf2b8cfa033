import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  binaryAccuracy,
  BinaryCrossentropy,
  binaryCrossentropy,
  CategoricalCrossentropy,
  CosineSimilarity,
  cosineSimilarity,
  Loss,
  register,
  registerLoss,
  SparseCategoricalCrossentropy,
  unregister,
  type LossIdentifier,
  type Metric,
} from '../../src/index.js';
import { expectClose } from '../support/expect_close.js';

const x = [
  [-2, 1],
  [0.5, -1],
  [1, 3],
  [-0.3, -0.2],
];
const y = [[0], [1], [1], [0]];
const kernel = [[0.4], [-0.7]];
const quiet = { epochs: 1, batchSize: 4, verbose: 0, shuffle: false } as const;

/** A dense layer on two features, from fixed weights. */
function head(activation?: 'sigmoid', units = 1) {
  return tf.layers.dense({
    units,
    inputShape: [2],
    ...(activation && { activation }),
    weights: [tf.tensor2d(kernel.map(([w]) => Array<number>(units).fill(w!))), tf.zeros([units])],
  });
}

function sequential(activation?: 'sigmoid', units = 1): tf.LayersModel {
  return tf.sequential({ layers: [head(activation, units)] });
}

function functional(activation?: 'sigmoid'): tf.LayersModel {
  const input = tf.input({ shape: [2] });
  return tf.model({ inputs: input, outputs: head(activation).apply(input) as tf.SymbolicTensor });
}

/** Compiles with whatever names a loss; TF.js's types know only strings and functions. */
function compile(model: tf.LayersModel, loss: unknown, metrics?: unknown): void {
  model.compile({
    optimizer: tf.train.sgd(0.1),
    loss: loss as string,
    ...(metrics === undefined ? {} : { metrics: metrics as string[] }),
  });
}

async function firstEpoch(model: tf.LayersModel, args: tf.ModelFitArgs = {}, labels = y) {
  const { history } = await model.fit(tf.tensor2d(x), tf.tensor2d(labels), { ...quiet, ...args });
  return Object.fromEntries(
    Object.entries(history).map(([name, values]) => [name, values[0] as number]),
  );
}

const logits = x.map(([a, b]) => 0.4 * a! - 0.7 * b!);
const softplus = (v: number) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
/** Loss per sample in float64, by hand. */
const perSample = logits.map((z, i) => softplus(y[i]![0] === 1 ? -z : z));
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

beforeEach(() => {
  register(tf);
});

describe('model.compile', () => {
  const fromLogits = new BinaryCrossentropy({ fromLogits: true });

  describe.each([
    ['a sequential model', sequential],
    ['a functional model', functional],
  ])('of %s', (_, model) => {
    it.each<[string, LossIdentifier]>([
      ['a loss object', new BinaryCrossentropy()],
      ['a class', BinaryCrossentropy],
      ['a function', binaryCrossentropy],
      ['the name binaryCrossentropy', 'binaryCrossentropy'],
      ['the name bce', 'bce'],
      ['the name binary_crossentropy', 'binary_crossentropy'],
      ['a saved config', { class_name: 'BinaryCrossentropy', config: { reduction: 'auto' } }],
    ])('takes %s on a sigmoid head', async (_, loss) => {
      const sigmoid = model('sigmoid');
      compile(sigmoid, loss);
      const { loss: reported } = await firstEpoch(sigmoid);
      expect(reported).toBeCloseTo(mean(perSample), 6);
    });

    it('takes a loss from logits on a linear head, in fit and evaluate', async () => {
      const linear = model();
      compile(linear, fromLogits);
      const evaluated = linear.evaluate(tf.tensor2d(x), tf.tensor2d(y)) as tf.Scalar;
      expect(evaluated.dataSync()[0]).toBeCloseTo(mean(perSample), 6);
      const { loss } = await firstEpoch(linear);
      expect(loss).toBeCloseTo(mean(perSample), 6);
    });

    it('trains both heads by the same steps', async () => {
      const [a, b] = [model('sigmoid'), model()];
      compile(a, new BinaryCrossentropy());
      compile(b, fromLogits);
      for (let step = 0; step < 20; step++) {
        await firstEpoch(a);
        await firstEpoch(b);
      }
      expectClose(a.getWeights()[0]!, b.getWeights()[0]!, { relative: 1e-5 });
      const [before] = kernel[0]!;
      expect(Math.abs(b.getWeights()[0]!.dataSync()[0]! - before!)).toBeGreaterThan(0.1);
    });
  });

  it('gives TF.js one value per sample, so that class weights are right', async () => {
    const weighted = mean(perSample.map((loss, i) => loss * (y[i]![0] === 1 ? 10 : 1)));
    for (const [model, loss] of [
      [sequential('sigmoid'), new BinaryCrossentropy()],
      [sequential(), fromLogits],
      [
        sequential(),
        (a: tf.Tensor, b: tf.Tensor) => binaryCrossentropy(a, b, { fromLogits: true }),
      ],
    ] as const) {
      compile(model, loss);
      const { loss: reported } = await firstEpoch(model, { classWeight: { 0: 1, 1: 10 } });
      expect(reported).toBeCloseTo(weighted, 5);
    }
  });

  it('keeps class weights right where the values of a sample have further axes', async () => {
    class PerPixel extends Loss {
      static override readonly className = 'PerPixel';
      override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
        return tf.squaredDifference(yTrue, yPred);
      }
    }
    const model = sequential();
    compile(model, new PerPixel());
    const squared = logits.map((z, i) => (z - y[i]![0]!) ** 2 * (y[i]![0] === 1 ? 3 : 1));
    const { loss } = await firstEpoch(model, { classWeight: { 0: 1, 1: 3 } });
    expect(loss).toBeCloseTo(mean(squared), 5);
  });

  it.each([
    ['sum', 4 * mean(perSample)],
    ['none', mean(perSample)],
    ['mean', mean(perSample)],
    ['mean_with_sample_weight', mean(perSample)],
  ] as const)('trains with the reduction %s', async (reduction, expected) => {
    const model = sequential();
    compile(model, new BinaryCrossentropy({ fromLogits: true, reduction }));
    const { loss } = await firstEpoch(model);
    expect(loss).toBeCloseTo(expected, 5);
  });

  it('carries the options of the loss object', async () => {
    const model = sequential();
    compile(model, new BinaryCrossentropy({ fromLogits: true, labelSmoothing: 0.2, posWeight: 3 }));
    const { loss } = await firstEpoch(model);
    const smoothed = logits.map((z, i) => {
      const label = y[i]![0] === 1 ? 0.9 : 0.1;
      return 3 * label * softplus(-z) + (1 - label) * softplus(z);
    });
    expect(loss).toBeCloseTo(mean(smoothed), 5);
  });

  it('takes int32 and bool labels, and labels [batch] against outputs [batch, 1]', async () => {
    for (const labels of [
      tf.tensor(y, [4, 1], 'int32'),
      tf.tensor(y, [4, 1], 'bool'),
      tf.tensor1d([0, 1, 1, 0]),
    ]) {
      const model = sequential();
      compile(model, fromLogits);
      const { history } = await model.fit(tf.tensor2d(x), labels, quiet);
      expect(history.loss![0]).toBeCloseTo(mean(perSample), 5);
    }
    const model = sequential();
    compile(model, fromLogits);
    const rows = tf.data.zip({
      xs: tf.data.array(x as unknown as tf.TensorContainer[]),
      ys: tf.data.array([0, 1, 1, 0]),
    });
    const { history } = await model.fitDataset(rows.batch(4), { epochs: 1, verbose: 0 });
    expect(history.loss![0]).toBeCloseTo(mean(perSample), 5);
  });

  it('takes losses by list and by name for several outputs', async () => {
    for (const loss of [['bce', fromLogits], { a: new BinaryCrossentropy(), b: fromLogits }]) {
      const input = tf.input({ shape: [2] });
      const outputs = (['sigmoid', undefined] as const).map((activation, index) =>
        tf.layers
          .activation({ activation: 'linear', name: 'ab'[index]! })
          .apply(head(activation).apply(input)),
      ) as tf.SymbolicTensor[];
      const model = tf.model({ inputs: input, outputs });
      compile(model, loss, ['accuracy']);
      const { history } = await model.fit(tf.tensor2d(x), [tf.tensor2d(y), tf.tensor2d(y)], quiet);
      expect(history.a_loss![0]).toBeCloseTo(mean(perSample), 5);
      expect(history.b_loss![0]).toBeCloseTo(mean(perSample), 5);
      expect(history.loss![0]).toBeCloseTo(2 * mean(perSample), 5);
      // The same predictions, as probabilities and as logits.
      expect(history.b_acc![0]).toBe(history.a_acc![0]);
    }
  });

  it('rejects a list of another length than that of the outputs, and names of no output', () => {
    const model = sequential();
    expect(() => {
      compile(model, ['bce', 'bce']);
    }).toThrow(/loss must have one entry per output. Received: 2 losses.*add them up: addLosses/);
    expect(() => {
      compile(model, { [`${model.outputNames[0]!}s`]: 'bce' });
    }).toThrow(`Did you mean '${model.outputNames[0]!}'?`);
  });

  it('rejects an option that it does not have, and offers the nearest one', () => {
    expect(() => {
      sequential().compile({ optimizer: 'sgd', loss: 'bce', lossWeight: 2 } as never);
    }).toThrow("model.compile: the option is called lossWeights. Received: 'lossWeight'.");
  });

  it.each<[string, unknown, string]>([
    ['adam', { learningRate: 0.001 }, '{"learningRate":0.001}'],
    ['sgd', '0.1', '"0.1"'],
    ['rmsprop', NaN, 'NaN'],
    ['momentum', null, 'null'],
  ])('rejects tf.train.%s(%j), which makes every weight NaN', (name, rate, received) => {
    const makers = tf.train as unknown as Record<string, (...args: unknown[]) => tf.Optimizer>;
    const make = makers[name]!;
    for (const loss of ['bce', 'meanSquaredError', tf.losses.meanSquaredError]) {
      const compile = () => {
        sequential().compile({ optimizer: make(rate, 0.9), loss });
      };
      expect(compile).toThrow(TypeError);
      expect(compile).toThrow(
        `model.compile: learningRate of the optimizer must be a finite number (tf.train.adam(0.001), say, takes no object). Received: ${received}.`,
      );
    }
  });

  it('counts valid labels alone where a class is ignored: loss, accuracy and crossentropy', async () => {
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: 2, inputShape: [3, 2], kernelInitializer: 'zeros' })],
    });
    const labels = tf.tensor2d([
      [0, -1, 1],
      [-1, -1, 0],
    ]);
    for (const reduction of ['sum_over_batch_size', 'mean_with_sample_weight'] as const) {
      const loss = new SparseCategoricalCrossentropy({
        fromLogits: true,
        ignoreClass: -1,
        reduction,
      });
      compile(model, loss, ['accuracy', 'crossentropy']);
      const [total, acc, ce] = model.evaluate(tf.ones([2, 3, 2]), labels) as tf.Scalar[];
      // Zero logits: log 2 for each, and the first of two equal classes.
      expectClose(total!, Math.LN2);
      expectClose(ce!, Math.LN2);
      expectClose(acc!, 2 / 3);
    }
    await model.fit(tf.ones([2, 3, 2]), labels, quiet);
  });

  it('leaves no tensor behind', async () => {
    const model = sequential();
    compile(model, fromLogits, ['accuracy']);
    const [xs, ys] = [tf.tensor2d(x), tf.tensor2d(y)];
    await model.fit(xs, ys, quiet);
    const before = tf.memory().numTensors;
    await model.fit(xs, ys, { ...quiet, epochs: 5, classWeight: { 0: 1, 1: 2 } });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("metrics: ['accuracy']", () => {
  // Logits −1.5, 0.9, −1.7, 0.02: with labels 0, 1, 1, 0, two are right; all four are below ½ as "probabilities" but one.
  const right = mean(logits.map((z, i) => Number(z > 0 === (y[i]![0] === 1))));

  it.each<[string, 'sigmoid' | undefined, unknown]>([
    ['probabilities', 'sigmoid', new BinaryCrossentropy()],
    ['probabilities, by name', 'sigmoid', 'bce'],
    ['logits', undefined, new BinaryCrossentropy({ fromLogits: true })],
  ])('is right for %s', async (_, activation, loss) => {
    for (const metrics of [['accuracy'], ['acc'], 'accuracy']) {
      const model = sequential(activation);
      compile(model, loss, metrics);
      expect(await firstEpoch(model)).toMatchObject({ acc: right });
      expect(model.metricsNames).toEqual(['loss', 'acc']);
    }
  });

  it('is binary for several labels, where TF.js would compare the largest ones', async () => {
    // Both labels 1 where the logit is positive, both 0 elsewhere: all right, and the largest of two equal ones is the first.
    const labels = logits.map((z) => [Number(z > 0), Number(z > 0)]);
    labels[0] = [0, 1];
    const model = sequential(undefined, 2);
    compile(model, new BinaryCrossentropy({ fromLogits: true }), ['accuracy']);
    // 7 of 8 labels, by hand; the categorical accuracy of TF.js is 3 of 4.
    expect(await firstEpoch(model, {}, labels)).toMatchObject({ acc: 0.875 });
  });

  it('takes sparse labels of any form for a softmax head and for logits, and gives the same training', async () => {
    const classes = [0, 2, 1, 2];
    const oneHot = () => tf.oneHot(classes, 3);
    const forms: [unknown, () => tf.Tensor][] = [
      [{}, oneHot],
      [{ sparse: true }, () => tf.tensor1d(classes, 'int32')],
      [{ sparse: true }, () => tf.tensor2d(classes, [4, 1])],
      [{ sparse: true }, () => tf.tensor2d(classes, [4, 1], 'int32')],
    ];
    const histories: unknown[] = [];
    for (const activation of ['softmax', 'linear'] as const) {
      for (const [form, labels] of forms) {
        const weights = [
          tf.tensor2d([
            [0.4, -0.7, 0.1],
            [-0.2, 0.3, 0.9],
          ]),
          tf.zeros([3]),
        ];
        const model = tf.sequential({
          layers: [tf.layers.dense({ units: 3, inputShape: [2], activation, weights })],
        });
        const fromLogits = activation === 'linear';
        const sparse = Object.keys(form as object).length > 0;
        const loss = sparse
          ? new SparseCategoricalCrossentropy({ fromLogits })
          : new CategoricalCrossentropy({ fromLogits });
        compile(model, loss, ['accuracy', 'crossentropy']);
        const args = { ...quiet, epochs: 10, classWeight: { 0: 1, 1: 2, 2: 0.5 } };
        const { history } = await model.fit(tf.tensor2d(x), labels(), args);
        histories.push([history.loss, history.acc]);
      }
    }
    for (const history of histories.slice(1)) {
      expectClose(tf.tensor(history as number[][]), histories[0] as number[][], { relative: 1e-5 });
    }
  });

  it('stands beside other metrics', async () => {
    const model = sequential();
    const confident = binaryAccuracy({ fromLogits: true, threshold: 0.9 });
    compile(model, new BinaryCrossentropy({ fromLogits: true }), ['accuracy', confident, 'mse']);
    const squared = mean(logits.map((z, i) => (z - y[i]![0]!) ** 2));
    const { acc, binaryAccuracy: sure, mse } = await firstEpoch(model);
    expect([acc, sure]).toEqual([right, 0.5]);
    expect(mse).toBeCloseTo(squared, 5);
  });

  it("and 'crossentropy' is the loss without smoothing and weights", async () => {
    for (const [activation, fromLogits] of [
      ['sigmoid', false],
      [undefined, true],
    ] as const) {
      const model = sequential(activation);
      const loss = new BinaryCrossentropy({ fromLogits, labelSmoothing: 0.3, posWeight: 2 });
      compile(model, loss, [fromLogits ? 'crossentropy' : 'ce']);
      expect((await firstEpoch(model)).ce).toBeCloseTo(mean(perSample), 5);
    }
  });

  it('rejects what is no metric', () => {
    expect(() => {
      compile(sequential(), 'bce', 5);
    }).toThrow('model.compile: a metric must be a name or a function. Received: 5.');
  });
});

describe('losses of users', () => {
  it('train by name, object and class like ours', async () => {
    registerLoss('doubled', (yTrue, yPred) =>
      tf.mul(2, tf.mean(tf.squaredDifference(yTrue, yPred), -1)),
    );
    const expected = 2 * mean(logits.map((z, i) => (z - y[i]![0]!) ** 2));
    const model = sequential();
    compile(model, 'doubled');
    expect((await firstEpoch(model)).loss).toBeCloseTo(expected, 5);
  });
});

describe('losses that TensorFlow.js has too', () => {
  it.each([
    ['meanSquaredError', tf.metrics.meanSquaredError],
    ['mse', tf.metrics.meanSquaredError],
    ['MSE', tf.metrics.meanSquaredError],
    ['mean_squared_error', tf.metrics.meanSquaredError],
    ['MeanSquaredError', tf.metrics.meanSquaredError],
    ['mae', tf.metrics.meanAbsoluteError],
    ['cosineProximity', tf.metrics.cosineProximity],
  ])('are found by the name %s, and give the same loss', async (name, theirs) => {
    const [a, b] = [sequential('sigmoid'), sequential('sigmoid')];
    compile(a, name);
    compile(b, theirs);
    const { loss } = await firstEpoch(a);
    expect(loss).toBeCloseTo((await firstEpoch(b)).loss!, 5);
    const weighted = sequential('sigmoid');
    weighted.compile({ optimizer: tf.train.sgd(0), loss: [name], lossWeights: [2] });
    expect((await firstEpoch(weighted)).loss).toBeCloseTo(2 * loss!, 5);
  });
});

describe('cosine similarity, where Keras has a loss and a metric of one name with opposite signs', () => {
  // By hand: the cosine of 45°.
  it.each<[string, object | string, number]>([
    ['by name', 'cosine_similarity', Math.SQRT1_2],
    ['by the name of its class', 'CosineSimilarity', Math.SQRT1_2],
    ['the loss object', new CosineSimilarity(), -Math.SQRT1_2],
    ['the loss function', cosineSimilarity, -Math.SQRT1_2],
  ])('as a metric: %s', (_, metric, expected) => {
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: 2, inputShape: [1], kernelInitializer: 'ones' })],
    });
    model.compile({
      optimizer: 'sgd',
      loss: 'cosineSimilarity',
      metrics: [metric as Metric],
    });
    const got = model.evaluate(tf.ones([1, 1]), tf.tensor2d([[1, 0]])) as tf.Scalar[];
    expectClose(got[0]!, -Math.SQRT1_2);
    expectClose(got[1]!, expected);
  });
});

describe('losses that broadcast', () => {
  it.each(['mse', 'huber', 'hinge', 'cosineSimilarity'])(
    'do not in training: %s of labels of another shape is an error',
    async (loss) => {
      const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [2] })] });
      model.compile({ optimizer: 'sgd', loss });
      const mistaken = model.fit(tf.tensor2d(x), tf.tensor2d(y), quiet);
      await expect(mistaken).rejects.toThrow(
        'in training, labels must have the shape of the predictions. Received: labels [4, 1] and predictions [4, 3].',
      );
    },
  );
});

describe('what is not ours', () => {
  it.each([tf.losses.meanSquaredError, tf.metrics.meanAbsoluteError])(
    'trains as before: %s',
    async (loss) => {
      const ours = sequential();
      compile(ours, loss, ['accuracy']);
      const trained = await firstEpoch(ours);
      unregister();
      const theirs = sequential();
      compile(theirs, loss, ['accuracy']);
      expect(trained).toEqual(await firstEpoch(theirs));
    },
  );

  it('a Map is an error: its entries are no fields', async () => {
    const compiled = (args: object) => () => {
      sequential('sigmoid').compile({ optimizer: 'sgd', loss: 'bce', ...args });
    };
    expect(compiled({ lossWeights: new Map([['a', 2]]) })).toThrow(TypeError);
    expect(compiled({ metrics: new Map([['a', 'mse']]) })).toThrow(TypeError);
    const model = sequential('sigmoid');
    compile(model, 'bce');
    const classWeight = new Map([[0, 1]]) as never;
    const training = model.fit(tf.tensor2d(x), tf.tensor2d(y), { ...quiet, classWeight });
    await expect(training).rejects.toThrow(TypeError);
  });

  it('an unknown metric is an error that offers the nearest one', () => {
    expect(() => {
      compile(sequential(), 'bce', ['acuracy']);
    }).toThrow("Did you mean 'accuracy'?");
  });

  it('an unknown name is an error that offers the nearest one', () => {
    expect(() => {
      compile(sequential(), 'binaryCrossentropie');
    }).toThrow("Did you mean 'binaryCrossentropy'?");
  });
});

describe('register and unregister', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('are idempotent, and give TF.js its own compile back', () => {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- compared, not called
    const method = () => tf.LayersModel.prototype.compile;
    const ours = method();
    register(tf);
    expect(method()).toBe(ours);
    unregister();
    expect(method()).not.toBe(ours);
    unregister();
    const theirs = method();
    register(tf);
    unregister();
    expect(method()).toBe(theirs);
  });

  it("without registration TF.js's own loss trains under its name", async () => {
    unregister();
    const model = sequential();
    compile(model, 'binaryCrossentropy');
    // On a linear head it clips negative logits away: not the cross-entropy of the logits.
    expect((await firstEpoch(model)).loss).not.toBeCloseTo(mean(perSample), 1);
    expect(() => {
      compile(model, 'bce');
    }).toThrow('Unknown loss bce');
  });

  it('keep the loss and metrics that the user gave readable', () => {
    const model = sequential();
    const loss = new BinaryCrossentropy();
    compile(model, loss, ['accuracy']);
    expect(model.loss).toBe(loss);
    expect(model.metrics).toEqual(['accuracy']);
  });
});
