import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalFocalCrossentropy,
  getLoss,
  register,
  SparseCategoricalCrossentropy,
  unregister,
  type LossIdentifier,
} from '../../src/index.js';
import { backend } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';

// One feature of 1 or −1 and a kernel of 40: logits of ±40, on the wrong side for both labels.
const x = [[1], [-1]];
const y = [[0], [1]];
const quiet = { epochs: 1, batchSize: 2, verbose: 0, shuffle: false } as const;

function dense(activation: 'sigmoid' | 'linear', kernel = 40) {
  return tf.layers.dense({
    units: 1,
    inputShape: [1],
    activation,
    weights: [tf.tensor2d([[kernel]]), tf.zeros([1])],
  });
}

/** Models whose last step is a sigmoid, however it is written. */
const models: Record<string, (kernel?: number) => tf.LayersModel> = {
  'a dense layer': (kernel) => tf.sequential({ layers: [dense('sigmoid', kernel)] }),
  'an activation layer': (kernel) =>
    tf.sequential({
      layers: [dense('linear', kernel), tf.layers.activation({ activation: 'sigmoid' })],
    }),
  'a functional model': (kernel) => {
    const input = tf.input({ shape: [1] });
    const output = dense('sigmoid', kernel).apply(input) as tf.SymbolicTensor;
    return tf.model({ inputs: input, outputs: output });
  },
  'a model inside a model': (kernel) => {
    const input = tf.input({ shape: [1] });
    const inner = models['a functional model']!(kernel);
    return tf.model({ inputs: input, outputs: inner.apply(input) as tf.SymbolicTensor });
  },
};

function compile(model: tf.LayersModel, loss: unknown = new BinaryCrossentropy()): tf.LayersModel {
  model.compile({ optimizer: tf.train.sgd(0.5), loss: loss as string, metrics: ['accuracy'] });
  return model;
}

async function fit(model: tf.LayersModel, epochs = 1): Promise<number[]> {
  const { history } = await model.fit(tf.tensor2d(x), tf.tensor2d(y), { ...quiet, epochs });
  return history.loss as number[];
}

beforeEach(() => {
  register(tf);
});

describe('a model that ends in a sigmoid is trained on its logits', () => {
  describe.each(Object.entries(models))('in %s', (_, build) => {
    it('from ±40 on the wrong side, where a probability has no gradient left', async () => {
      const model = compile(build());
      // By hand: loss 40 and dLoss/dKernel = 1, so each step of 0.5 takes 0.5 off the kernel, and off the loss.
      expect(await fit(model, 3)).toEqual([40, 39.5, 39]);
      expectClose(model.getWeights()[0]!, [[38.5]]);
    });

    it('by the same steps as the model without the sigmoid, losses from logits', async () => {
      const [probabilities, logits] = [
        compile(build(3)),
        tf.sequential({ layers: [dense('linear', 3)] }),
      ];
      compile(logits, new BinaryCrossentropy({ fromLogits: true }));
      expect(await fit(probabilities, 30)).toEqual(await fit(logits, 30));
      expectClose(probabilities.getWeights()[0]!, logits.getWeights()[0]!, { relative: 0 });
    });

    it('is evaluated on the logits, and still predicts probabilities', () => {
      const model = compile(build());
      const [loss, accuracy] = model.evaluate(tf.tensor2d(x), tf.tensor2d(y)) as tf.Scalar[];
      expectClose(loss!, 40);
      expectClose(accuracy!, 0);
      expectClose(model.predict(tf.tensor2d(x)) as tf.Tensor, [[1], [Math.exp(-40)]]);
    });
  });

  it('by name, and with all options of the loss', async () => {
    expect(await fit(compile(models['a dense layer']!(), 'bce'))).toEqual([40]);
    // By hand: labels 0.1 and 0.9, logits 40 and −40, the positive one three times: (36 + 108) / 2.
    const loss = new BinaryCrossentropy({ labelSmoothing: 0.2, posWeight: 3 });
    const [first] = await fit(compile(models['a dense layer']!(), loss));
    expect(first).toBeCloseTo(72, 4);
  });

  it('through trainOnBatch and fitDataset', async () => {
    const model = compile(models['a dense layer']!());
    const [loss] = (await model.trainOnBatch(tf.tensor2d(x), tf.tensor2d(y))) as number[];
    expect(loss).toBe(40);
    const rows = tf.data.zip({ xs: tf.data.array(x), ys: tf.data.array(y) });
    const { history } = await model.fitDataset(rows.batch(2), { epochs: 1, verbose: 0 });
    expect(history.loss).toEqual([39.5]);
  });

  it('where several outputs end in one', async () => {
    const input = tf.input({ shape: [1] });
    const outputs = [dense('sigmoid'), dense('linear'), dense('sigmoid', -40)].map(
      (layer) => layer.apply(input) as tf.SymbolicTensor,
    );
    const model = tf.model({ inputs: input, outputs });
    compile(model, ['bce', new BinaryCrossentropy({ fromLogits: true }), 'bce']);
    const labels = [tf.tensor2d(y), tf.tensor2d(y), tf.tensor2d(y)];
    const { history } = await model.fit(tf.tensor2d(x), labels, quiet);
    expect(history.loss).toEqual([80]);
  });

  it('with a subclass that chooses its own options, or has fields', async () => {
    class Smoothed extends BinaryCrossentropy {
      static override readonly className = 'Smoothed';
      label = 'visible';
      constructor() {
        super({ labelSmoothing: 0.2 });
      }
    }
    // By hand: labels 0.1 and 0.9, logits 40 and −40.
    expect(await fit(compile(models['a dense layer']!(), new Smoothed()))).toEqual([36]);
  });

  it('from ±1e4, and by one pass through the model in each step', async () => {
    const layer = dense('sigmoid', 1e4);
    const call = jest.spyOn(layer, 'call');
    const model = compile(tf.sequential({ layers: [layer] }));
    call.mockClear();
    const kernel = () => layer.getWeights()[0]!.dataSync()[0]!;
    const before = kernel();
    const { history } = await model.fit(tf.tensor2d(x), tf.tensor2d(y), quiet);
    // By hand: 1e4 behind on both rows, and a slope of 1 each.
    expect(history.loss).toEqual([1e4]);
    expect(before - kernel()).toBeCloseTo(0.5, 2);
    expect(call).toHaveBeenCalledTimes(1);
    model.evaluate(tf.tensor2d(x), tf.tensor2d(y));
    expect(call).toHaveBeenCalledTimes(2);
  });

  it('behind a softmax, dense or an activation layer, also of sequences', async () => {
    // One class 60 behind on every row: by hand 60, and a slope of 1.
    const weights = [tf.tensor2d([[60, 0, 0]]), tf.zeros([3])];
    const layer = (activation: 'softmax' | 'linear', inputShape: number[]) =>
      tf.layers.dense({ units: 3, inputShape, activation, weights });
    for (const model of [
      tf.sequential({ layers: [layer('softmax', [1])] }),
      tf.sequential({
        layers: [layer('linear', [1]), tf.layers.activation({ activation: 'softmax' })],
      }),
      tf.sequential({ layers: [layer('linear', [1]), tf.layers.softmax()] }),
    ]) {
      compile(model, new SparseCategoricalCrossentropy());
      const args = [tf.ones([2, 1]), tf.tensor1d([1, 2])] as const;
      expectClose((model.evaluate(...args) as tf.Scalar[])[0]!, 60);
      const { history } = await model.fit(...args, quiet);
      expect(history.loss).toEqual([60]);
    }
    const sequences = tf.sequential({ layers: [layer('softmax', [4, 1])] });
    compile(sequences, new SparseCategoricalCrossentropy());
    const [loss] = sequences.evaluate(tf.ones([2, 4, 1]), tf.ones([2, 4])) as tf.Scalar[];
    expectClose(loss!, 60);
  });

  it('behind a softmax layer along the axis of the loss', () => {
    const model = tf.sequential({
      layers: [
        tf.layers.activation({ activation: 'linear', inputShape: [2, 3] }),
        tf.layers.softmax({ axis: 1 }),
      ],
    });
    const xs = tf.tensor3d([
      [
        [80, 0, 0],
        [0, 0, -50],
      ],
    ]);
    const ys = tf.tensor3d([
      [
        [0, 1, 0],
        [1, 0, 1],
      ],
    ]);
    // TF.js itself has no softmax but along the last axis.
    expect(() => model.predict(xs)).toThrow('non-last dimension');
    const last = tf.sequential({
      layers: [
        tf.layers.activation({ activation: 'linear', inputShape: [2, 3] }),
        tf.layers.softmax({ axis: 2 }),
      ],
    });
    compile(last, new CategoricalCrossentropy());
    const [loss] = last.evaluate(xs, ys) as tf.Scalar[];
    // By hand: 80 for the first row, and log 2 + (log 2 + 50) for the second.
    expectClose(loss!, (80 + 2 * Math.LN2 + 50) / 2);
  });

  it.each([
    ['the categorical focal loss', new CategoricalFocalCrossentropy({ alpha: 1, gamma: 2 }), false],
    ['ignoreClass', new SparseCategoricalCrossentropy({ ignoreClass: -1 }), true],
  ])('with %s, where Keras has no gradient left', async (_, loss, sparse) => {
    const weights = [tf.tensor2d([[60, 0, 0]]), tf.zeros([3])];
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: 3, inputShape: [1], activation: 'softmax', weights })],
    });
    compile(model, loss);
    const labels = sparse ? tf.tensor1d([1, -1]) : tf.oneHot([1, 2], 3);
    const before = model.getWeights()[0]!.dataSync()[0]!;
    const { history } = await model.fit(tf.ones([2, 1]), labels, quiet);
    // 60 behind; the factor (1 − p)² of the focal loss is 1.
    expect(history.loss).toEqual([60]);
    expect(model.getWeights()[0]!.dataSync()[0]!).toBeLessThan(before);
  });

  it('but not where the loss runs along another axis than the softmax', () => {
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: 2, inputShape: [3, 2], activation: 'softmax' })],
    });
    const loss = new CategoricalCrossentropy({ axis: 1 });
    compile(model, loss);
    const [xs, ys] = [tf.randomNormal([2, 3, 2], 0, 1, 'float32', 1), tf.fill([2, 3, 2], 1 / 3)];
    const [evaluated] = model.evaluate(xs, ys) as tf.Scalar[];
    expectClose(evaluated!, loss(ys, model.predict(xs) as tf.Tensor));
  });

  it("does not touch a sigmoid of the user's own, or one in the middle", async () => {
    const model = tf.sequential({
      layers: [dense('sigmoid', 1), tf.layers.dense({ units: 1, kernelInitializer: 'ones' })],
    });
    compile(model, new BinaryCrossentropy({ fromLogits: true }));
    const p = (v: number) => 1 / (1 + Math.exp(-v));
    const softplus = (v: number) => Math.log1p(Math.exp(v));
    const [first] = await fit(model);
    expect(first).toBeCloseTo((softplus(p(1)) + softplus(-p(-1))) / 2, 5);
  });
});

describe('recording logits', () => {
  it('leaves no tensor behind, in training, evaluation and after errors', async () => {
    for (const build of Object.values(models)) {
      const model = compile(build());
      const [xs, ys] = [tf.tensor2d(x), tf.tensor2d(y)];
      const run = async (steps: number) => {
        await model.fit(xs, ys, { ...quiet, epochs: steps, validationData: [xs, ys] });
        tf.dispose(model.evaluate(xs, ys));
      };
      await run(1);
      const before = tf.memory().numTensors;
      await run(50);
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('leaves nothing behind where a loss throws, though TF.js does', async () => {
    class Broken extends BinaryCrossentropy {
      static override readonly className = 'Broken';
      override compute(): tf.Tensor {
        throw new Error('broken');
      }
    }
    const model = compile(tf.sequential({ layers: [dense('sigmoid')] }), new Broken());
    const [xs, ys] = [tf.tensor2d(x), tf.tensor2d(y)];
    await expect(model.trainOnBatch(xs, ys)).rejects.toThrow('broken');
    const before = { ...tf.memory() };
    for (let i = 0; i < 5; i++) {
      await expect(model.trainOnBatch(xs, ys)).rejects.toThrow('broken');
      expect(() => model.evaluate(xs, ys)).toThrow('broken');
    }
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
  });

  it('leaves nothing behind where a gradient throws, of weighted metrics neither', async () => {
    const broken = tf.customGrad((p) => ({
      value: tf.mean(p as tf.Tensor, -1),
      gradFunc: () => {
        throw new Error('no gradient');
      },
    }));
    const model = tf.sequential({ layers: [dense('sigmoid')] });
    model.compile({
      optimizer: tf.train.sgd(1),
      loss: getLoss((_: tf.Tensor, p: tf.Tensor) => broken(p)) as never,
      metrics: ['accuracy'],
      weightedMetrics: ['mse'],
    } as never);
    const [xs, ys, sampleWeight] = [tf.tensor2d(x), tf.tensor2d(y), tf.tensor1d([1, 2])];
    const train = () => model.trainOnBatch(xs, ys, { sampleWeight });
    await expect(train()).rejects.toThrow('no gradient');
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) await expect(train()).rejects.toThrow('no gradient');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leaves the inputs of the user alone, also where they are the logits', async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.activation({ activation: 'sigmoid', inputShape: [1] }),
        dense('sigmoid', 2),
      ],
    });
    const identity = tf.sequential({
      layers: [tf.layers.activation({ activation: 'sigmoid', inputShape: [1] })],
    });
    compile(model);
    compile(identity);
    const [xs, ys] = [tf.tensor2d(x), tf.tensor2d(y)];
    await model.trainOnBatch(xs, ys);
    const [loss] = identity.evaluate(xs, ys) as tf.Scalar[];
    // softplus(1) for both.
    expectClose(loss!, Math.log1p(Math.E));
    expect(xs.isDisposed).toBe(false);
    expect(ys.isDisposed).toBe(false);
  });

  it('does not change what is saved', () => {
    const [ours, theirs] = [models['a dense layer']!(), models['a dense layer']!()];
    compile(ours);
    unregister();
    compile(theirs, 'binaryCrossentropy');
    const config = (model: tf.LayersModel) =>
      JSON.stringify(model.toJSON(null, false)).replace(
        /(dense_Dense|sequential_|input)\d+/g,
        '$1',
      );
    expect(config(ours)).toBe(config(theirs));
  });

  it('ends when the model is compiled with something else', async () => {
    const model = compile(models['a dense layer']!());
    compile(model, tf.metrics.binaryCrossentropy);
    const [clipped] = await fit(model);
    // TF.js's own, on the probabilities: −log 1e-7 and −log 1.19e-7, on webgl −log 1e-4 and −log 1.00017e-4.
    const [no, yes] = backend === 'webgl' ? [9.21034, 9.210175] : [16.118095, 15.942385];
    expect(clipped).toBeCloseTo((no + yes) / 2, 4);
  });
});

describe('a softmax before a binary cross-entropy', () => {
  // Two samples, sure and wrong by 24: each of both labels costs 24.
  const build = () =>
    tf.sequential({
      layers: [
        tf.layers.dense({
          units: 2,
          inputShape: [1],
          activation: 'softmax',
          weights: [tf.tensor2d([[12, -12]]), tf.zeros([2])],
        }),
      ],
    });
  const [x, y] = [
    () => tf.tensor2d([[1], [-1]]),
    () =>
      tf.tensor2d([
        [0, 1],
        [1, 0],
      ]),
  ];

  it.each<LossIdentifier>(['bce', new BinaryFocalCrossentropy({ gamma: 0 })])(
    'learns from a start that is sure and wrong: %p',
    async (loss) => {
      jest.spyOn(console, 'warn').mockImplementation(() => undefined);
      const model = build();
      model.compile({ optimizer: tf.train.sgd(1), loss, metrics: ['accuracy'] });
      const { history } = await model.fit(x(), y(), { epochs: 20, verbose: 0 });
      const losses = history.loss as number[];
      expect(losses[0]).toBeCloseTo(24, 4);
      // By hand: each step moves both logits by 1, so that their distance, the loss, falls by 2.
      expect(losses[1]).toBeCloseTo(22, 4);
      expect(losses.at(-1)).toBeLessThan(0.2);
      expect(history.acc!.at(0)).toBe(0);
      expect(history.acc!.at(-1)).toBe(1);
    },
  );

  it('has the accuracy of classes, as in Keras', () => {
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const model = tf.sequential({
      layers: [
        tf.layers.dense({
          units: 3,
          inputShape: [3],
          activation: 'softmax',
          weights: [tf.eye(3), tf.zeros([3])],
        }),
      ],
    });
    model.compile({ optimizer: 'sgd', loss: 'bce', metrics: ['accuracy'] });
    // The largest logit is right in one of two rows, where yes or no would be right in four of six entries.
    const [, accuracy] = model.evaluate(
      tf.tensor2d([
        [2, 0, 0],
        [0, 1, 3],
      ]),
      tf.tensor2d([
        [1, 0, 0],
        [0, 1, 0],
      ]),
    ) as tf.Scalar[];
    expect(accuracy!.arraySync()).toBe(0.5);
  });
});
