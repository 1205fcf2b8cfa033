import { beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

import { ctc, CTC, deserializeLoss, getLoss, register, ShapeError } from '../../src/index.js';
import { READABLE } from '../../src/core/kernel_contract.js';
import { float, seeded } from '../support/arbitraries.js';
import { backend, composed } from '../support/backend.js';
import { expectClose, tolerance } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import { expectTensorsKept } from '../support/memory.js';
import golden from './ctc.golden.json';
import reference from './ctc.torch.json';

/** Whether a kernel computes in float64. */
const exact = READABLE.includes(backend) && !composed;

/** Elsewhere each step of time adds its rounding to the sum of logarithms, and a small value has the errors of its terms. */
const limits = exact
  ? { relative: tolerance().relative, absolute: 1e-14 }
  : { relative: 1e-5, absolute: 2e-6 };

const gradientOf = (labels: tf.TensorLike, logits: tf.Tensor) =>
  tf.grad((x) => tf.sum(ctc(labels, x)))(logits);

/** Loss and gradient of one sample in float64, from all ways to give each step of time a class. */
function enumerated(labels: readonly number[], logits: readonly (readonly number[])[]) {
  const p = logits.map((row) => {
    const powers = row.map((x) => Math.exp(x - Math.max(...row)));
    const total = powers.reduce((a, b) => a + b);
    return powers.map((power) => power / total);
  });
  const wanted = labels.filter((label) => label !== 0).join();
  const reached = p.map((row) => row.map(() => 0));
  let total = 0;
  const visit = (path: number[], probability: number) => {
    if (path.length < p.length) {
      p[path.length]!.forEach((each, label) => {
        visit([...path, label], probability * each);
      });
      return;
    }
    const read = path.filter((label, step) => label !== 0 && label !== path[step - 1]);
    if (read.join() !== wanted) return;
    total += probability;
    path.forEach((label, step) => (reached[step]![label]! += probability));
  };
  visit([], 1);
  return {
    loss: -Math.log(total),
    gradient: p.map((row, step) =>
      row.map((each, label) => (total === 0 ? 0 : each - reached[step]![label]! / total)),
    ),
  };
}

describe('CTC', () => {
  // Keras computes this loss in float32, on every floatx.
  describeGolden(CTC, golden, { relative: 1e-5, absolute: 1e-6 });

  describe(`agrees with ${reference.source}`, () => {
    it.each(reference.cases)('$title', ({ yTrue, yPred, loss, gradient }) => {
      const logits = tf.tensor3d(yPred);
      expectClose(ctc(yTrue, logits), loss, limits);
      expectClose(gradientOf(yTrue, logits), gradient, limits);
    });

    // The formula's steps are many for a GPU of software.
    it.each(reference.long.filter(({ time }) => exact || time <= (composed ? 1000 : 200)))(
      '$time steps, labels: $lengths',
      ({ time, lengths, classes, loss, steps, gradient }) => {
        const [batch, size] = [lengths.length, Math.max(...lengths)];
        const count = batch * time * classes;
        const logits = tf.tensor3d(
          Float32Array.from({ length: count }, (_, i) => ((7919 * i) % 1021) / 128 - 4),
          [batch, time, classes],
        );
        const labels = lengths.map((length, sample) =>
          Array.from({ length: size }, (_, place) => {
            const i = sample * size + place;
            return place < length ? ((5 * i + (Math.floor(i / 7) % 3)) % (classes - 1)) + 1 : 0;
          }),
        );
        expectClose(ctc(labels, logits), loss, limits);
        const atSteps = tf.gather(gradientOf(labels, logits), tf.tensor1d(steps, 'int32'), 1);
        expectClose(atSteps, gradient, exact ? limits : { relative: 5e-4, absolute: 5e-5 });
      },
      60_000,
    );
  });

  it('is the sum over all alignments, which it never lists', () => {
    const samples = fc
      .record({ time: fc.integer({ min: 1, max: 5 }), classes: fc.integer({ min: 2, max: 3 }) })
      .chain(({ time, classes }) =>
        fc.record({
          labels: fc.array(fc.integer({ min: 0, max: classes - 1 }), { maxLength: 4 }),
          logits: fc.array(fc.array(float(-6, 6), { minLength: classes, maxLength: classes }), {
            minLength: time,
            maxLength: time,
          }),
        }),
      );
    fc.assert(
      fc.property(samples, ({ labels, logits }) => {
        const { loss, gradient } = enumerated(labels, logits);
        const [y, x] = [tf.tensor2d(labels, [1, labels.length]), tf.tensor3d([logits])];
        expectClose(ctc(y, x), [loss], limits);
        expectClose(tf.grad((z) => tf.sum(ctc(y, z)))(x), [gradient], limits);
      }),
      seeded,
    );
  });

  it('does not change with what is added to all logits of a step', () => {
    const logits = tf.tensor3d([
      [
        [0.5, -1, 2],
        [0, 1.5, 1],
        [-2, 0, 0.25],
        [1, 0, 0],
      ],
    ]);
    const shifted = tf.add(logits, tf.tensor3d([[[4], [-8], [64], [0]]]));
    expectClose(ctc([[1, 2]], shifted), ctc([[1, 2]], logits), limits);
    expectClose(gradientOf([[1, 2]], shifted), gradientOf([[1, 2]], logits), limits);
  });

  it('is the same read backwards', () => {
    const logits = tf.randomNormal([2, 9, 5], 0, 2, 'float32', 3);
    const labels = [
      [1, 1, 4, 2],
      [3, 2, 2, 0],
    ];
    const backwards = labels.map((row) => [...row].reverse());
    expectClose(ctc(backwards, tf.reverse(logits, 1)), ctc(labels, logits), limits);
  });

  it('leaves zeros out, behind, before and between the labels', () => {
    const logits = tf.randomNormal([4, 6, 3], 0, 2, 'float32', 5).slice([0], [1]);
    const one = ctc([[1, 2, 2]], logits);
    for (const labels of [[[1, 2, 2, 0, 0, 0, 0, 0]], [[0, 0, 1, 2, 2]], [[1, 0, 2, 0, 2]]]) {
      expectClose(ctc(labels, logits), one, limits);
      expectClose(gradientOf(labels, logits), gradientOf([[1, 2, 2]], logits), limits);
    }
  });

  it('takes a sample without labels: all is blank', () => {
    const logits = tf.tensor3d([
      [
        [1, 0, 2],
        [0, 3, 0],
      ],
    ]);
    const blanks = tf.neg(tf.sum(tf.logSoftmax(logits).slice([0, 0, 0], [1, 2, 1]), [1, 2]));
    expectClose(ctc([[0, 0]], logits), blanks, limits);
    expectClose(ctc(tf.zeros([1, 0]), logits), blanks, limits);
  });

  it('takes batches without samples, and samples without time', () => {
    const empty = tf.zeros([0, 4, 3]);
    expectClose(ctc(tf.zeros([0, 2]), empty), tf.zeros([0]));
    expectClose(new CTC()(tf.zeros([0, 2]), empty), 0);
    expectClose(tf.grad((x) => new CTC()(tf.zeros([0, 2]), x))(empty), empty);
    const noTime = tf.zeros([2, 0, 3]);
    expectClose(
      ctc(
        [
          [0, 0],
          [1, 0],
        ],
        noTime,
      ),
      [0, Infinity],
    );
    expectClose(ctc(tf.zeros([2, 0]), noTime), [0, 0]);
    expectClose(tf.grad((x) => tf.sum(ctc([[0], [0]], x)))(noTime), noTime);
  });

  describe('with more labels than time can hold', () => {
    const normal = () => tf.randomNormal([3, 3, 3], 0, 1, 'float32', 9);

    it('costs Infinity, and has no influence on training', () => {
      const logits = normal();
      const fitting = [
        [1, 2],
        [1, 2],
        [2, 0],
      ];
      const [, middle] = tf.unstack(tf.zerosLike(logits));
      const [before, , after] = tf.unstack(gradientOf(fitting, logits));
      for (const tooLong of [[1, 2, 1, 2], [1, 1, 0, 0].slice(0, 2).concat(1), [2, 2, 2]]) {
        const labels = [[1, 2, 0, 0], [...tooLong, 0].slice(0, 4), [2, 0, 0, 0]];
        const [first, , third] = ctc(fitting, logits).dataSync();
        expectClose(ctc(labels, logits), [first!, Infinity, third!], limits);
        const gradient = gradientOf(labels, logits);
        expectClose(gradient, tf.stack([before!, middle!, after!]), limits);
      }
    });

    it('needs a step more for each label that follows its like', () => {
      const [one] = tf.split(normal(), 3);
      expect(ctc([[1, 1]], one!).dataSync()[0]).toBeLessThan(10);
      expectClose(ctc([[1, 1]], one!.slice([0, 0], [1, 2])), [Infinity]);
    });
  });

  it('takes infinite logits for certainty', () => {
    const finite = tf.tensor3d([
      [
        [0, 1, 2],
        [1, 0, 2],
      ],
    ]);
    const without = (value: number) =>
      tf.tensor3d([
        [
          [0, 1, value],
          [1, 0, value],
        ],
      ]);
    // What cannot be costs nothing where it is not needed, and everything where it is.
    expectClose(
      ctc([[1]], without(-Infinity)),
      ctc([[1]], finite.slice([0, 0, 0], [1, 2, 2])),
      limits,
    );
    expectClose(gradientOf([[1]], without(-Infinity)).slice([0, 0, 2]), tf.zeros([1, 2, 1]));
    expectClose(ctc([[2]], without(-Infinity)), [Infinity]);
    expectClose(gradientOf([[2]], without(-Infinity)), tf.zeros([1, 2, 3]));
    const sure = tf.tensor3d([
      [
        [0, Infinity, 0],
        [Infinity, 0, 0],
      ],
    ]);
    expectClose(ctc([[1]], sure), [0]);
    expectClose(gradientOf([[1]], sure), tf.zeros([1, 2, 3]));
    expectClose(ctc([[2]], sure), [Infinity]);
  });

  it('of NaN is NaN, in its own sample', () => {
    const logits = tf.tensor3d([
      [
        [0, 1],
        [1, 0],
      ],
      [
        [0, NaN],
        [1, 0],
      ],
    ]);
    const [first, second] = ctc([[1], [1]], logits).dataSync();
    expect(first).toBeCloseTo(-Math.log(1 - Math.E / (1 + Math.E) / (1 + Math.E)), 2);
    expect(second).toBeNaN();
    const [kept, lost] = tf.unstack(gradientOf([[1], [1]], logits));
    expect(tf.any(tf.isNaN(kept!)).dataSync()[0]).toBe(0);
    expect(tf.any(tf.isNaN(lost!)).dataSync()[0]).toBe(1);
  });

  describe('is sure and right', () => {
    // One step: the loss is that of softmax, log1p(e^−margin) for two classes.
    it.each([20, 40, 80])('by %d, with all digits', (margin) => {
      const rest = Math.exp(-margin);
      const logits = tf.tensor3d([[[0, margin]]]);
      const few = { relative: 1e-5, absolute: 0 };
      expectClose(ctc([[1]], logits), [Math.log1p(rest)], few);
      expectClose(gradientOf([[1]], logits), [[[rest, -rest]]], few);
    });
  });

  it('takes int32, float32 and bool labels, and cuts off fractions', () => {
    const logits = tf.randomNormal([2, 4, 3], 0, 1, 'float32', 2);
    const expected = ctc(
      [
        [1, 1],
        [1, 0],
      ],
      logits,
    );
    for (const labels of [
      tf.tensor2d(
        [
          [1, 1],
          [1, 0],
        ],
        [2, 2],
        'int32',
      ),
      tf.tensor2d(
        [
          [1, 1],
          [1, 0],
        ],
        [2, 2],
        'bool',
      ),
      tf.tensor2d([
        [1.7, 1],
        [1, 0.5],
      ]),
    ]) {
      expectClose(ctc(labels, logits), expected);
    }
  });

  it('has a gradient with respect to the labels, 0', () => {
    const logits = tf.zeros<tf.Rank.R3>([1, 3, 3]);
    const [dLabels] = tf.grads((labels, x) => tf.sum(ctc(labels, x)))([
      tf.tensor2d([[1, 2]]),
      logits,
    ]);
    expectClose(dLabels!, [[0, 0]]);
  });

  it('says that it has no gradient of second order', () => {
    const first = (x: tf.Tensor) => tf.sum(tf.square(gradientOf([[1]], x)));
    expect(() => tf.grad(first)(tf.zeros([1, 2, 2]))).toThrow(
      'CTC: there is no gradient of second order.',
    );
  });

  describe('never takes a label out of range for one that costs nothing', () => {
    const f = (label: number) => () =>
      ctc(
        [
          [1, 2],
          [1, label],
        ],
        tf.zeros([2, 4, 3]),
      );

    it.each([3, -1, NaN, 1e9])('but %d for an error or NaN', (label) => {
      if (READABLE.includes(backend)) expect(f(label)).toThrow(RangeError);
      else expect([...f(label)().dataSync()]).toEqual([f(2)().dataSync()[0], NaN]);
    });

    if (READABLE.includes(backend)) {
      it('and says what came in', () => {
        expect(f(7)).toThrow('CTC: labels must be class indices in [0, 2]. Received: 7.');
      });
    }
  });

  it.each<[string, () => unknown, string]>([
    [
      'labels of one axis',
      () => ctc([1, 2], tf.zeros([2, 3, 3])),
      'ctc: yTrue must be [batch, labels], and yPred [batch, time, classes]. ' +
        'Received: yTrue [2] and yPred [2, 3, 3].',
    ],
    [
      'predictions of two axes',
      () => new CTC()([[1]], [[0, 1]]),
      'Received: yTrue [1, 1] and yPred [1, 2].',
    ],
    [
      'another batch',
      () => new CTC()([[1]], tf.zeros([2, 3, 3])),
      'Received: yTrue [1, 1] and yPred [2, 3, 3].',
    ],
  ])('rejects %s', (_, f, text) => {
    expect(f).toThrow(ShapeError);
    expect(f).toThrow(text);
  });

  it("has Keras's names and config", () => {
    expect(getLoss('ctc')).toBeInstanceOf(CTC);
    expect(getLoss('CTC')).toBeInstanceOf(CTC);
    expect(getLoss(ctc)).toBeInstanceOf(CTC);
    const config = { name: 'ctc', reduction: 'sum_over_batch_size' };
    expect(new CTC().getConfig()).toEqual(config);
    expect(deserializeLoss({ class_name: 'CTC', config })).toBeInstanceOf(CTC);
  });

  it('leaves no tensor behind but its result', () => {
    const logits = tf.randomNormal([2, 5, 3]);
    expectTensorsKept(1, () =>
      ctc(
        [
          [1, 2],
          [2, 0],
        ],
        logits,
      ),
    );
    expectTensorsKept(1, () =>
      gradientOf(
        [
          [1, 2],
          [2, 0],
        ],
        logits,
      ),
    );
  });
});

it('keeps the gradient where a logit is -Infinity beside padded labels', () => {
  // Step 1 can be neither blank nor class 2, so it is label 1: softmax − posterior = (0, ½, ½) − (0, 1, 0).
  const f = (x: tf.Tensor) => tf.sum(ctc([[1, 0]], x));
  const x = tf.tensor3d([
    [
      [0, 0, 0],
      [-Infinity, 0, 0],
      [0, 0, 0],
    ],
  ]);
  expectClose(tf.slice(tf.grad(f)(x), [0, 1, 0], [1, 1, 3]), [[[0, -0.5, 0.5]]]);
});

describe('CTC in model.compile', () => {
  beforeEach(() => {
    register(tf);
  });

  /** Two steps of time that say 1 and 2, and what is to be read there. */
  const xs = () =>
    tf.tensor3d([
      [
        [1, 0],
        [0, 0],
        [0, 1],
      ],
      [
        [0, 1],
        [0, 0],
        [0, 0],
      ],
      [
        [1, 0],
        [0, 0],
        [1, 0],
      ],
      [
        [0, 0],
        [0, 1],
        [0, 0],
      ],
    ]);
  const ys = () =>
    tf.tensor2d(
      [
        [1, 2],
        [2, 0],
        [1, 1],
        [2, 0],
      ],
      [4, 2],
      'int32',
    );
  const build = (loss: CTC | string, rate = 1) => {
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: 3, inputShape: [3, 2], kernelInitializer: 'zeros' })],
    });
    model.compile({ optimizer: tf.train.sgd(rate), loss: loss });
    return model;
  };

  it('learns from padded labels', async () => {
    const model = build('ctc');
    const { history } = await model.fit(xs(), ys(), { epochs: 60, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses[0]).toBeGreaterThan(1.9);
    expect(losses.at(-1)).toBeLessThan(0.3);
    expect((model.predict(xs()) as tf.Tensor).argMax(-1).arraySync()).toEqual([
      [1, 0, 2],
      [2, 0, 0],
      [1, 0, 1],
      [0, 2, 0],
    ]);
  });

  it('weighs samples, in fit and in evaluate', async () => {
    const sampleWeight = tf.tensor1d([1, 0, 2, 0.5]);
    const values = ctc(ys(), tf.zeros([4, 3, 3]));
    const expected = tf.mean(tf.mul(values, sampleWeight)).dataSync()[0]!;
    const model = build(new CTC(), 0);
    const args = { sampleWeight, verbose: 0 } as object;
    expect(((await model.fit(xs(), ys(), args)).history.loss as number[])[0]).toBeCloseTo(
      expected,
      2,
    );
    expectClose(model.evaluate(xs(), ys(), args) as tf.Tensor, expected, limits);
  });

  it('has no classes to weigh: a sample has labels of several', async () => {
    const args = { classWeight: { 1: 2 }, verbose: 0 };
    const short = tf.slice(ys(), 0, 2);
    for (const [x, y] of [
      [xs(), ys()],
      [tf.slice(xs(), 0, 2), short],
    ] as const) {
      await expect(build('ctc').fit(x, y, args)).rejects.toThrow(ShapeError);
    }
  });

  it('is kept by save and load', async () => {
    const model = build(new CTC({ reduction: 'sum' }), 0.1);
    let artifacts: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler((saved) => {
        artifacts = saved;
        return Promise.resolve({
          modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' },
        });
      }),
      { includeOptimizer: true },
    );
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts!));
    expect(loaded.loss).toBeInstanceOf(CTC);
    expectClose(
      loaded.evaluate(xs(), ys()) as tf.Tensor,
      tf.sum(ctc(ys(), tf.zeros([4, 3, 3]))),
      limits,
    );
    const [again, first] = await Promise.all(
      [loaded, model].map((each) => each.fit(xs(), ys(), { epochs: 2, verbose: 0 })),
    );
    expectClose(
      tf.tensor1d(again!.history.loss as number[]),
      first!.history.loss as number[],
      limits,
    );
  });
});
