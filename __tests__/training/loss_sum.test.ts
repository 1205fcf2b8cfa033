/** Sums of losses in `model.compile`: they train and report what their losses do alone, added up. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  addLosses,
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  CategoricalFocalCrossentropy,
  Loss,
  register,
  scaleLoss,
  ShapeError,
  SparseCategoricalCrossentropy,
  unregister,
} from '../../src/index.js';
import {
  binary,
  categorical,
  frozen,
  functional,
  KINDS,
  mean,
  numbers,
  reportedBy,
  sequential,
  sigmoid,
} from '../support/models.js';

const logits = { fromLogits: true };
const auto = { fromLogits: 'auto' } as const;
const bce = new BinaryCrossentropy(logits);
const focal = new BinaryFocalCrossentropy({ ...logits, gamma: 1 });
const summed = new BinaryCrossentropy({ ...logits, reduction: 'sum' });

/** (yTrue − yPred)², a loss that knows nothing of logits and labels. */
class Squared extends Loss {
  static override readonly className: string = 'Squared';
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return tf.mean(tf.squaredDifference(yTrue, yPred), -1);
  }
}

/** The same for each step of [batch, classes, time]. */
class SquaredSteps extends Squared {
  static override readonly className = 'SquaredSteps';
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return tf.mean(tf.squaredDifference(yTrue, yPred), 1);
  }
}

/** A loss over the whole batch. */
class Overlap extends Loss {
  static override readonly className = 'Overlap';
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return tf.sub(1, tf.mean(tf.mul(yTrue, tf.sigmoid(yPred))));
  }
}

/** (yTrue − the first score)², a loss of the user that reads class indices. */
class SquaredIndices extends Loss {
  static override readonly className = 'SquaredIndices';
  static override readonly labels = 'index';
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    const [first] = tf.split(yPred, yPred.shape.at(-1)!, -1);
    return tf.squaredDifference(tf.reshape(yTrue, [-1]), tf.reshape(first!, [-1]));
  }
}

// Six samples: batches of four leave a short last one.
const x = [[-1], [0.5], [2], [-0.3], [1.5], [-2]];
const y = [[0], [1], [1], [0], [0], [1]];
const weights = [1, 2, 0, 0.5, 3, 4];
const xs = () => tf.tensor2d(x);
const ys = () => tf.tensor2d(y);
const quiet = { epochs: 1, batchSize: 4, verbose: 0, shuffle: false } as const;

const warn = () => jest.mocked(console.warn);

beforeEach(() => {
  register(tf);
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
  register(tf);
});

const terms: [string, [Loss, number][]][] = [
  [
    'two losses',
    [
      [bce, 1],
      [focal, 0.5],
    ],
  ],
  [
    'a loss that is summed, and one over the batch',
    [
      [summed, 0.1],
      [new Overlap(), 2],
    ],
  ],
  [
    'losses of labels and of samples',
    [
      [focal, 3],
      [new Squared(), -0.1],
    ],
  ],
];
const sumOf = (losses: [Loss, number][]) =>
  addLosses(...losses.map(([loss, factor]) => scaleLoss(loss, factor)));

describe.each(KINDS)('in %s', (_, build) => {
  describe.each(terms)('the sum of %s', (_, losses) => {
    const isOverBatch = losses.some(([loss]) => loss instanceof Overlap);
    const given = {
      'no weights': {},
      ...(!isOverBatch && {
        sampleWeight: { sampleWeight: weights },
        classWeight: { classWeight: { 0: 0.5, 1: 3 } },
        both: { sampleWeight: weights, classWeight: { 0: 0.5, 1: 3 } },
      }),
    };
    it.each(Object.keys(given))('is what they are alone, with %s', async (key) => {
      const args = { ...quiet, ...given[key as keyof typeof given] };
      const fit = async (loss: Loss, rate: number) => {
        const model = build([1]);
        model.compile({ loss, optimizer: tf.train.sgd(rate) });
        const reported = await reportedBy(model.fit(xs(), ys(), args));
        return { loss: reported.loss![0]!, weights: numbers(model.getWeights()) };
      };
      const alone = await Promise.all(losses.map(([loss]) => fit(loss, 0)));
      const total = alone.reduce((sum, { loss }, i) => sum + losses[i]![1] * loss, 0);
      expect((await fit(sumOf(losses), 0)).loss).toBeCloseTo(total, 5);

      // One step: the gradient is the sum of theirs.
      const step = async (loss: Loss) => {
        const model = build([1]);
        const before = numbers(model.getWeights());
        model.compile({ loss, optimizer: tf.train.sgd(0.1) });
        await model.fit(xs(), ys(), { ...args, batchSize: 6 });
        return numbers(model.getWeights()).map((after, i) => after - before[i]!);
      };
      const steps = await Promise.all(losses.map(([loss]) => step(loss)));
      const sum = await step(sumOf(losses));
      sum.forEach((change, i) => {
        const expected = steps.reduce((total, each, j) => total + losses[j]![1] * each[i]!, 0);
        expect(change).toBeCloseTo(expected, 5);
      });
    });
  });

  it('is evaluated as it is trained', () => {
    const model = frozen(build([1]), { loss: sumOf(terms[0]![1]) });
    const [evaluated] = numbers(model.evaluate(xs(), ys(), { sampleWeight: weights }));
    const expected = x.map(([z], i) => {
      const cost = binary(y[i]![0]!, z!);
      return weights[i]! * (cost + 0.5 * (1 - Math.exp(-cost)) * cost);
    });
    expect(evaluated).toBeCloseTo(mean(expected), 5);
  });

  it('learns, and leaves no tensor behind', async () => {
    const model = build([1]);
    model.compile({ loss: addLosses(bce, new Overlap()), optimizer: tf.train.sgd(0.1) });
    const [first, ...later] = (await reportedBy(model.fit(xs(), ys(), { ...quiet, epochs: 5 })))
      .loss!;
    expect(later.at(-1)).toBeLessThan(first!);
    const [inputs, labels] = [xs(), ys()];
    const before = tf.memory().numTensors;
    await model.fit(inputs, labels, { ...quiet, epochs: 2 });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('weights', () => {
  it('of classes weigh each label where a loss takes that, and elsewhere samples by their mean', async () => {
    const z = [
      [1, -2],
      [0.5, 3],
      [-1, 2],
    ];
    const labels = [
      [1, 0],
      [1, 1],
      [0, 0],
    ];
    const classWeight = { 0: 1, 1: 4 };
    const model = frozen(sequential([2]), { loss: addLosses(bce, new Squared()) });
    const expected = z.map((row, i) => {
      const byLabel = labels[i]!.map((label) => classWeight[label as 0 | 1]);
      const costs = row.map((logit, j) => byLabel[j]! * binary(labels[i]![j]!, logit));
      const errors = row.map((logit, j) => (labels[i]![j]! - logit) ** 2);
      return mean(costs) + mean(byLabel) * mean(errors);
    });
    const args = { epochs: 1, verbose: 0, classWeight } as const;
    const reported = await reportedBy(model.fit(tf.tensor2d(z), tf.tensor2d(labels), args));
    expect(reported.loss![0]).toBeCloseTo(mean(expected), 5);
  });

  it('of classes follow the labels as the first loss over classes reads them', async () => {
    const z = [
      [1, -2, 0],
      [0.5, 3, 1],
    ];
    const classWeight = { 0: 1, 1: 4, 2: 0.5 };
    const costs = [categorical(1, z[0]!), categorical(2, z[1]!)];
    const expected = mean([4 * costs[0]!, 0.5 * costs[1]!]);
    const args = { epochs: 1, verbose: 0, classWeight } as const;
    const sparse = addLosses(
      scaleLoss(new SparseCategoricalCrossentropy(logits), 2),
      new SparseCategoricalCrossentropy(logits),
    );
    const model = frozen(sequential([3]), { loss: sparse });
    const indices = await reportedBy(model.fit(tf.tensor2d(z), tf.tensor1d([1, 2]), args));
    expect(indices.loss![0]).toBeCloseTo(3 * expected, 5);

    // One sample of two steps, classes along axis 1.
    const loss = addLosses(
      scaleLoss(new SquaredSteps(), 0),
      new CategoricalCrossentropy({ ...logits, axis: 1 }),
    );
    const scores = tf.transpose(tf.tensor3d([z]), [0, 2, 1]);
    const labels = tf.tensor3d([
      [
        [0, 0],
        [1, 0],
        [0, 1],
      ],
    ]);
    const reported = await reportedBy(
      frozen(sequential([3, 2]), { loss }).fit(scores, labels, args),
    );
    expect(reported.loss![0]).toBeCloseTo(expected, 5);
  });

  it('of samples are an error for a loss over the batch, which names it', () => {
    const model = frozen(sequential([1]), { loss: addLosses(bce, new Overlap()) });
    const evaluate = () => model.evaluate(xs(), ys(), { sampleWeight: weights });
    expect(evaluate).toThrow(ShapeError);
    expect(evaluate).toThrow("Overlap of output 'dense");
  });
});

describe('logits', () => {
  it('behind a sigmoid are read by each loss that can', async () => {
    const loss = addLosses(
      new BinaryCrossentropy(),
      scaleLoss(new BinaryFocalCrossentropy({ gamma: 0 }), 0.5),
      new Squared(),
    );
    const model = sequential([1], { activation: 'sigmoid' });
    model.compile({ loss, optimizer: tf.train.sgd(0) });
    const args = [tf.tensor2d([[-40]]), tf.tensor2d([[1]])] as const;
    // Both cross-entropies of the logit −40, and (1 − 4e-18)².
    expect((await reportedBy(model.fit(...args, quiet))).loss![0]).toBeCloseTo(61, 5);
    expect(numbers(model.evaluate(...args))[0]).toBeCloseTo(61, 5);
    expect(warn()).not.toHaveBeenCalled();
  });

  it("are chosen by 'auto' for each loss that has it", () => {
    const loss = addLosses(new BinaryCrossentropy(auto), new BinaryFocalCrossentropy(auto));
    const cost = binary(1, -3);
    const expected = cost + sigmoid(3) ** 2 * cost;
    for (const activation of ['linear', 'sigmoid'] as const) {
      const model = frozen(sequential([1], { activation }), { loss });
      expect(numbers(model.evaluate(tf.tensor2d([[-3]]), tf.tensor2d([[1]])))[0]).toBeCloseTo(
        expected,
        5,
      );
    }
    expect(warn()).not.toHaveBeenCalled();
    const relu = sequential([1], { activation: 'relu' });
    expect(() => frozen(relu, { loss })).toThrow("fromLogits: 'auto' follows the activation");
    expect(relu.optimizer).toBeUndefined();
    expect(() => loss([[1]], [[-3]])).toThrow(
      'BinaryCrossentropy: fromLogits must be true or false',
    );
  });

  it('in the wrong place are told of for each loss, and once where it is the same', () => {
    frozen(sequential([1]), { loss: addLosses('bce', 'binaryFocalCrossentropy', new Squared()) });
    expect(warn()).toHaveBeenCalledTimes(1);
    expect(warn().mock.calls[0]![0]).toContain('BinaryCrossentropy reads probabilities');
    expect(warn().mock.calls[0]![0]).toContain('BinaryFocalCrossentropy reads probabilities');
    const softmax = sequential([1], { activation: 'softmax' });
    const classes = addLosses('categoricalCrossentropy', new CategoricalFocalCrossentropy());
    frozen(softmax, { loss: classes });
    expect(String(warn().mock.calls[1]![0]).match(/is one number/g)).toHaveLength(1);
  });
});

describe('metrics', () => {
  it("'accuracy' and 'crossentropy' are those of the first loss that has them", async () => {
    const sparse = new SparseCategoricalCrossentropy({ ...logits, ignoreClass: 0 });
    const model = frozen(sequential([3]), {
      loss: addLosses(new SquaredIndices(), scaleLoss(sparse, 2)),
      metrics: ['accuracy', 'crossentropy'],
    });
    const z = [
      [0, 5, 1],
      [3, 1, 2],
      [9, 9, 9],
      [0, 1, 4],
    ];
    const labels = [1, 2, 0, 2];
    const { acc, ce } = await reportedBy(
      model.fit(tf.tensor2d(z), tf.tensor1d(labels, 'int32'), { ...quiet, batchSize: 8 }),
    );
    // The third one is ignored, the second one wrong.
    expect(acc![0]).toBeCloseTo(2 / 3, 5);
    const costs = [0, 1, 3].map((i) => categorical(labels[i]!, z[i]!));
    expect(ce![0]).toBeCloseTo(mean(costs), 5);
  });

  it("'accuracy' of logits counts those above 0", async () => {
    const model = frozen(sequential([1]), {
      loss: addLosses(new Squared(), bce),
      metrics: ['accuracy'],
    });
    const args = [tf.tensor2d([[0.2], [-0.2]]), tf.tensor2d([[1], [0]])] as const;
    expect((await reportedBy(model.fit(...args, quiet))).acc).toEqual([1]);
  });

  it('may be sums themselves: of the means of what counts', async () => {
    const a = new SparseCategoricalCrossentropy({ ...logits, ignoreClass: 0 });
    const b = new SparseCategoricalCrossentropy({ ...logits, ignoreClass: 1 });
    const both = addLosses(a, scaleLoss(b, 0.5), { name: 'both' });
    const model = frozen(sequential([3]), { loss: a, metrics: [a, b, both], weightedMetrics: [] });
    const z = [
      [0, 5, 1],
      [3, 1, 2],
      [1, 0, 0],
    ];
    const args = [tf.tensor2d(z), tf.tensor1d([1, 2, 0], 'int32')] as const;
    const reported = await reportedBy(model.fit(...args, quiet));
    const of = (...rows: number[]) => mean(rows.map((i) => categorical([1, 2, 0][i]!, z[i]!)));
    expect(reported.both![0]).toBeCloseTo(of(0, 1) + 0.5 * of(1, 2), 5);
  });
});

describe('several outputs', () => {
  const model = () =>
    functional([1], { name: 'a' }, { name: 'b', factor: -1, activation: 'sigmoid' });
  const a = addLosses(bce, scaleLoss(new Squared(), 0.5));
  const b = addLosses('bce', new Squared());
  const costs = (label: number, z: number) => [
    binary(label, z) + 0.5 * (label - z) ** 2,
    binary(label, -z) + (label - sigmoid(-z)) ** 2,
  ];

  it('may have sums of their own, with weights', async () => {
    const compiled = frozen(model(), { loss: { a, b }, lossWeights: { b: 2 } });
    const reported = await reportedBy(
      compiled.fit(xs(), [ys(), ys()], { ...quiet, batchSize: 3, sampleWeight: weights }),
    );
    const values = x.map(([z], i) => costs(y[i]![0]!, z!).map((cost) => weights[i]! * cost));
    const [ofA, ofB] = [0, 1].map((output) => mean(values.map((pair) => pair[output]!)));
    expect(reported.a_loss![0]).toBeCloseTo(ofA!, 4);
    expect(reported.b_loss![0]).toBeCloseTo(ofB!, 4);
    expect(reported.loss![0]).toBeCloseTo(ofA! + 2 * ofB!, 4);
  });

  it("are trained on sums by TensorFlow.js's own steps too", async () => {
    const loss = { a: addLosses(a, scaleLoss(summed, 0.1)), b: addLosses(b, new Overlap()) };
    const compiled = frozen(model(), { loss });
    const fit = () => compiled.fit(xs(), [ys(), ys()], { ...quiet, batchSize: 3 });
    const ours = await reportedBy(fit());
    unregister();
    const theirs = await reportedBy(fit());
    for (const [name, [value]] of Object.entries(ours)) {
      expect(theirs[name]![0]).toBeCloseTo(value!, 4);
    }
  });

  it('in a list do not take two losses for one output, and are told what does', () => {
    expect(() => frozen(sequential([1]), { loss: ['bce', bce] })).toThrow(
      'To train one output on several losses, add them up: addLosses(a, b).',
    );
  });
});

it('a sum has no name for model.compile', () => {
  expect(() => frozen(sequential([1]), { loss: 'lossSum' })).toThrow(
    "LossSum: a sum is made of losses: addLosses('bce', scaleLoss('mse', 0.1)).",
  );
});
