import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  addLosses,
  binaryAccuracy,
  BinaryCrossentropy,
  binaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  Loss,
  register,
  registerLoss,
  scaleLoss,
  SparseCategoricalCrossentropy,
  unregister,
} from '../../src/index.js';
import { isGpu } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';

const x = () =>
  tf.tensor2d([
    [-2, 1],
    [0.5, -1],
    [1, 3],
    [-0.3, -0.2],
  ]);
const yesNo = () => tf.tensor2d([[0], [1], [1], [0]]);
const oneHot = () =>
  tf.tensor2d([
    [0, 1, 0],
    [1, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
  ]);
const indices = () => tf.tensor1d([1, 0, 2, 1], 'int32');
const quiet = { epochs: 3, batchSize: 2, verbose: 0, shuffle: false } as const;

class Doubled extends Loss<{ times?: number }> {
  static override readonly className = 'Doubled';
  static override readonly defaults = { times: 2 };
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return tf.mul(this.options.times, tf.mean(tf.squaredDifference(yTrue, yPred), -1));
  }
}

type CompileArgs = Parameters<tf.LayersModel['compile']>[0];
type Compile = Omit<CompileArgs, 'optimizer'>;

const dense = (units: number, activation: 'sigmoid' | 'softmax' | 'linear', name: string) =>
  tf.layers.dense({
    units,
    activation,
    name,
    kernelInitializer: tf.initializers.glorotUniform({ seed: 7 }),
  });

function model(...heads: [units: number, activation: 'sigmoid' | 'softmax' | 'linear'][]) {
  const input = tf.input({ shape: [2] });
  const outputs = heads.map(
    ([units, activation], index) =>
      dense(units, activation, 'ab'[index]!).apply(input) as tf.SymbolicTensor,
  );
  return tf.model({ inputs: input, outputs });
}

function sequential(units: number, activation: 'sigmoid' | 'softmax' | 'linear') {
  const layer = tf.layers.dense({
    units,
    activation,
    inputShape: [2],
    name: 'a',
    kernelInitializer: tf.initializers.glorotUniform({ seed: 7 }),
  });
  return tf.sequential({ layers: [layer] });
}

/** What a file holds: all of it goes through JSON, but the weights. */
async function save(saved: tf.LayersModel): Promise<tf.io.ModelArtifacts> {
  let artifacts: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler((given) => {
    artifacts = given;
    return Promise.resolve({
      modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' },
    });
  });
  await saved.save(handler, { includeOptimizer: true });
  const { weightData, ...json } = artifacts!;
  return { ...(JSON.parse(JSON.stringify(json)) as object), weightData: weightData! };
}

const load = (artifacts: tf.io.ModelArtifacts) => tf.loadLayersModel(tf.io.fromMemory(artifacts));

let warnings: string[];

beforeEach(() => {
  register(tf);
  registerLoss(Doubled);
  registerLoss('tripled', (yTrue, yPred) =>
    tf.mul(3, tf.mean(tf.squaredDifference(yTrue, yPred), -1)),
  );
  warnings = [];
  jest.spyOn(console, 'warn').mockImplementation((text) => {
    warnings.push(String(text));
  });
});

afterEach(() => {
  jest.restoreAllMocks();
});

const two = () => model([1, 'linear'], [3, 'softmax']);
const fromLogits = new BinaryCrossentropy({ fromLogits: true, labelSmoothing: 0.1, posWeight: 2 });
const focal = new BinaryFocalCrossentropy({ gamma: 3, reduction: 'sum', name: 'my_focal' });

const kinds: [string, () => tf.LayersModel, Compile, () => tf.Tensor | tf.Tensor[]][] = [
  [
    'a name that TF.js has too',
    () => model([1, 'sigmoid']),
    { loss: 'binaryCrossentropy', metrics: ['accuracy'] },
    yesNo,
  ],
  [
    'a short name',
    () => sequential(1, 'sigmoid'),
    { loss: 'bce', metrics: ['accuracy', 'mse'] },
    yesNo,
  ],
  [
    'an object with options',
    () => sequential(1, 'linear'),
    { loss: fromLogits, metrics: ['acc'] },
    yesNo,
  ],
  ['an object with a name and a reduction', () => model([1, 'sigmoid']), { loss: focal }, yesNo],
  [
    'a class',
    () => model([1, 'sigmoid']),
    { loss: BinaryCrossentropy, metrics: 'accuracy' },
    yesNo,
  ],
  ['a function of ours', () => model([1, 'sigmoid']), { loss: binaryCrossentropy }, yesNo],
  [
    'a sparse loss',
    () => sequential(3, 'softmax'),
    { loss: new SparseCategoricalCrossentropy({ ignoreClass: 0 }), metrics: ['accuracy', 'ce'] },
    indices,
  ],
  [
    "'crossentropy', chosen by shapes",
    () => model([3, 'softmax']),
    { loss: 'crossentropy', metrics: ['crossentropy'] },
    indices,
  ],
  ["a user's class", () => sequential(1, 'linear'), { loss: new Doubled({ times: 5 }) }, yesNo],
  ["a user's function, by name", () => sequential(1, 'linear'), { loss: 'tripled' }, yesNo],
  [
    'a list, with weights of the losses',
    two,
    {
      loss: [fromLogits, new CategoricalCrossentropy()],
      lossWeights: [2, 0.5],
      metrics: ['accuracy'],
    },
    () => [yesNo(), oneHot()],
  ],
  [
    'a dict, with names and objects',
    two,
    {
      loss: { a: fromLogits, b: 'categoricalCrossentropy' },
      lossWeights: { b: 3 },
      metrics: { a: [binaryAccuracy({ fromLogits: true, threshold: 0.9 })] },
      weightedMetrics: { b: ['accuracy'] },
    },
    () => [yesNo(), oneHot()],
  ],
  [
    'sums of losses, and one as a metric',
    two,
    {
      loss: {
        a: addLosses(fromLogits, scaleLoss(new Doubled({ times: 5, reduction: 'sum' }), 0.1)),
        b: addLosses(new CategoricalCrossentropy(), new CategoricalFocalCrossentropy()),
      },
      metrics: { a: 'accuracy', b: addLosses(new CategoricalCrossentropy(), new Doubled()) },
    },
    () => [yesNo(), oneHot()],
  ],
  ['an output without a loss', two, { loss: { a: fromLogits } }, () => [yesNo(), oneHot()]],
];

describe('a model that is saved and loaded', () => {
  it.each(kinds)('trains on as if it never had been: %s', async (_, build, compile, labels) => {
    const [saved, uninterrupted] = [build(), build()];
    // The same first weights.
    uninterrupted.setWeights(saved.getWeights());
    for (const each of [saved, uninterrupted]) {
      each.compile({ ...compile, optimizer: tf.train.adam(0.05) });
      await each.fit(x(), labels(), quiet);
    }
    const artifacts = await save(saved);
    warnings = [];
    const loaded = await load(artifacts);
    // What is told at each compile is told again, and nothing else.
    expect(warnings.filter((text) => !text.includes('No loss is given'))).toEqual([]);
    expect(loaded.metricsNames).toEqual(saved.metricsNames);
    const [a, b] = [
      await loaded.fit(x(), labels(), quiet),
      await uninterrupted.fit(x(), labels(), quiet),
    ];
    // A GPU finds powers to 1e-5.
    const relative = isGpu ? 5e-5 : 1e-5;
    for (const [name, values] of Object.entries(b.history)) {
      // TF.js keeps β₁ᵗ as a product, and finds it again as a power: a difference in the last digits.
      expectClose(tf.tensor1d(a.history[name] as number[]), values as number[], {
        relative,
        absolute: 1e-7,
      });
    }
    loaded.getWeights().forEach((weight, index) => {
      expectClose(weight, uninterrupted.getWeights()[index]!, {
        relative,
        absolute: relative / 10,
      });
    });
    // And once more.
    expect((await load(await save(loaded))).metricsNames).toEqual(saved.metricsNames);
  });

  it('has its options again', async () => {
    const linear = sequential(1, 'linear');
    linear.compile({ loss: fromLogits, optimizer: 'sgd' });
    const { loss } = await load(await save(linear));
    expect(loss).toBeInstanceOf(BinaryCrossentropy);
    expect((loss as unknown as BinaryCrossentropy).getConfig()).toEqual(fromLogits.getConfig());
  });

  it.each(kinds)('loads in TensorFlow.js without this package: %s', async (_, build, compile) => {
    const saved = build();
    saved.compile({ ...compile, optimizer: 'adam' });
    const artifacts = await save(saved);
    unregister();
    const loaded = await load(artifacts);
    expectClose([loaded.predict(x())].flat()[0]!, [saved.predict(x())].flat()[0]!);
    // Compiled with the loss of TF.js's own, or not at all.
    const { optimizer } = loaded as unknown as { optimizer?: tf.Optimizer };
    expect(optimizer === undefined).toBe(compile.loss !== 'binaryCrossentropy');
  });

  it('keeps the metadata of the user apart', async () => {
    const linear = sequential(1, 'linear');
    linear.compile({ loss: fromLogits, optimizer: 'sgd' });
    linear.setUserDefinedMetadata({ author: 'me' });
    const loaded = await load(await save(linear));
    expect(loaded.getUserDefinedMetadata()).toEqual({ author: 'me' });
    expect(linear.getUserDefinedMetadata()).toEqual({ author: 'me' });
  });

  it.each([undefined, null, 'me'])('refuses metadata of %s, as TensorFlow.js does', (metadata) => {
    const refused = () => {
      sequential(1, 'linear').setUserDefinedMetadata(metadata as never);
    };
    const error = 'User-defined metadata is expected to be a JSON object, but is not.';
    unregister();
    expect(refused).toThrow(error);
    register();
    expect(refused).toThrow(error);
  });

  it('without its optimizer is saved as TensorFlow.js does', async () => {
    const linear = sequential(1, 'linear');
    linear.compile({ loss: fromLogits, optimizer: 'sgd' });
    const artifacts: tf.io.ModelArtifacts[] = [];
    await linear.save(
      tf.io.withSaveHandler((given) => {
        artifacts.push(given);
        return Promise.resolve({
          modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' },
        });
      }),
    );
    expect(artifacts[0]!.userDefinedMetadata).toBeUndefined();
    expect(artifacts[0]!.trainingConfig).toBeUndefined();
  });

  it('with a function that nobody registered asks for it when it is trained', async () => {
    const linear = sequential(1, 'linear');
    function cubed(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
      return tf.mean(tf.pow(tf.abs(tf.sub(yTrue, yPred)), 3), -1);
    }
    linear.compile({ loss: cubed, optimizer: 'sgd' });
    const loaded = await load(await save(linear));
    expect(warnings.join()).toContain("loss 'cubed', which is not registered");
    await expect(loaded.fit(x(), yesNo(), quiet)).rejects.toThrow("registerLoss('cubed'");
    // It is not lost when the model is saved again.
    const again = await load(await save(loaded));
    registerLoss('cubed', cubed);
    const { history } = await again.fit(x(), yesNo(), quiet);
    const { history: first } = await linear.fit(x(), yesNo(), quiet);
    expect(history.loss).toEqual(first.loss);
  });

  it('with a sum of losses that are not all registered asks for those when it is trained', async () => {
    const linear = sequential(1, 'linear');
    function fourth(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
      return tf.mean(tf.pow(tf.sub(yTrue, yPred), 4), -1);
    }
    linear.compile({ loss: addLosses(fromLogits, fourth), optimizer: 'sgd' });
    const loaded = await load(await save(linear));
    expect(warnings.join()).toContain('Received: "fourth".');
    await expect(loaded.fit(x(), yesNo(), quiet)).rejects.toThrow('Received: "fourth".');
    const again = await load(await save(loaded));
    registerLoss('fourth', fourth);
    const { history } = await again.fit(x(), yesNo(), quiet);
    const { history: first } = await linear.fit(x(), yesNo(), quiet);
    expect(history.loss).toEqual(first.loss);
  });

  it("with functions of the user that are called like ours asks for the user's", async () => {
    const linear = sequential(1, 'sigmoid');
    const named = <F extends object>(name: string, f: F) =>
      Object.defineProperty(f, 'name', { value: name });
    const loss = (yTrue: tf.Tensor, yPred: tf.Tensor) =>
      tf.mul(5, tf.metrics.binaryCrossentropy(yTrue, yPred));
    const metric = (yTrue: tf.Tensor) => tf.mean(yTrue);
    for (const name of ['binaryCrossentropy', 'bce', 'meanSquaredError']) {
      linear.compile({
        loss: named(name, loss),
        metrics: [named('acc', metric), tf.metrics.meanSquaredError],
        optimizer: 'sgd',
      });
      warnings = [];
      const loaded = await load(await save(linear));
      expect(warnings.join()).toContain(`loss '${name}', which is not registered`);
      expect(warnings.join()).toContain('metric "user>acc"');
      expect(loaded.metricsNames).toEqual(['loss', 'meanSquaredError']);
      await expect(loaded.fit(x(), yesNo(), quiet)).rejects.toThrow('not registered');
    }
  });

  it("knows TensorFlow.js's metrics where a minifier has renamed their functions", async () => {
    const { meanSquaredError } = tf.metrics;
    const given = meanSquaredError.name;
    const rename = (name: string) =>
      Object.defineProperty(meanSquaredError, 'name', { value: name });
    rename('e');
    try {
      const model = sequential(1, 'sigmoid');
      model.compile({ loss: 'bce', metrics: [meanSquaredError], optimizer: 'sgd' });
      expect(model.metricsNames).toEqual(['loss', 'meanSquaredError']);
      const loaded = await load(await save(model));
      expect(loaded.metricsNames).toEqual(['loss', 'meanSquaredError']);
    } finally {
      rename(given);
    }
  });

  it('keeps names as TensorFlow.js spells them, and a file that it can read, time after time', async () => {
    let model = sequential(1, 'sigmoid') as tf.LayersModel;
    model.compile({ loss: 'binaryCrossentropy', metrics: ['binaryAccuracy'], optimizer: 'sgd' });
    for (let time = 0; time < 3; time++) {
      const artifacts = await save(model);
      expect(artifacts.trainingConfig).toBeDefined();
      expect(artifacts.userDefinedMetadata).toBeUndefined();
      model = await load(artifacts);
      expect(model.loss).toBe('binaryCrossentropy');
      expect(model.metricsNames).toEqual(['loss', 'binaryAccuracy']);
    }
  });

  it('has lists of metrics by output', async () => {
    const single = model([1, 'sigmoid']);
    single.compile({
      loss: 'binaryCrossentropy',
      metrics: { a: ['accuracy', 'mae'] },
      optimizer: 'sgd',
    });
    expect((await load(await save(single))).metricsNames).toEqual(['loss', 'acc', 'mae']);
  });

  it('is what TensorFlow.js without this package compiled it with last', async () => {
    const linear = sequential(1, 'linear');
    linear.compile({ loss: fromLogits, optimizer: 'adam' });
    const artifacts = await save(linear);
    unregister();
    const plain = await load(artifacts);
    plain.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
    const again = await save(plain);
    register(tf);
    const loaded = await load(again);
    expect(loaded.loss).toBe('meanSquaredError');
    expect(loaded.optimizer.getClassName()).toBe('SGD');
  });

  it('leaves no more tensors behind than TensorFlow.js does', async () => {
    const [xs, ys] = [x(), yesNo()];
    /** Tensors that one more time of saving, loading and training leaves. */
    const left = async (loss: CompileArgs['loss']) => {
      const linear = sequential(1, 'linear');
      linear.compile({ loss, optimizer: tf.train.adam(0.1) });
      await linear.fit(xs, ys, quiet);
      const round = async () => {
        const loaded = await load(await save(linear));
        await loaded.fit(xs, ys, quiet);
        loaded.optimizer.dispose();
        loaded.dispose();
      };
      await round();
      const { numTensors } = tf.memory();
      await round();
      return tf.memory().numTensors - numTensors;
    };
    const ours = await left(fromLogits);
    unregister();
    // One: Adam's count of steps, each time it is saved.
    expect(ours).toBe(await left('binaryCrossentropy'));
  });
});
