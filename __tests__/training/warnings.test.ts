/** Losses that read probabilities or logits, and outputs that give the other: warnings, and `fromLogits: 'auto'`. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  register,
  SparseCategoricalCrossentropy,
  type LossIdentifier,
} from '../../src/index.js';
import {
  binary,
  categorical,
  frozen,
  functional,
  head,
  mean,
  numbers,
  sequential,
} from '../support/models.js';

const fromLogits = { fromLogits: true };
const auto = { fromLogits: 'auto' } as const;
const warn = () => jest.mocked(console.warn);

/** The identity on rows of this shape, and what follows. */
const endingIn = (shape: number[], ...layers: tf.layers.Layer[]) =>
  tf.sequential({
    layers: [tf.layers.inputLayer({ inputShape: shape }), head(shape.at(-1)!), ...layers],
  });
const activation = (
  name: 'sigmoid' | 'softmax' | 'relu' | 'linear' | 'tanh' | 'elu' | 'softplus' | 'softsign',
) => tf.layers.activation({ activation: name });

beforeEach(() => {
  register(tf);
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('model.compile warns once', () => {
  const sigmoids = () => sequential([3], { activation: 'sigmoid' });
  const softmax = () => sequential([3], { activation: 'softmax' });
  const logits = () => sequential([3]);

  const gives = (name: string, lossName: string) =>
    `ends in a ${name}, so it gives probabilities, and ${lossName} has fromLogits: true.`;
  const lacks = (lossName: string, name: string) =>
    `has no activation, so it gives logits, and ${lossName} reads probabilities. ` +
    `Write loss: new ${lossName}({ fromLogits: true }), or give the layer activation: '${name}'.`;
  const oneUnit = 'is one number, and a softmax makes it 1 whatever the model learns.';

  it.each<[string, () => tf.LayersModel, LossIdentifier, string]>([
    [
      'a sigmoid and BinaryCrossentropy of logits',
      sigmoids,
      new BinaryCrossentropy(fromLogits),
      gives('sigmoid', 'BinaryCrossentropy'),
    ],
    [
      'a softmax and CategoricalCrossentropy of logits',
      softmax,
      new CategoricalCrossentropy(fromLogits),
      gives('softmax', 'CategoricalCrossentropy'),
    ],
    [
      'a softmax and SparseCategoricalCrossentropy of logits',
      softmax,
      new SparseCategoricalCrossentropy(fromLogits),
      gives('softmax', 'SparseCategoricalCrossentropy'),
    ],
    [
      'a sigmoid in a layer of its own',
      () => endingIn([3], activation('sigmoid')),
      new BinaryFocalCrossentropy(fromLogits),
      gives('sigmoid', 'BinaryFocalCrossentropy'),
    ],
    [
      'logits and BinaryCrossentropy by name',
      logits,
      'bce',
      lacks('BinaryCrossentropy', 'sigmoid'),
    ],
    [
      'logits and a class',
      logits,
      SparseCategoricalCrossentropy,
      lacks('SparseCategoricalCrossentropy', 'softmax'),
    ],
    [
      'logits and an object',
      logits,
      new CategoricalFocalCrossentropy(),
      lacks('CategoricalFocalCrossentropy', 'softmax'),
    ],
    [
      'a softmax and BinaryCrossentropy',
      softmax,
      'bce',
      'ends in a softmax, whose units add up to 1, and BinaryCrossentropy reads each of them as a yes or no of its own. ' +
        "Where one class is right, write loss: 'categoricalCrossentropy'; where several may be, give the layer activation: 'sigmoid'.",
    ],
    [
      'a softmax and Dice',
      softmax,
      'dice',
      'ends in a softmax, whose units add up to 1, and Dice reads each of them',
    ],
    [
      'a sigmoid and CategoricalCrossentropy',
      sigmoids,
      'categoricalCrossentropy',
      'ends in a sigmoid, whose units do not add up to 1, and CategoricalCrossentropy reads classes of which one is right. ' +
        "Give the layer activation: 'softmax'; where several may be right, write loss: 'binaryCrossentropy'.",
    ],
    ...(['tanh', 'relu', 'elu', 'softplus', 'softsign'] as const).flatMap(
      (name): [string, () => tf.LayersModel, LossIdentifier, string][] => [
        [
          `${name} and BinaryCrossentropy`,
          () => endingIn([3], activation(name)),
          'bce',
          `ends in a ${name}, which does not give probabilities, and BinaryCrossentropy reads probabilities. ` +
            "Give the layer activation: 'sigmoid'.",
        ],
        [
          `${name} and CategoricalCrossentropy`,
          () => endingIn([3], activation(name)),
          new CategoricalCrossentropy(),
          `ends in a ${name}, which does not give probabilities, and CategoricalCrossentropy reads probabilities. ` +
            "Give the layer activation: 'softmax'.",
        ],
      ],
    ),
    [
      "a sigmoid and TensorFlow.js's own loss of logits",
      sigmoids,
      tf.losses.sigmoidCrossEntropy,
      'ends in a sigmoid, and tf.losses.sigmoidCrossEntropy reads logits: it applies a sigmoid once more. ' +
        "Write loss: 'binaryCrossentropy', or take the sigmoid away.",
    ],
    [
      "a softmax and TensorFlow.js's own loss of logits",
      softmax,
      tf.losses.softmaxCrossEntropy,
      'ends in a softmax, and tf.losses.softmaxCrossEntropy reads logits: it applies a softmax once more. ' +
        "Write loss: 'categoricalCrossentropy', or take the softmax away.",
    ],
    [
      'a softmax over one unit',
      () => sequential([1], { activation: 'softmax' }),
      'binaryCrossentropy',
      oneUnit,
    ],
    [
      'CategoricalCrossentropy of one unit',
      () => sequential([1]),
      new CategoricalCrossentropy(fromLogits),
      oneUnit,
    ],
  ])('of %s, each time that it is compiled', async (_, build, loss, text) => {
    const model = build();
    for (let time = 1; time <= 2; time++) {
      frozen(model, { loss, metrics: ['accuracy'] });
      expect(warn()).toHaveBeenCalledTimes(time);
      const output = model.outputNames[0]!;
      expect(warn().mock.calls[time - 1]).toEqual([
        expect.stringContaining(`tfjs-losses: Output '${output}' ${text}`),
      ]);
    }
    // Training says nothing more.
    const units = model.outputs[0]!.shape[1]!;
    const sparse =
      loss === SparseCategoricalCrossentropy || loss instanceof SparseCategoricalCrossentropy;
    const labels = tf.zeros([2, sparse ? 1 : units]);
    await model.fit(tf.ones([2, units]), labels, { epochs: 2, verbose: 0 });
    expect(warn()).toHaveBeenCalledTimes(2);
  });

  it.each(['sigmoid', 'softmax'] as const)('of a %s and a loss of logits alone', (name) => {
    const build = () => endingIn([4, 3], activation(name));
    frozen(build(), { loss: 'ctc' });
    expect(warn()).toHaveBeenCalledTimes(1);
    expect(warn()).toHaveBeenCalledWith(
      expect.stringContaining(
        `ends in a ${name}, so it gives probabilities, and CTC reads logits. Take the ${name} away.`,
      ),
    );
  });

  it('for all outputs together', () => {
    const model = functional(
      [3],
      { name: 'a' },
      { name: 'b', activation: 'sigmoid' },
      { name: 'c' },
    );
    frozen(model, { loss: { a: 'bce', b: new BinaryCrossentropy(fromLogits) } });
    expect(warn()).toHaveBeenCalledTimes(1);
    const [text] = warn().mock.calls[0] as [string];
    for (const each of [
      "output 'c'",
      lacks('BinaryCrossentropy', 'sigmoid'),
      gives('sigmoid', 'BinaryCrossentropy'),
    ])
      expect(text).toContain(each);
  });

  it.each<[string, () => tf.LayersModel, LossIdentifier]>([
    ['a sigmoid and BinaryCrossentropy', sigmoids, 'bce'],
    ['a softmax and CategoricalCrossentropy', softmax, new CategoricalCrossentropy()],
    ['a softmax and SparseCategoricalCrossentropy', softmax, SparseCategoricalCrossentropy],
    ['logits and a loss of logits', logits, new BinaryCrossentropy(fromLogits)],
    ['one logit and BinaryCrossentropy', () => sequential([1]), new BinaryCrossentropy(fromLogits)],
    ['one sigmoid and BinaryCrossentropy', () => sequential([1], { activation: 'sigmoid' }), 'bce'],
    ["'auto' on a sigmoid", sigmoids, new BinaryCrossentropy(auto)],
    ["'auto' on a softmax", softmax, new CategoricalCrossentropy(auto)],
    ["'auto' on logits", logits, new SparseCategoricalCrossentropy(auto)],
    ['a relu and a loss of numbers', () => sequential([3], { activation: 'relu' }), 'mse'],
    [
      'a relu and a loss of logits',
      () => sequential([3], { activation: 'relu' }),
      new BinaryCrossentropy(fromLogits),
    ],
    [
      'another layer at the end',
      () => endingIn([4], tf.layers.reshape({ targetShape: [2, 2] })),
      'bce',
    ],
    [
      'a sigmoid that is not the last',
      () => endingIn([3], activation('sigmoid'), activation('relu')),
      new BinaryCrossentropy(fromLogits),
    ],
    ["a name of TF.js's own", logits, 'meanSquaredError'],
    ['logits and a loss of logits alone', () => endingIn([4, 3]), 'ctc'],
    ['a plain function of logits', logits, tf.losses.sigmoidCrossEntropy],
    [
      'a plain function of the user',
      sigmoids,
      (y: tf.Tensor, p: tf.Tensor) => tf.losses.sigmoidCrossEntropy(y, p),
    ],
    [
      'classes on an inner axis, in front of a last one of size 1',
      () => sequential([3, 1]),
      new CategoricalCrossentropy({ ...fromLogits, axis: 1 }),
    ],
  ])('but not of %s', (_, build, loss) => {
    frozen(build(), { loss });
    expect(warn()).not.toHaveBeenCalled();
  });
});

describe("fromLogits: 'auto'", () => {
  const x = [[2], [0.3], [-1], [-3]];
  const y = [[1], [1], [0], [1]];
  const ofBinary = mean(x.map(([z], i) => binary(y[i]![0]!, z!)));
  // Probabilities are above ½ where logits are above 0: three of four are right.
  const rows = [
    [0.1, 0.4, 0.2],
    [-3, -2, -1],
    [3, 1, 0],
    [0, 2, 2.5],
  ];
  const classes = [1, 2, 1, 2];
  const ofClasses = mean(rows.map((row, i) => categorical(classes[i]!, row)));
  const oneHot = classes.map((index) => [0, 1, 2].map((i) => Number(i === index)));

  const nested = (inner: tf.LayersModel, size: number) => {
    const input = tf.input({ shape: [size] });
    return tf.model({ inputs: input, outputs: inner.apply(input) as tf.SymbolicTensor });
  };
  const binaries: [string, () => tf.LayersModel][] = [
    ['a dense layer with a sigmoid', () => sequential([1], { activation: 'sigmoid' })],
    ['a dense layer without', () => functional([1])],
    ["a dense layer that is 'linear'", () => sequential([1], { activation: 'linear' })],
    ['a sigmoid in a layer of its own', () => endingIn([1], activation('sigmoid'))],
    ["an activation layer that is 'linear'", () => endingIn([1], activation('linear'))],
    [
      'a model with a sigmoid inside a model',
      () => nested(functional([1], { activation: 'sigmoid' }), 1),
    ],
    ['a sequential model inside a model', () => nested(sequential([1]), 1)],
  ];
  const softmaxes: [string, () => tf.LayersModel][] = [
    ['a dense layer with a softmax', () => functional([3], { activation: 'softmax' })],
    ['tf.layers.softmax()', () => endingIn([3], tf.layers.softmax())],
    ['a softmax in a layer of its own', () => endingIn([3], activation('softmax'))],
    ['a dense layer without', () => sequential([3])],
    [
      'a model with tf.layers.softmax() inside a model',
      () => nested(endingIn([3], tf.layers.softmax()), 3),
    ],
  ];

  /** Loss, accuracy and crossentropy of a step that trains, and of one that does not. */
  async function expectReported(
    model: tf.LayersModel,
    loss: LossIdentifier,
    data: tf.TensorLike[],
    expected: number,
  ) {
    frozen(model, { loss, metrics: ['accuracy', 'crossentropy'] });
    const [features, labels] = data.map((values) => tf.tensor(values)) as [tf.Tensor, tf.Tensor];
    for (const got of [
      (await model.trainOnBatch(features, labels)) as number[],
      numbers(model.evaluate(features, labels)),
    ]) {
      expect(got[0]).toBeCloseTo(expected, 5);
      expect(got[1]).toBe(0.75);
      expect(got[2]).toBeCloseTo(expected, 5);
    }
  }

  it.each(binaries)('follows %s', async (_, build) => {
    await expectReported(build(), new BinaryCrossentropy(auto), [x, y], ofBinary);
  });

  it.each(softmaxes)('follows %s', async (_, build) => {
    await expectReported(build(), new CategoricalCrossentropy(auto), [rows, oneHot], ofClasses);
    await expectReported(
      build(),
      new SparseCategoricalCrossentropy(auto),
      [rows, classes],
      ofClasses,
    );
  });

  it('follows each output of its own', async () => {
    const model = functional([1], { name: 'a', activation: 'sigmoid' }, { name: 'b' });
    frozen(model, { loss: new BinaryCrossentropy(auto), metrics: ['accuracy'] });
    const labels = [tf.tensor2d(y), tf.tensor2d(y)];
    const got = (await model.trainOnBatch(tf.tensor2d(x), labels)) as number[];
    [2 * ofBinary, ofBinary, ofBinary, 0.75, 0.75].forEach((value, i) => {
      expect(got[i]).toBeCloseTo(value, 5);
    });
  });

  it.each<[string, LossIdentifier, number]>([
    ['a loss of ours', new BinaryCrossentropy(fromLogits), ofBinary],
    ['a plain function', tf.losses.absoluteDifference, 1.675],
  ])('may be that of a metric, beside %s', async (_, loss, expected) => {
    const metrics = [new BinaryCrossentropy({ ...auto, name: 'nats' })];
    const model = frozen(sequential([1]), { loss, metrics });
    expect(model.metricsNames).toEqual(['loss', 'nats']);
    const got = (await model.trainOnBatch(tf.tensor2d(x), tf.tensor2d(y))) as number[];
    expect(got[0]).toBeCloseTo(expected, 5);
    expect(got[1]).toBeCloseTo(ofBinary, 5);
  });

  it.each<[string, () => tf.LayersModel, string]>([
    ['a relu', () => sequential([2], { activation: 'relu' }), "the activation 'relu'"],
    [
      'a reshape',
      () => endingIn([2], tf.layers.reshape({ targetShape: [2, 1] })),
      'an output of another layer',
    ],
    [
      'a sum',
      () => {
        const input = tf.input({ shape: [2] });
        const branches = [head(2), head(2)].map((layer) => layer.apply(input) as tf.SymbolicTensor);
        const outputs = tf.layers.add().apply(branches) as tf.SymbolicTensor;
        return tf.model({ inputs: input, outputs });
      },
      'an output of another layer',
    ],
  ])(
    'has nothing to follow after %s, and says so when the model is compiled',
    (_, build, received) => {
      const model = build();
      const compile = () => frozen(model, { loss: new BinaryCrossentropy(auto) });
      expect(compile).toThrow(TypeError);
      expect(compile).toThrow(
        `model.compile: fromLogits: 'auto' follows the activation that output '${model.outputNames[0]!}' ends in: a sigmoid ` +
          `or softmax gives probabilities, none gives logits. Say fromLogits: true or false. Received: ${received}.`,
      );
    },
  );

  it.each([
    new BinaryCrossentropy(auto),
    new BinaryFocalCrossentropy(auto),
    new CategoricalCrossentropy(auto),
    new CategoricalFocalCrossentropy(auto),
  ])('is for models: on tensors it is an error, in a gradient too: %p', (loss) => {
    const text = 'fromLogits must be true or false outside of model.compile';
    expect(() => loss([[0, 1]], [[0.2, 0.8]])).toThrow(text);
    expect(() => tf.grad((z) => loss([[0, 1]], tf.sigmoid(z)))(tf.ones([1, 2]))).toThrow(text);
  });
});

describe('labels of the other kind', () => {
  const oneHot = () => tf.oneHot([1, 0, 2], 3);
  const indices = () => tf.tensor1d([1, 0, 2]);

  it.each<[string, string, () => tf.Tensor, string]>([
    [
      'one-hot labels for a sparse loss',
      'sparseCategoricalCrossentropy',
      oneHot,
      'One-hot labels are for the categorical loss; tf.argMax makes indices of them.',
    ],
    [
      'class indices for a categorical loss',
      'categoricalCrossentropy',
      indices,
      'Class indices are for the sparse loss; tf.oneHot makes labels of them.',
    ],
    [
      'class indices for a focal loss',
      'categoricalFocalCrossentropy',
      indices,
      'Class indices are for the sparse loss; tf.oneHot makes labels of them.',
    ],
  ])('are an error that says what to change: %s', async (_, loss, labels, text) => {
    const model = frozen(sequential([3], { activation: 'softmax' }), { loss });
    const training = model.fit(tf.ones([3, 3]), labels(), { epochs: 1, verbose: 0 });
    await expect(training).rejects.toThrow(text);
    await expect(training).rejects.toThrow(`of output '${model.outputNames[0]!}'`);
  });
});
