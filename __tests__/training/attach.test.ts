import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { BinaryCrossentropy, compile, register, unregister } from '../../src/index.js';
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

  it("leaves it the metric 'crossentropy', beside a plain function too", async () => {
    register(tf);
    const plain = (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.squaredDifference(yTrue, yPred);
    const model = frozen(sequential([1]), { loss: plain, metrics: ['crossentropy'] });
    const fit = () => model.fit(tf.tensor2d(x), tf.tensor2d(y), quiet);
    const before = (await fit()).history.ce;
    unregister();
    expect((await fit()).history.ce).toEqual(before);
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

describe('register after unregister', () => {
  it('restores what was there, without being given TensorFlow.js again', () => {
    register(tf);
    const integrated = prototype.compile;
    unregister();
    expect(prototype.compile).not.toBe(integrated);
    register();
    const model = sequential([1]);
    expect(() => {
      model.compile({ optimizer: 'sgd', loss: 'huber' });
    }).not.toThrow();
    register();
    register(tf);
    unregister();
    expect(() => {
      model.compile({ optimizer: 'sgd', loss: 'huber' });
    }).toThrow('Unknown loss huber');
  });

  it('trains models that were compiled before, during and after', async () => {
    const sampleWeight = tf.tensor1d([2, 2, 2]);
    const train = async (model: tf.LayersModel) => {
      const args = { ...quiet, sampleWeight };
      return (await model.fit(tf.tensor2d(x), tf.tensor2d(y), args)).history.loss![0];
    };
    register(tf);
    const before = frozen(sequential([1]), { loss });
    unregister();
    const during = sequential([1]);
    const mse = { optimizer: tf.train.sgd(0), loss: 'meanSquaredError' };
    during.compile(mse);
    const own = sequential([1]);
    compile(own, { optimizer: tf.train.sgd(0), loss });
    register();
    const after = frozen(sequential([1]), { loss });
    for (const model of [before, own, after]) {
      expect(await train(model)).toBeCloseTo(2 * expected, 5);
    }
    await expect(train(during)).rejects.toThrow('compiled before tfjs-losses was registered');
    const { history } = await during.fit(tf.tensor2d(x), tf.tensor2d(y), quiet);
    during.compile(mse);
    expect(await train(during)).toBeCloseTo(2 * (history.loss![0] as number), 5);
  });

  /** Wraps a method as other packages do. */
  function wrap(owner: object, name: string, before: () => void) {
    const methods = owner as Record<string, (...args: unknown[]) => unknown>;
    const original = methods[name]!;
    const wrapper = function (this: unknown, ...args: unknown[]) {
      before();
      return original.apply(this, args);
    };
    methods[name] = wrapper;
    return wrapper;
  }

  const compileHuber = () => {
    sequential([1]).compile({ optimizer: 'sgd', loss: 'huber' });
  };

  it('keeps a wrapper that others put around our method: it goes on, without us in between', () => {
    const untouched = Object.getOwnPropertyDescriptor(prototype, 'compile')!;
    let calls = 0;
    try {
      unregister();
      const tfjs = Object.getOwnPropertyDescriptor(prototype, 'compile')!;
      register(tf);
      const ours = prototype.compile;
      const wrapper = wrap(prototype, 'compile', () => {
        calls++;
      });
      for (const round of [1, 2]) {
        unregister();
        expect(prototype.compile).toBe(wrapper);
        expect(compileHuber).toThrow('Unknown loss huber');
        register();
        expect(prototype.compile).toBe(wrapper);
        compileHuber();
        expect(calls).toBe(2 * round);
      }
      // Its owner takes it away again.
      prototype.compile = ours;
      compileHuber();
      unregister();
      expect(Object.getOwnPropertyDescriptor(prototype, 'compile')).toEqual(tfjs);
      Object.defineProperty(prototype, 'compile', tfjs);
      register();
      compileHuber();
    } finally {
      unregister();
      Object.defineProperty(prototype, 'compile', untouched);
      unregister();
    }
  });

  it('comes to stand around a wrapper that others put around the method of TensorFlow.js', () => {
    unregister();
    const tfjs = Object.getOwnPropertyDescriptor(prototype, 'compile')!;
    let calls = 0;
    try {
      const wrapper = wrap(prototype, 'compile', () => {
        calls++;
      });
      register();
      compileHuber();
      unregister();
      expect(prototype.compile).toBe(wrapper);
      expect(compileHuber).toThrow('Unknown loss huber');
      expect(calls).toBe(2);
    } finally {
      Object.defineProperty(prototype, 'compile', tfjs);
    }
  });

  it.each<[string, (ours: PropertyDescriptor, tfjs: PropertyDescriptor) => PropertyDescriptor]>([
    ['our method', (ours) => ours],
    ['the method of TensorFlow.js', (_, tfjs) => tfjs],
  ])('works again if the wrapper gave way to %s meanwhile', (_, choose) => {
    const descriptor = () => Object.getOwnPropertyDescriptor(prototype, 'compile')!;
    register(tf);
    unregister();
    const tfjs = descriptor();
    register();
    const ours = descriptor();
    try {
      wrap(prototype, 'compile', () => undefined);
      unregister();
      Object.defineProperty(prototype, 'compile', choose(ours, tfjs));
      expect(compileHuber).toThrow('Unknown loss huber');
      register();
      compileHuber();
      unregister();
      expect(descriptor()).toEqual(tfjs);
    } finally {
      Object.defineProperty(prototype, 'compile', tfjs);
    }
  });

  it('keeps a wrapper of a handler that loads models', async () => {
    const handler = Object.getPrototypeOf(tf.io.fromMemorySync({ modelTopology: {} })) as object;
    unregister();
    const tfjs = Object.getOwnPropertyDescriptor(handler, 'load')!;
    register();
    let calls = 0;
    try {
      const wrapper = wrap(handler, 'load', () => {
        calls++;
      });
      unregister();
      expect((handler as { load: unknown }).load).toBe(wrapper);
      const topology = sequential([1]).toJSON(null, false) as unknown as tf.io.ModelJSON;
      await tf.loadLayersModel(tf.io.fromMemory({ modelTopology: topology as never }));
      expect(calls).toBe(1);
    } finally {
      Object.defineProperty(handler, 'load', tfjs);
    }
  });

  it('sees no URL of a model in between', async () => {
    const urls: unknown[] = [];
    const route = (url: string | string[]) => {
      urls.push(url);
      return null as never;
    };
    tf.io.registerLoadRouter(route);
    const loadNothing = () => tf.loadLayersModel('nowhere://model').catch(() => undefined);
    register(tf);
    await loadNothing();
    // TensorFlow.js looks for handlers, and so do we.
    expect(urls).toHaveLength(2);
    unregister();
    await loadNothing();
    expect(urls).toHaveLength(3);
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
