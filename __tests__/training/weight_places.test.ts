/** Weights in places that take none are errors that say where they belong: none are dropped in silence. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { BinaryCrossentropy, register, unregister } from '../../src/index.js';
import { frozen, functional, sequential } from '../support/models.js';

beforeEach(() => {
  register(tf);
});

const xs = () => tf.ones([4, 1]);
const ys = () => tf.ones([4, 1]);
const ws = () => tf.tensor1d([1, 2, 3, 4]);
const bce = () => new BinaryCrossentropy({ fromLogits: true });
const elements = (more: object = {}) =>
  tf.data.generator(function* () {
    yield { xs: xs(), ys: ys(), ...more };
  }) as unknown as tf.data.Dataset<tf.TensorContainerObject>;

type Methods = Record<string, (model: tf.LayersModel, options: object) => unknown>;

/** Each method of a model with options, beside those that it needs. */
const METHODS: Methods = {
  compile: (model, options) => {
    model.compile({ optimizer: 'sgd', loss: bce(), ...options });
  },
  fit: (model, options) => model.fit(xs(), ys(), { verbose: 0, ...options }),
  fitDataset: (model, options) =>
    model.fitDataset(elements(), { epochs: 1, verbose: 0, ...options }),
  evaluate: (model, options) => model.evaluate(xs(), ys(), options),
  evaluateDataset: (model, options) => model.evaluateDataset(elements(), options),
  trainOnBatch: (model, options) => model.trainOnBatch(xs(), ys(), options),
};

/** What each method takes that has to do with weights; by hand, from the documentation. */
const TAKES: Record<string, string[]> = {
  compile: ['lossWeights', 'weightedMetrics'],
  fit: ['sampleWeight', 'classWeight'],
  fitDataset: ['classWeight'],
  evaluate: ['sampleWeight'],
  evaluateDataset: [],
  trainOnBatch: ['sampleWeight', 'classWeight'],
};

const GIVEN: Record<string, unknown> = {
  sampleWeight: [1, 2, 3, 4],
  classWeight: { 0: 1, 1: 2 },
  lossWeights: [2],
  weightedMetrics: ['accuracy'],
  sample_weight: [1, 2, 3, 4],
  sampleWeights: [1, 2, 3, 4],
  class_weight: { 0: 1, 1: 2 },
  classWeights: { 0: 1, 1: 2 },
  lossWeight: [2],
  weighted_metrics: ['accuracy'],
  weights: [1, 2, 3, 4],
  weight: 2,
  sampleWeightMode: 'temporal',
};

/** What the method says of the option, `undefined` if it takes it. */
async function complaint(method: string, option: string, model: tf.LayersModel) {
  try {
    await METHODS[method]!(model, { [option]: GIVEN[option] });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe.each(Object.keys(METHODS))('%s', (method) => {
  it.each(Object.keys(GIVEN))('takes %s, or says where it belongs', async (option) => {
    const model = frozen(functional([1]), { loss: bce() });
    const said = await complaint(method, option, model);
    if (TAKES[method]!.includes(option)) expect(said).toBeUndefined();
    else expect(said).toMatch(new RegExp(`^model\\.${method}: .+ Received: .*${option}`));
  });
});

it.each([
  ['fitDataset', 'sampleWeight', 'weights of samples stand in the elements of the dataset'],
  ['evaluate', 'classWeight', 'class weights count in training alone, as in Keras'],
  ['compile', 'classWeight', 'weights go into fit, evaluate or trainOnBatch'],
  ['fit', 'sample_weight', 'the option is called sampleWeight.'],
  ['fit', 'weights', 'option must be one of '],
])('model.%s of %s says: %s', async (method, option, rule) => {
  const model = frozen(sequential([1]), { loss: bce() });
  expect(await complaint(method, option, model)).toContain(`model.${method}: ${rule}`);
});

describe('a model that was compiled before tfjs-losses was registered', () => {
  it.each(['fit', 'fitDataset', 'evaluate', 'evaluateDataset', 'trainOnBatch'])(
    'takes no sample weights: %s',
    async (method) => {
      unregister();
      const model = sequential([1]);
      model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      register(tf);
      expect(await complaint(method, 'sampleWeight', model)).toMatch(
        /compiled before tfjs-losses was registered|stand in the elements of the dataset/,
      );
    },
  );

  it('takes none from the elements of a dataset', async () => {
    unregister();
    const model = sequential([1]);
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    register(tf);
    const weighted = elements({ sampleWeight: ws() });
    await expect(model.fitDataset(weighted, { epochs: 1, verbose: 0 })).rejects.toThrow(
      'compiled before tfjs-losses was registered',
    );
    const { history } = await model.fitDataset(elements(), { epochs: 1, verbose: 0 });
    expect(history.loss).toHaveLength(1);
  });
});

describe('the elements of a dataset', () => {
  it.each(['sampleWeights', 'sample_weight', 'weights', 'classWeight'])(
    'have no %s',
    async (name) => {
      const model = frozen(functional([1]), { loss: bce() });
      const training = model.fitDataset(elements({ [name]: ws() }), { epochs: 1, verbose: 0 });
      await expect(training).rejects.toThrow(/^a dataset: .+ Received: /);
    },
  );
});

describe('class weights that name no class are errors', () => {
  it.each([
    ['a number', 5],
    ['a list of numbers', [1, 5]],
    ['a number for one output', { a: 5, b: { 0: 1, 1: 2 } }],
    ['a list for one output', { a: [1, 5], b: { 0: 1, 1: 2 } }],
    ['names', { a: { yes: 2 }, b: { 0: 1, 1: 2 } }],
  ])('%s', async (_, classWeight) => {
    const model = functional([1], { name: 'a' }, { name: 'b' });
    frozen(model, { loss: bce() });
    const training = model.fit(xs(), [ys(), ys()], {
      verbose: 0,
      classWeight: classWeight as never,
    });
    await expect(training).rejects.toThrow(/^classWeight .*Received: /);
  });
});
