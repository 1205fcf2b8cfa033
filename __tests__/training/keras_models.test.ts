/** Loads model files as Keras's converter writes them; `tools/keras_models.py` has made them and written down Keras's numbers. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { Loss, register, registerLoss, unregister } from '../../src/index.js';
import { expectClose } from '../support/expect_close.js';
import golden from './keras_models.golden.json';

interface Case {
  title: string;
  modelJson: {
    modelTopology: object;
    trainingConfig?: object;
    weightSpecs: tf.io.WeightsManifestEntry[];
    weightData: string;
  };
  x: number[][];
  y: Record<string, tf.TensorLike>;
  batchSize: number;
  evaluate: Record<string, number>;
  optimizer: { className: string; config: Record<string, unknown> } | null;
  aboveZero?: Record<string, number>;
}

const cases = golden.cases as unknown as Case[];

function load({ modelJson }: Pick<Case, 'modelJson'>): Promise<tf.LayersModel> {
  const { weightData, ...artifacts } = modelJson;
  const bytes = Uint8Array.from(Buffer.from(weightData, 'base64'));
  return tf.loadLayersModel(tf.io.fromMemory({ ...artifacts, weightData: bytes.buffer }));
}

/** What the model reports, under Keras's names. */
function evaluate(model: tf.LayersModel, { x, y, batchSize }: Case): Record<string, number> {
  const labels = Object.values(y).map((rows) => tf.tensor(rows));
  const values = [model.evaluate(tf.tensor2d(x), labels, { batchSize })].flat();
  return Object.fromEntries(
    model.metricsNames.map((name, index) => [name, values[index]!.dataSync()[0]!]),
  );
}

let warnings: string[];

beforeEach(() => {
  register(tf);
  warnings = [];
  jest.spyOn(console, 'warn').mockImplementation((text) => {
    warnings.push(String(text));
  });
});

afterEach(() => {
  jest.restoreAllMocks();
});

class MyLoss extends Loss<{ scale?: number }> {
  static override readonly className: string = 'MyLoss';
  static override readonly defaults = { scale: 1 };
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return tf.mul(this.options.scale, tf.mean(tf.squaredDifference(yTrue, yPred), -1));
  }
}

/** The name in our logs of what Keras calls so: its `'accuracy'` is TF.js's `'acc'`. */
function ourName(name: string, outputs: readonly string[]): string {
  const isAccuracy = name === 'accuracy' || outputs.some((output) => name === `${output}_accuracy`);
  return isAccuracy ? name.replace(/accuracy$/, 'acc') : name;
}

/** Keras's `'accuracy'` of logits counts what is above ½; ours what is above 0, which the file has too. */
function expectedMetrics({ evaluate: keras, aboveZero = {} }: Case): Record<string, number> {
  const outputs = Object.entries(aboveZero);
  const ours = outputs.map(([output, value]): [string, number] => [
    `${output}_accuracy` in keras ? `${output}_accuracy` : 'accuracy',
    value,
  ]);
  return { ...keras, ...Object.fromEntries(ours.filter(([name]) => name in keras)) };
}

/** What only Keras has, or means in another way: each has a test of its own. */
const DIFFERENT: Record<string, string[]> = {
  'Unknown: metrics': ['AUC', 'precision'],
  'Keras 3 .h5: two outputs, one loss for both': ['b_accuracy'],
};

describe(`evaluates as ${golden.source}`, () => {
  beforeEach(() => {
    registerLoss(MyLoss);
    registerLoss('my_function', (yTrue, yPred) => tf.mean(tf.squaredDifference(yTrue, yPred), -1));
  });

  it.each(cases.map((each) => [each.title, each] as const))('%s', async (title, each) => {
    const model = await load(each);
    const got = evaluate(model, each);
    const outputs = Object.keys(each.y);
    const wanted = Object.entries(expectedMetrics(each)).filter(
      ([name]) => !DIFFERENT[title]?.includes(name),
    );
    const names = wanted.map(([name]) => ourName(name, outputs));
    expect(Object.keys(got)).toEqual(expect.arrayContaining(names));
    expectClose(
      tf.tensor1d(names.map((name) => got[name]!)),
      wanted.map(([, value]) => value),
      { relative: 1e-5 },
    );
  });

  it("'accuracy' of a binary loss on several units is that of each label, where Keras's is categorical", async () => {
    const each = named('Keras 3 .h5: two outputs, one loss for both');
    const model = await load(each);
    const [, b] = model.predict(tf.tensor2d(each.x)) as tf.Tensor[];
    const labels = (each.y.b as number[][]).flat();
    const hits = Array.from(b!.dataSync()).filter((p, i) => p > 0.5 === (labels[i] === 1)).length;
    expect(evaluate(model, each).b_acc).toBeCloseTo(hits / labels.length, 6);
  });
});

const named = (title: string) => cases.find((each) => each.title === title)!;

describe('what cannot be read is reported, and the model still loads', () => {
  it('metrics that nobody has', async () => {
    const model = await load(named('Unknown: metrics'));
    expect(model.metricsNames).toEqual(['loss', 'acc']);
    expect(warnings).toEqual([expect.stringMatching(/metric "AUC"; metric "Precision"/)]);
  });

  it.each(['Unknown: a loss, .h5', 'Unknown: a loss, config.json', 'Unknown: a function, .h5'])(
    '%s: an error when the model is used tells what to register, and then it trains',
    async (title) => {
      const each = structuredClone(named(title));
      // Names that no other test has registered.
      const fresh = `Fresh${title.replace(/\W/g, '')}`;
      const text = JSON.stringify(each.modelJson).replace(/MyLoss|my_function/g, fresh);
      const model = await load({ modelJson: JSON.parse(text) as Case['modelJson'] });
      expect(warnings.join()).toContain(fresh);
      expect(() => evaluate(model, each)).toThrow(`registerLoss('${fresh}'`);
      await expect(
        model.fit(tf.tensor2d(each.x), tf.tensor(Object.values(each.y)[0]!), { verbose: 0 }),
      ).rejects.toThrow('not registered here');
      const isFunction = title.includes('function');
      if (isFunction) registerLoss(fresh, (y, p) => tf.mean(tf.squaredDifference(y, p), -1));
      else
        registerLoss(
          class extends MyLoss {
            static override readonly className = fresh;
          },
        );
      expect(evaluate(model, each).loss).toBeCloseTo(each.evaluate.loss!, 5);
    },
  );

  it.each(['Unknown: an optimizer', 'Keras 3 config.json: no optimizer'])(
    '%s: the model is evaluated, and training asks for another',
    async (title) => {
      const each = named(title);
      const model = await load(each);
      expect(warnings.join()).toContain('optimizer');
      const data = [tf.tensor2d(each.x), tf.tensor(Object.values(each.y)[0]!)] as const;
      await expect(model.fit(...data, { verbose: 0 })).rejects.toThrow('call model.compile');
      model.compile({ loss: model.loss, optimizer: 'sgd' });
      const { history } = await model.fit(...data, { verbose: 0 });
      expect(Number.isFinite(history.loss![0])).toBe(true);
    },
  );

  it.each([
    ['a loss that is no loss', { loss: 5 }, 'loss 5'],
    [
      'an option that the loss does not have',
      { loss: { class_name: 'BinaryCrossentropy', config: { sharpness: 2 } } },
      'sharpness',
    ],
    ['loss weights of no output', { loss: 'bce', loss_weights: { other: 1 } }, 'other'],
    ['no loss', { loss: null }, 'loss'],
    [
      'an optimizer that is none',
      { loss: 'bce', optimizer_config: { class_name: 'constructor', config: {} } },
      'optimizer',
    ],
  ])('%s', async (_, config, told) => {
    const { modelJson } = named('Keras 3 .h5: a name');
    await load({
      modelJson: { ...modelJson, trainingConfig: { optimizer_config: 'sgd', ...config } },
    });
    expect(warnings.join()).toContain(told);
  });
});

describe('optimizers of Keras', () => {
  /** A model that was saved with this optimizer. */
  async function optimizerOf(config: unknown): Promise<tf.Optimizer> {
    const { modelJson } = named('Keras 3 .h5: a name');
    const trainingConfig = { loss: 'binary_crossentropy', optimizer_config: config };
    return (await load({ modelJson: { ...modelJson, trainingConfig } })).optimizer;
  }

  const optimizers = golden.optimizers as unknown as {
    title: string;
    config: unknown;
    expected: { className: string; config: Record<string, number | boolean> } | null;
    lost: string[];
    end?: number[];
  }[];

  it.each(optimizers.map((each) => [each.title, each] as const))('%s', async (_, each) => {
    const optimizer = await optimizerOf(each.config);
    for (const lost of each.lost)
      expect(warnings.join()).toContain(lost.replace(/_/g, lost === 'learning_rate' ? ' ' : '_'));
    if (each.lost.length === 0 && each.expected !== null) expect(warnings).toEqual([]);
    if (each.expected === null) {
      expect(warnings.join()).toContain('optimizer');
      return;
    }
    expect(optimizer.getClassName()).toBe(each.expected.className);
    const config = optimizer.getConfig() as Record<string, number | boolean>;
    for (const [name, value] of Object.entries(each.expected.config)) {
      if (typeof value === 'number') expect(config[name]).toBeCloseTo(value, 7);
      else expect(config[name]).toBe(value);
    }
    if (each.end === undefined) return;
    const { steps, start, curvature } = golden.descent;
    const weights = tf.tensor1d(start).variable();
    for (let step = 0; step < steps; step++) {
      optimizer.minimize(() => tf.mul(0.5, tf.sum(tf.mul(curvature, tf.square(weights)))));
    }
    expectClose(weights, each.end, { relative: 1e-4 });
  });
});

describe('the training config is found', () => {
  const each = named('Keras 3 .h5: a loss object');
  const { weightData, weightSpecs, ...model } = each.modelJson;
  const bytes = Buffer.from(weightData, 'base64');
  const json = JSON.stringify({
    ...model,
    weightsManifest: [{ paths: ['weights.bin'], weights: weightSpecs }],
  });

  it('in what is loaded from a URL', async () => {
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const fetchFunc = (() =>
      Promise.resolve({
        ok: true,
        json: () => Promise.resolve(JSON.parse(json) as unknown),
        arrayBuffer: () => Promise.resolve(buffer),
      })) as unknown as () => Promise<Response>;
    const loaded = await tf.loadLayersModel('http://localhost/model.json', { fetchFunc });
    expect(evaluate(loaded, each).loss).toBeCloseTo(each.evaluate.loss!, 5);
    const direct = await tf.loadLayersModel(
      tf.io.browserHTTPRequest('http://localhost/model.json', { fetchFunc }),
    );
    expect(evaluate(direct, each).loss).toBeCloseTo(each.evaluate.loss!, 5);
  });

  it('no longer after unregister, and the artifacts of the user stay as they were', async () => {
    const { modelJson } = each;
    const before = JSON.stringify(modelJson);
    await load(each);
    expect(JSON.stringify(modelJson)).toBe(before);
    unregister();
    // TF.js itself reads the layers of Keras 2 alone, and no training config.
    await expect(load(each)).rejects.toThrow('InputLayer');
    const old = named('Keras 2.15: a loss object');
    const loaded = await load(old);
    expect(() => evaluate(loaded, old)).toThrow('compile');
  });
});

describe('layers whose settings Keras 3 names otherwise', () => {
  /** What a model of one number and one layer predicts for −1 and 1, from the file that Keras 3 writes. */
  async function predictions(class_name: string, config: object): Promise<tf.Tensor> {
    const keras_history = ['in', 0, 0];
    const call = { args: [{ class_name: '__keras_tensor__', config: { keras_history } }] };
    const layers = [
      {
        class_name: 'InputLayer',
        config: { batch_shape: [null, 1], dtype: 'float32', name: 'in' },
        name: 'in',
        inbound_nodes: [],
      },
      {
        class_name,
        config: { ...config, name: 'out' },
        name: 'out',
        inbound_nodes: [{ ...call, kwargs: {} }],
      },
    ];
    const ends = { input_layers: ['in', 0, 0], output_layers: ['out', 0, 0] };
    const modelTopology = {
      model_config: { class_name: 'Functional', config: { name: 'm', layers, ...ends } },
    };
    const handler = tf.io.fromMemory({
      modelTopology,
      weightSpecs: [],
      weightData: new ArrayBuffer(0),
    });
    const model = await tf.loadLayersModel(handler);
    return model.predict(tf.tensor2d([[-1], [1]])) as tf.Tensor;
  }

  // By hand: 0.01 · −1, and x / (1 + e^−x).
  it('the slope of a leaky ReLU', async () => {
    expectClose(await predictions('LeakyReLU', { negative_slope: 0.01 }), [[-0.01], [1]]);
    expect(warnings).toEqual([]);
  });

  it('silu, which is swish', async () => {
    const [low, high] = [-1 / (1 + Math.E), 1 / (1 + 1 / Math.E)];
    expectClose(await predictions('Activation', { activation: 'silu' }), [[low], [high]]);
    expect(warnings).toEqual([]);
  });

  it('warns of hard_sigmoid, which is another function in TF.js', async () => {
    await predictions('Activation', { activation: 'hard_sigmoid' });
    expect(warnings).toEqual([
      "tfjs-losses: The hard_sigmoid of 'out' is another function in TensorFlow.js (0.2x + 0.5) than in Keras 3 (x/6 + 0.5): " +
        'the model predicts other numbers than in Keras.',
    ]);
  });
});
