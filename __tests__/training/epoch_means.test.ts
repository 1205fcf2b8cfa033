import { beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { BinaryCrossentropy, register, SparseCategoricalCrossentropy } from '../../src/index.js';

/** Logits of a model that only adds up its inputs: they are right where the sign fits the label. */
const x = [[2], [-1], [3], [-2], [1]];
const y = [[1], [1], [1], [0], [0]];
const hits = [1, 0, 1, 1, 0];
/** In batches of 2 the sums of weights are 11, 2 and 5. */
const weights = [10, 1, 1, 1, 5];
const expected = 12 / 18;

const args = { batchSize: 2, verbose: 0, shuffle: false } as const;

function model(units = 1): tf.LayersModel {
  const weightsOf = [tf.ones([1, units]), tf.zeros([units])];
  return tf.sequential({
    layers: [tf.layers.dense({ units, inputShape: [1], weights: weightsOf, trainable: true })],
  });
}

function compiled(): tf.LayersModel {
  const linear = model();
  linear.compile({
    loss: new BinaryCrossentropy({ fromLogits: true }),
    optimizer: tf.train.sgd(0),
    weightedMetrics: ['accuracy'],
  });
  return linear;
}

const rows = () =>
  tf.data
    .zip({
      xs: tf.data.array(x as unknown as tf.TensorContainer[]),
      ys: tf.data.array(y as unknown as tf.TensorContainer[]),
      sampleWeight: tf.data.array(weights),
    })
    .batch(2);

const accuracies = (history: tf.History, name = 'acc') => history.history[name] as number[];

beforeEach(() => {
  register(tf);
});

describe('a metric with weights is the mean over all of them, not over batches', () => {
  const [xs, ys, ws] = [() => tf.tensor2d(x), () => tf.tensor2d(y), () => tf.tensor1d(weights)];

  it('in evaluate and evaluateDataset', async () => {
    const linear = compiled();
    const evaluated = linear.evaluate(xs(), ys(), {
      batchSize: 2,
      sampleWeight: ws(),
    }) as tf.Scalar[];
    expect(evaluated[1]!.dataSync()[0]).toBeCloseTo(expected, 6);
    const dataset = (await linear.evaluateDataset(rows() as never, {})) as tf.Scalar[];
    expect(dataset[1]!.dataSync()[0]).toBeCloseTo(expected, 6);
  });

  it.each([
    ['no callbacks', undefined],
    ['a callback', { onBatchEnd: () => undefined }],
    ['a list of them', [{ onBatchEnd: () => undefined }]],
    ['a callback object', tf.callbacks.earlyStopping({ monitor: 'val_acc', patience: 9 })],
  ])('in fit and its validation, in each epoch, with %s', async (_, callbacks) => {
    const history = await compiled().fit(xs(), ys(), {
      ...args,
      epochs: 2,
      sampleWeight: ws(),
      validationData: [xs(), ys(), ws()],
      ...(callbacks && { callbacks: callbacks }),
    });
    for (const name of ['acc', 'val_acc']) {
      expect(accuracies(history, name)).toHaveLength(2);
      for (const accuracy of accuracies(history, name)) expect(accuracy).toBeCloseTo(expected, 6);
    }
  });

  it('in fitDataset', async () => {
    const history = await compiled().fitDataset(rows(), { epochs: 2, verbose: 0 });
    for (const accuracy of accuracies(history)) expect(accuracy).toBeCloseTo(expected, 6);
  });

  it("is seen by the user's callbacks", async () => {
    const seen: unknown[] = [];
    await compiled().fit(xs(), ys(), {
      ...args,
      sampleWeight: ws(),
      callbacks: {
        onEpochEnd: (_, logs) => {
          seen.push(logs?.acc);
        },
      },
    });
    expect(seen).toEqual([expect.closeTo(expected, 6)]);
  });

  it('and so is one that leaves out ignored labels', () => {
    const softmax = model(2);
    const loss = new SparseCategoricalCrossentropy({ fromLogits: true, ignoreClass: -1 });
    softmax.compile({ loss, optimizer: tf.train.sgd(0), metrics: ['accuracy'] });
    // Equal logits are class 0. In batches of 2: one of one, one of two, none of one.
    const labels = tf.tensor1d([0, -1, 1, 0, 1], 'int32');
    const [, accuracy] = softmax.evaluate(xs(), labels, { batchSize: 2 }) as tf.Scalar[];
    expect(accuracy!.dataSync()[0]).toBeCloseTo(2 / 4, 6);
  });

  it('for each of two evaluations at once', async () => {
    const linear = compiled();
    const first = () => rows().take(1);
    const results = (await Promise.all([
      linear.evaluateDataset(rows() as never, {}),
      linear.evaluateDataset(first() as never, {}),
    ])) as tf.Scalar[][];
    const [all, one] = results.map(([, accuracy]) => accuracy!.dataSync()[0]!);
    expect(all).toBeCloseTo(expected, 6);
    expect(one).toBeCloseTo(10 / 11, 6);
  });

  it('and not of a batch that a callback trains on in between', async () => {
    const linear = compiled();
    const data = [xs(), ys(), ws()] as const;
    const { history } = await linear.fit(data[0], data[1], {
      ...args,
      sampleWeight: data[2],
      callbacks: {
        onBatchEnd: async () => {
          await linear.trainOnBatch(data[0], data[1]);
        },
      },
    });
    expect(history.acc![0]).toBeCloseTo(expected, 6);
  });

  it('leaves logs the tensors that TensorFlow.js gives to callbacks of a class', async () => {
    const seen: unknown[] = [];
    class Reader extends tf.Callback {
      override onEpochEnd(_epoch: number, logs?: object): Promise<void> {
        seen.push(...Object.values(logs ?? {}).map((value) => value instanceof tf.Tensor));
        return Promise.resolve();
      }
    }
    await compiled().fit(xs(), ys(), {
      ...args,
      sampleWeight: ws(),
      callbacks: [new Reader()],
    });
    expect(seen).toEqual([true, true]);
  });

  it('without weights is what it is without them', async () => {
    const mean = hits.reduce((sum, hit) => sum + hit, 0) / hits.length;
    const history = await compiled().fit(xs(), ys(), args);
    expect(accuracies(history)[0]).toBeCloseTo(mean, 6);
  });

  it('leaves no tensor behind', async () => {
    const linear = compiled();
    const data = [xs(), ys(), ws()] as const;
    const all = async () => {
      await linear.fit(data[0], data[1], { ...args, sampleWeight: data[2], validationSplit: 0.4 });
      await linear.fitDataset(rows(), { epochs: 1, verbose: 0 });
      await linear.trainOnBatch(data[0], data[1], { sampleWeight: data[2] });
      tf.dispose(linear.evaluate(data[0], data[1], { batchSize: 2, sampleWeight: data[2] }));
    };
    await all();
    const { numTensors } = tf.memory();
    await all();
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
