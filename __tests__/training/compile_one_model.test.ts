/** `compile(model, args)`: one model learns all that `register(tf)` teaches all models. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { BinaryCrossentropy, compile, getLoss, register, unregister } from '../../src/index.js';
import type { CompileArgs } from '../../src/training/arguments.js';
import { isGpu } from '../support/backend.js';
import { binary, mean, numbers, sequential } from '../support/models.js';

const features = [
  [-2, 1],
  [0.5, -1],
  [1, 3],
  [-0.3, -0.2],
  [0.7, 0.1],
];
const yesNo = [[0], [1], [1], [0], [1]];
const classes = [1, 0, 2, 1, 0];
const weights = [1, 0, 3, 0.5, 2];
const xs = () => tf.tensor2d(features);
const ws = () => tf.tensor1d(weights);

const dense = (units: number, activation: 'sigmoid' | 'softmax' | 'relu', name: string) =>
  tf.layers.dense({ units, activation, name });

/** The same weights for each model of one kind; old versions of TensorFlow.js know no seeds. */
function settled(model: tf.LayersModel): tf.LayersModel {
  const values = (size: number) =>
    Float32Array.from({ length: size }, (_, i) => Math.sin(3 * i + 1));
  model.setWeights(model.getWeights().map(({ size, shape }) => tf.tensor(values(size), shape)));
  return model;
}

type Args = Omit<CompileArgs, 'optimizer'>;

/** A model, what it is compiled with, and its targets by output. */
interface Case {
  readonly build: () => tf.LayersModel | Promise<tf.LayersModel>;
  readonly args: Args;
  readonly targets: Readonly<Record<string, readonly (number | number[])[]>>;
}

const one = (): Pick<Case, 'args' | 'targets'> => ({
  args: { loss: 'bce', metrics: ['accuracy'], weightedMetrics: ['accuracy', 'mse'] },
  targets: { a: yesNo },
});

const stack = () =>
  tf.sequential({
    name: 'stack',
    layers: [
      tf.layers.inputLayer({ inputShape: [2], name: 'in' }),
      dense(3, 'relu', 'hidden'),
      dense(1, 'sigmoid', 'a'),
    ],
  });

function twoOutputs(): tf.LayersModel {
  const input = tf.input({ shape: [2], name: 'in' });
  const outputs = [dense(1, 'sigmoid', 'a'), dense(3, 'softmax', 'b')].map(
    (layer) => layer.apply(input) as tf.SymbolicTensor,
  );
  return tf.model({ inputs: input, outputs, name: 'two' });
}

function nested(): tf.LayersModel {
  const input = tf.input({ shape: [2], name: 'outer_in' });
  const outputs = stack().apply(input) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs, name: 'nested' });
}

async function loaded(): Promise<tf.LayersModel> {
  const { weightData, ...artifacts } = await saved(stack(), false);
  return tf.loadLayersModel(tf.io.fromMemory({ ...artifacts, weightData: weightData! }));
}

const cases: [string, Case][] = [
  ['a sequential model', { build: stack, ...one() }],
  [
    'two outputs',
    {
      build: twoOutputs,
      args: {
        loss: { a: new BinaryCrossentropy(), b: 'sparse_categorical_crossentropy' },
        lossWeights: { a: 1, b: 0.5 },
        metrics: { a: 'accuracy', b: ['accuracy'] },
        weightedMetrics: { b: ['accuracy', 'crossentropy'] },
      },
      targets: { a: yesNo, b: classes },
    },
  ],
  ['a model inside a model', { build: nested, ...one() }],
  ['a model that was loaded', { build: loaded, ...one() }],
];

const quiet = { epochs: 2, batchSize: 2, verbose: 0, shuffle: false } as const;

const tensors = ({ targets }: Case) => Object.values(targets).map((values) => tf.tensor(values));

function dataset({ targets }: Case) {
  const column = (values: readonly (number | number[])[]) =>
    tf.data.array(values as tf.TensorContainer[]);
  const ys = Object.fromEntries(
    Object.entries(targets).map(([name, values]) => [name, column(values)]),
  );
  return tf.data
    .zip({ xs: column(features), sampleWeight: column(weights), ...ys })
    .batch(2)
    .map((batch) => {
      const { xs, sampleWeight, ...rest } = batch as Record<string, tf.Tensor>;
      return { xs: xs!, ys: Object.values(rest), sampleWeight: sampleWeight! };
    }) as tf.data.Dataset<never>;
}

/** What a file holds. */
async function saved(model: tf.LayersModel, includeOptimizer = true) {
  let artifacts: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler((given) => {
    artifacts = given;
    const modelArtifactsInfo = { dateSaved: new Date(), modelTopologyType: 'JSON' as const };
    return Promise.resolve({ modelArtifactsInfo });
  });
  await model.save(handler, { includeOptimizer });
  return artifacts!;
}

/** Each gives numbers, or what else can be compared. */
const uses: [string, (model: tf.LayersModel, given: Case) => Promise<unknown>][] = [
  [
    'fit with sampleWeight and weights of validation data',
    async (model, given) => {
      const args = {
        ...quiet,
        sampleWeight: ws(),
        validationData: [xs(), tensors(given), ws()] as never,
      };
      return (await model.fit(xs(), tensors(given), args)).history;
    },
  ],
  [
    'fit with sampleWeight, classWeight, validationSplit and a callback',
    async (model, given) => {
      const classWeight = Object.keys(given.targets).map((_, index) => ({ 1: 3 + index }));
      const seen: unknown[] = [];
      const { history } = await model.fit(xs(), tensors(given), {
        ...quiet,
        sampleWeight: weights,
        classWeight,
        validationSplit: 0.4,
        callbacks: {
          onEpochEnd: (_, logs) => {
            seen.push({ ...logs });
          },
        },
      });
      return [history, seen];
    },
  ],
  [
    'fit with a callback object',
    async (model, given) => {
      const callbacks = [tf.callbacks.earlyStopping({ monitor: 'loss', patience: 9 })];
      const args = { ...quiet, sampleWeight: weights, callbacks };
      return (await model.fit(xs(), tensors(given), args)).history;
    },
  ],
  [
    'fitDataset with weights',
    async (model, given) => {
      const args = { epochs: 2, verbose: 0, validationData: dataset(given) } as const;
      return (await model.fitDataset(dataset(given), args)).history;
    },
  ],
  [
    'evaluate and evaluateDataset with weights',
    async (model, given) => {
      const args = { batchSize: 2, sampleWeight: ws() };
      const streamed = await model.evaluateDataset(dataset(given), {});
      return [numbers(model.evaluate(xs(), tensors(given), args)), numbers(streamed)];
    },
  ],
  [
    'trainOnBatch with weights',
    async (model, given) => {
      const classWeight = Object.keys(given.targets).map(() => ({ 0: 2 }));
      const first = await model.trainOnBatch(xs(), tensors(given), { sampleWeight: weights });
      return [first, await model.trainOnBatch(xs(), tensors(given), { classWeight })];
    },
  ],
  [
    'save with the optimizer',
    async (model, given) => {
      await model.fit(xs(), tensors(given), quiet);
      model.setUserDefinedMetadata({ author: 'me' });
      const { weightData, weightSpecs, ...rest } = await saved(model);
      return JSON.parse(
        JSON.stringify({
          ...rest,
          shapes: weightSpecs!.map(({ shape, group }) => [shape, group]),
          values: [...new Uint8Array(weightData as ArrayBuffer)],
        }),
      ) as unknown;
    },
  ],
];

/** What all models of TensorFlow.js share. */
const shared = () =>
  [
    tf.LayersModel.prototype,
    tf.Sequential.prototype,
    Object.getPrototypeOf(tf.io.fromMemorySync({ modelTopology: {} })),
  ].map((owner: object) => Object.getOwnPropertyDescriptors(owner));

let warn: jest.SpiedFunction<typeof console.warn>;

beforeEach(() => {
  warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  unregister();
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe.each(cases)('%s', (_, given) => {
  const adam = () => tf.train.adam(0.1);
  const finalWeights = (model: tf.LayersModel) => model.getWeights().map((w) => w.arraySync());

  it.each(uses)('%s: equals the global way in every number', async (_, use) => {
    const untouched = shared();
    const own = settled(await given.build());
    compile(own, { ...given.args, optimizer: adam() });
    const ofOne = [await use(own, given), finalWeights(own), own.metricsNames];
    expect(shared()).toEqual(untouched);

    register(tf);
    const other = settled(await given.build());
    other.compile({ ...given.args, optimizer: adam() });
    expect(ofOne).toEqual([await use(other, given), finalWeights(other), other.metricsNames]);
    // TensorFlow.js itself warns of reading numbers back from webgpu.
    expect(warn.mock.calls.flat().filter((text) => String(text).includes('tfjs-losses'))).toEqual(
      [],
    );
  });

  it('is saved so that a program that registers loads it compiled, with its optimizer', async () => {
    const own = settled(await given.build());
    compile(own, { ...given.args, optimizer: adam() });
    await own.fit(xs(), tensors(given), quiet);
    const { weightData, ...artifacts } = await saved(own);
    register(tf);
    const again = await tf.loadLayersModel(
      tf.io.fromMemory({ ...artifacts, weightData: weightData! }),
    );
    const step = (model: tf.LayersModel) => model.trainOnBatch(xs(), tensors(given));
    expect(again.metricsNames).toEqual(own.metricsNames);
    // TensorFlow.js's Adam has the powers of its betas by products, and by `pow` after loading, which loses digits on GPUs.
    const digits = isGpu ? 5 : 12;
    for (const _ of [1, 2]) {
      const expected = [await step(own)].flat().map((number) => expect.closeTo(number, digits));
      expect([await step(again)].flat()).toEqual(expected);
    }
  });
});

describe('a model that was compiled by itself', () => {
  const x = [[2], [-1], [3]];
  const y = [[1], [1], [0]];
  const values = x.map(([logit], i) => binary(y[i]![0]!, logit!));
  const factors = [1, 2, 5];
  const weighted = mean(values.map((value, i) => value * factors[i]!));
  const loss = new BinaryCrossentropy({ fromLogits: true });
  const frozen = () => ({ optimizer: tf.train.sgd(0), loss });

  const train = (model: tf.LayersModel) =>
    model.trainOnBatch(tf.tensor2d(x), tf.tensor2d(y), { sampleWeight: factors });

  it('may be compiled again, by either way', async () => {
    const model = sequential([1]);
    compile(model, frozen());
    compile(model, frozen());
    expect(await train(model)).toBeCloseTo(weighted, 5);
    model.compile({ ...frozen(), loss: 'mse' });
    model.compile(frozen());
    expect(await train(model)).toBeCloseTo(weighted, 5);
  });

  it.each<[string, (model: tf.LayersModel) => void]>([
    [
      'registered before',
      (model) => {
        register(tf);
        compile(model, frozen());
      },
    ],
    [
      'registered before, where it compiled the model already',
      (model) => {
        register(tf);
        model.compile(frozen());
        compile(model, frozen());
      },
    ],
    [
      'registered afterwards',
      (model) => {
        compile(model, frozen());
        register(tf);
      },
    ],
    [
      'registered and unregistered',
      (model) => {
        register(tf);
        compile(model, frozen());
        unregister();
      },
    ],
    [
      'registered twice in between',
      (model) => {
        compile(model, frozen());
        register(tf);
        unregister();
        register();
      },
    ],
  ])('is the same in a program that has %s', async (_, order) => {
    for (const model of [sequential([1]), tf.model(endsOf(sequential([1])))]) {
      order(model);
      expect(await train(model)).toBeCloseTo(weighted, 5);
      const [evaluated] = numbers(
        model.evaluate(tf.tensor2d(x), tf.tensor2d(y), { sampleWeight: factors }),
      );
      expect(evaluated).toBeCloseTo(weighted, 5);
      model.compile({ optimizer: 'sgd', loss: 'huber' });
      expect(await train(model)).not.toBeNaN();
    }
    unregister();
  });

  it('is alone: another model of the program is as TensorFlow.js has it', () => {
    compile(sequential([1]), frozen());
    const other = sequential([1]);
    expect(() => {
      other.compile({ optimizer: 'sgd', loss: 'huber' });
    }).toThrow('Unknown loss huber');
    other.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    expect(Object.getOwnPropertyNames(other)).not.toContain('trainOnBatch');
  });

  it('finds losses by name, which stay known for it after unregister()', async () => {
    const model = sequential([1]);
    compile(model, { optimizer: tf.train.sgd(0), loss: 'mse' });
    register(tf);
    unregister();
    expect(getLoss('mse').name).toBe('mean_squared_error');
    model.compile({ optimizer: tf.train.sgd(0), loss: 'log_cosh', metrics: ['crossentropy'] });
    expect(await train(model)).toHaveLength(2);
  });

  it("finds TensorFlow.js's own metrics by name, if it is given tf or its metrics", () => {
    const args = { ...frozen(), metrics: ['recall'] };
    const model = sequential([1]);
    compile(model, args, { metrics: tf.metrics });
    expect(model.metricsNames).toEqual(['loss', 'recall']);
  });

  it('shows no more fields than another', () => {
    const [own, other] = [sequential([1]), sequential([1])];
    compile(own, { optimizer: 'sgd', loss: 'meanSquaredError' });
    other.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    expect(Object.keys(own)).toEqual(Object.keys(other));
  });

  it('forgets what its file says of a loss, and keeps the metadata of the user', async () => {
    const model = sequential([1]);
    compile(model, frozen());
    model.setUserDefinedMetadata({ author: 'me' });
    const { weightData, ...artifacts } = await saved(model);
    const again = await tf.loadLayersModel(
      tf.io.fromMemory({ ...artifacts, weightData: weightData! }),
    );
    expect(Object.keys(again.getUserDefinedMetadata())).toEqual(['author', 'tfjs-losses']);
    compile(again, frozen());
    expect(again.getUserDefinedMetadata()).toEqual({ author: 'me' });
    expect(await train(again)).toBeCloseTo(weighted, 5);
  });

  it('goes through methods that others put on the class or on the model', async () => {
    const model = tf.model(endsOf(sequential([1])));
    compile(model, frozen());
    const calls: string[] = [];
    const wrap = (owner: object, name: string) => {
      const methods = owner as Record<string, (...args: unknown[]) => unknown>;
      const original = methods[name]!;
      methods[name] = function (...args) {
        calls.push(name);
        return original.apply(this, args);
      };
      return () => {
        methods[name] = original;
      };
    };
    const restore = wrap(tf.LayersModel.prototype, 'trainOnBatch');
    try {
      wrap(model, 'compile');
      model.compile(frozen());
      compile(model, frozen());
      expect(await train(model)).toBeCloseTo(weighted, 5);
      expect(calls).toEqual(['compile', 'compile', 'trainOnBatch']);
    } finally {
      restore();
    }
  });

  it('must be a model of layers', () => {
    for (const given of [undefined, null, 'model', {}]) {
      expect(() => {
        compile(given as never, frozen());
      }).toThrow(/^compile: the first argument must be a tf\.LayersModel\. Received: /);
    }
  });

  it('is told once of a hidden member that this TensorFlow.js lacks, and trained on plain functions', async () => {
    const prototype = tf.LayersModel.prototype as unknown as Record<string, unknown>;
    const method = Object.getOwnPropertyDescriptor(prototype, 'testLoop')!;
    Reflect.deleteProperty(prototype, 'testLoop');
    try {
      const model = sequential([1]);
      compile(model, frozen());
      expect(warn.mock.calls).toEqual([[expect.stringContaining('lacks testLoop. ')]]);
      const plain = await model.trainOnBatch(tf.tensor2d(x), tf.tensor2d(y));
      expect(plain).toBeCloseTo(mean(values), 5);
    } finally {
      Object.defineProperty(prototype, 'testLoop', method);
    }
  });
});

/** Inputs and outputs of a model, of which another can be made. */
function endsOf({ inputs, outputs }: tf.LayersModel) {
  return { inputs, outputs };
}
