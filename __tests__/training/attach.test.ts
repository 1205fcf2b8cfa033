import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { BinaryCrossentropy, register, unregister } from '../../src/index.js';
import { binary, frozen, functional, sequential } from '../support/models.js';

const x = [[2], [-1], [3]];
const y = [[1], [1], [0]];
const expected = x.reduce((sum, [logit], i) => sum + binary(y[i]![0]!, logit!), 0) / x.length;
const loss = new BinaryCrossentropy({ fromLogits: true });
const quiet = { epochs: 1, verbose: 0 } as const;

const prototype = tf.LayersModel.prototype as unknown as Record<string, unknown>;

/** All that importing this package changes in TF.js. */
function members(): unknown[] {
  const handlers = [
    tf.io.fromMemorySync({ modelTopology: {} }),
    tf.io.browserHTTPRequest('http://localhost', { fetchFunc: () => Promise.reject(new Error()) }),
  ];
  return [
    tf.LayersModel.prototype,
    tf.Sequential.prototype,
    ...handlers.map((handler) => Object.getPrototypeOf(handler) as object),
  ].map((owner: object) => Object.getOwnPropertyDescriptors(owner));
}

let warn: jest.SpiedFunction<typeof console.warn>;

beforeEach(() => {
  warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => {
  jest.restoreAllMocks();
  register(tf);
});

describe('unregister', () => {
  it('gives TensorFlow.js back as it was, and register changes it once', () => {
    unregister();
    const before = members();
    register(tf);
    const integrated = members();
    expect(integrated).not.toEqual(before);
    register(tf);
    expect(members()).toEqual(integrated);
    unregister();
    expect(members()).toEqual(before);
  });

  it('leaves a model that was compiled meanwhile its loss, trained by the steps of TensorFlow.js', async () => {
    register(tf);
    const model = frozen(sequential([1]), { loss, metrics: ['accuracy'] });
    unregister();
    const { history } = await model.fit(tf.tensor2d(x), tf.tensor2d(y), quiet);
    expect(history.loss![0]).toBeCloseTo(expected, 5);
    expect(history.acc![0]).toBeCloseTo(1 / 3, 5);
  });

  it('leaves its reported numbers their names, also of several outputs', async () => {
    register(tf);
    const model = frozen(functional([1], { name: 'a' }, { name: 'b', factor: -1 }), {
      loss,
      metrics: { a: 'accuracy', b: 'mse' },
      weightedMetrics: { a: 'mse', b: 'accuracy' },
    });
    const fit = () => model.fit(tf.tensor2d(x), [tf.tensor2d(y), tf.tensor2d(y)], quiet);
    const ours = (await fit()).history;
    unregister();
    const theirs = (await fit()).history;
    expect(Object.keys(theirs)).toEqual(Object.keys(ours));
    for (const [name, [value]] of Object.entries(ours)) {
      expect(theirs[name]![0]).toBeCloseTo(value as number, 5);
    }
  });

  it('and register again: a model that was compiled before trains on', async () => {
    const model = frozen(sequential([1]), { loss });
    unregister();
    register(tf);
    const { history } = await model.fit(tf.tensor2d(x), tf.tensor2d(y), {
      ...quiet,
      sampleWeight: tf.tensor1d([2, 2, 2]),
    });
    expect(history.loss![0]).toBeCloseTo(2 * expected, 5);
  });
});

describe('a TensorFlow.js that lacks a hidden member', () => {
  it.each(['makeTestFunction', 'testLoop', 'getTrainingConfig'])(
    'is told of once, and our losses are plain functions to it: %s',
    async (name) => {
      unregister();
      const method = Object.getOwnPropertyDescriptor(prototype, name)!;
      Reflect.deleteProperty(prototype, name);
      try {
        register(tf);
        expect(warn.mock.calls).toEqual([
          [expect.stringContaining(`this version of TensorFlow.js lacks ${name}. `)],
        ]);
        const model = frozen(sequential([1]), { loss, metrics: ['accuracy'] });
        const { history } = await model.fit(tf.tensor2d(x), tf.tensor2d(y), quiet);
        expect(history.loss![0]).toBeCloseTo(expected, 5);
        expect(history.acc![0]).toBeCloseTo(1 / 3, 5);
      } finally {
        unregister();
        Object.defineProperty(prototype, name, method);
      }
    },
  );

  it('among those that compile fills is told of when a model is compiled', async () => {
    unregister();
    const method = Object.getOwnPropertyDescriptor(prototype, 'compile')!;
    const compile = method.value as (this: tf.LayersModel, args: object) => void;
    prototype.compile = function (this: tf.LayersModel, args: object) {
      compile.call(this, args);
      // Written, not read, by TF.js itself where a model has neither metrics nor several outputs.
      Reflect.deleteProperty(this, 'lossFunctions');
      Object.defineProperty(this, 'lossFunctions', { get: () => undefined, set: () => undefined });
    };
    try {
      register(tf);
      frozen(sequential([1]), { loss });
      expect(warn.mock.calls).toEqual([[expect.stringContaining('lacks lossFunctions')]]);
    } finally {
      unregister();
      Object.defineProperty(prototype, 'compile', method);
    }
    await Promise.resolve();
  });
});

describe("layers of the user whose fields are called like TensorFlow.js's", () => {
  class Scale extends tf.layers.Layer {
    static className = 'Scale';
    constructor(fields: object) {
      super({});
      Object.assign(this, fields);
    }
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.sigmoid([inputs].flat()[0]!);
    }
    override computeOutputShape(shape: tf.Shape): tf.Shape {
      return shape;
    }
  }

  it.each([
    ['a name', { activation: 'sigmoid' }],
    ['a function', { activation: tf.sigmoid }],
    ['outputs', { outputs: ['a'] }],
  ])('are trained like any other: %s', async (_, fields) => {
    const input = tf.input({ shape: [1] });
    const outputs = new Scale(fields).apply(input) as tf.SymbolicTensor;
    const model = frozen(tf.model({ inputs: input, outputs }), { loss: 'bce' });
    const result = model.evaluate(tf.tensor2d(x), tf.tensor2d(y)) as tf.Scalar;
    expect((await [result].flat()[0]!.data())[0]).toBeCloseTo(expected, 5);
  });
});
