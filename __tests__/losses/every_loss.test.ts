import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import * as losses from '../../src/losses/index.js';
import { deserializeLoss, getLoss, register, serializeLoss, ShapeError } from '../../src/pure.js';
import { isLossClass, type LossClass } from '../../src/core/loss.js';
import { toFunctionName, toSnakeCase } from '../../src/core/config.js';
import { float16, isGpu } from '../support/backend.js';
import { expectClose } from '../support/expect_close.js';
import { expectGolden, type Golden, type GoldenCase } from '../support/golden.js';
import { expectTensorsKept } from '../support/memory.js';

register();

const exported: Readonly<Record<string, unknown>> = losses;
const classes = Object.values(exported).filter(isLossClass);

const goldens = new Map<LossClass, Golden>();
beforeAll(async () => {
  for (const lossClass of classes) {
    const name = toSnakeCase(lossClass.className);
    goldens.set(lossClass, (await import(`./${name}.golden.json`)) as Golden);
  }
});

const goldenOf = (lossClass: LossClass) => goldens.get(lossClass)!;

/** The per-sample values of a case. */
function valuesOf(lossClass: LossClass, { options, yTrue, yPred }: Case): tf.Tensor {
  return new lossClass({ ...options, reduction: 'none' } as never)(yTrue, yPred);
}

type Case = ReturnType<typeof caseOf>;

function caseOf({ options: { reduction: _reduction, ...options }, ...given }: GoldenCase) {
  return {
    options,
    yTrue: tf.tensor(given.yTrue, undefined, given.yTrueDtype),
    yPred: tf.tensor(given.yPred),
  };
}

/** The first case of the loss's golden file whose per-sample values have the given rank: inputs that suit the loss. */
function find(lossClass: LossClass, rank: number): Case | undefined {
  return goldenOf(lossClass)
    .cases.map(caseOf)
    .find((candidate) => valuesOf(lossClass, candidate).rank === rank);
}

function every(numbers: tf.TensorLike, holds: (number: number) => boolean): boolean {
  return tf.tensor(numbers, undefined, 'float32').dataSync().every(holds);
}

/** Whether float16 keeps a number, and how far it is from 1, to 5e-3. */
function isOrdinary(x: number): boolean {
  if (x === 0 || x === 1) return true;
  return Math.abs(x) > 1e-2 && Math.abs(x) < 1e3 && Math.abs(x - 1) > 0.1;
}

/** TF.js's shaders choose between numbers (`tf.where`) in tensors of up to four axes. */
const manyAxes = isGpu ? it.skip : it;

/** A case with one value per sample. */
function inputs(lossClass: LossClass): Case {
  return find(lossClass, 1)!;
}

describe.each(classes.map((lossClass) => ({ lossClass, name: lossClass.className })))(
  '$name',
  ({ lossClass }) => {
    const make = (options: object) => new lossClass(options as never);

    // Golden cases are made for float32: tiny and huge numbers are among them, and probabilities that float16 rounds to 0 or 1.
    (float16 ? it : it.skip)('gives the values of Keras, of numbers that float16 can hold', () => {
      const { className } = lossClass;
      // It has an epsilon of its own there, which numbers below 0 come to.
      const isPredicted = (x: number) => className !== 'KLDivergence' || x > 0;
      // Logarithms of paths are of order 10, and float16 rounds them to 2⁻⁷ at each step.
      const tolerance = className === 'CTC' ? { absolute: 0.1 } : {};
      const cases = goldenOf(lossClass).cases.filter(
        ({ yTrue, yPred, sampleWeight = [], loss, gradient }) =>
          [yTrue, sampleWeight, loss, gradient].every((numbers) => every(numbers, isOrdinary)) &&
          every(yPred, (x) => isOrdinary(x) && x !== 0 && x !== 1 && isPredicted(x)),
      );
      expect(cases.length).toBeGreaterThan(2);
      for (const given of cases) expectGolden(lossClass, given, tolerance);
    });

    it('is exported as a class and as a function of the same name', () => {
      expect(exported[lossClass.className]).toBe(lossClass);
      expect(typeof exported[toFunctionName(lossClass.className)]).toBe('function');
    });

    it('is found by its name in every spelling, by its aliases, its class and its function', () => {
      const { className, aliases } = lossClass;
      const names = [className, toFunctionName(className), toSnakeCase(className), ...aliases];
      const plain = exported[toFunctionName(className)];
      for (const identifier of [...names, lossClass, plain] as never[]) {
        expect(getLoss(identifier)).toBeInstanceOf(lossClass);
      }
    });

    it('goes through its saved config with all options', () => {
      const loss = make({ ...inputs(lossClass).options, reduction: 'sum', name: 'mine' });
      const again = deserializeLoss(JSON.parse(JSON.stringify(serializeLoss(loss))) as never);
      expect(again).toBeInstanceOf(lossClass);
      expect(again.getConfig()).toEqual(loss.getConfig());
    });

    it('has reductions that fit its per-sample values', () => {
      const { options, yTrue, yPred } = inputs(lossClass);
      const reduced = (reduction: string) => make({ ...options, reduction })(yTrue, yPred);
      const values = reduced('none');
      expect(values.shape[0]).toBe(yPred.shape[0]);
      expectClose(reduced('sum'), tf.sum(values));
      expectClose(reduced('sum_over_batch_size'), tf.mean(values));
      expectClose(reduced('mean_with_sample_weight'), tf.mean(values));
    });

    it('gives the same per-sample values as a function', () => {
      const { options, yTrue, yPred } = inputs(lossClass);
      const plain = exported[toFunctionName(lossClass.className)] as (
        ...args: unknown[]
      ) => tf.Tensor;
      const none = make({ ...options, reduction: 'none' });
      expectClose(plain(yTrue, yPred, options), none(yTrue, yPred));
    });

    it('weighs samples, and leaves out those of weight 0, though they be NaN', () => {
      const { options, yTrue, yPred } = inputs(lossClass);
      const batch = yPred.shape[0];
      const none = make({ ...options, reduction: 'none' });
      const weights = Array.from({ length: batch }, (_, sample) => sample);
      expectClose(none(yTrue, yPred, weights), tf.mul(none(yTrue, yPred), weights));
      // Where samples are compared with each other, a NaN is in every value.
      if (goldenOf(lossClass).interacting) return;
      const first = tf.concat([tf.fill([1, ...yPred.shape.slice(1)], NaN), yPred.slice(1)]);
      const sum = make({ ...options, reduction: 'sum' });
      const keep = weights.map((sample) => Number(sample > 0));
      expectClose(sum(yTrue, first, keep), tf.sum(none(yTrue, yPred, keep)));
      const gradient = tf.grad((output) => sum(yTrue, output, keep))(first);
      expectClose(gradient.slice(0, 1), tf.zeros([1, ...yPred.shape.slice(1)]));
      expect(tf.any(tf.isNaN(gradient)).dataSync()[0]).toBe(0);
    });

    it('takes weights of each rank: a number, [batch], [batch, 1], and beside times [batch, time], [time]', () => {
      const { options, yTrue, yPred } = find(lossClass, 2) ?? inputs(lossClass);
      const none = make({ ...options, reduction: 'none' });
      const values = none(yTrue, yPred);
      const [batch, time] = values.shape as [number, number | undefined];
      const rows = tf.range(1, batch + 1);
      const column = rows.reshape([batch, 1]);
      expectClose(none(yTrue, yPred, 2), tf.mul(values, 2));
      if (time === undefined) {
        expectClose(none(yTrue, yPred, rows), tf.mul(values, rows));
        expectClose(none(yTrue, yPred, column), tf.mul(values.reshape([batch, 1]), column));
        return;
      }
      const times = tf.range(1, time + 1).reshape([1, time]);
      for (const [weights, product] of [
        [rows, column],
        [column, column],
        [tf.mul(column, times), tf.mul(column, times)],
        [times, times],
        [times.flatten(), times],
      ] as const) {
        expectClose(none(yTrue, yPred, weights), tf.mul(values, product));
      }
    });

    it('takes labels of every numeric dtype', () => {
      const { options, yTrue, yPred } = inputs(lossClass);
      const hard = tf.clipByValue(tf.round(yTrue), 0, 1);
      const loss = make(options);
      const expected = loss(hard, yPred);
      for (const dtype of ['int32', 'bool'] as const) {
        expectClose(loss(tf.cast(hard, dtype), yPred), expected);
      }
    });

    it('is 0 for an empty batch', () => {
      const { options, yTrue, yPred } = inputs(lossClass);
      const empty = (tensor: tf.Tensor) => tensor.slice(0, 0);
      expectClose(make(options)(empty(yTrue), empty(yPred)), 0);
    });

    it('has the gradient of its values, by central differences', () => {
      const { options, yTrue, yPred } = inputs(lossClass);
      const loss = make({ ...options, reduction: 'sum' });
      const direction = tf.randomUniform(yPred.shape, -1, 1, 'float32', 7);
      const along = (step: number) =>
        loss(yTrue, tf.add(yPred, tf.mul(direction, step))).dataSync()[0]!;
      const gradient = tf.grad((output) => loss(yTrue, output))(yPred);
      const slope = tf.sum(tf.mul(gradient, direction)).dataSync()[0]!;
      const step = 1e-2;
      const quotient = (along(step) - along(-step)) / (2 * step);
      // What the values lose by rounding, divided by the step, and the third derivative.
      const rounding = (4 * (float16 ? 2 ** -11 : 2 ** -24) * (1 + Math.abs(along(0)))) / step;
      expect(Math.abs(quotient - slope)).toBeLessThan(rounding + 5e-3 * (1 + Math.abs(slope)));
    });

    it('of an empty batch has gradients, which are empty', () => {
      const { options, yTrue, yPred } = inputs(lossClass);
      const loss = make(options);
      const [labels, output] = [yTrue, yPred].map((tensor) => tensor.slice(0, 0));
      const [ofLabels, ofOutput] = tf.grads((y, p) => loss(y, p))([labels!, output!]);
      expect([ofLabels!.shape, ofOutput!.shape]).toEqual([labels!.shape, output!.shape]);
    });

    // Circle reads embeddings [batch, size] alone, CTC logits [batch, time, classes].
    if (!['Circle', 'CTC'].includes(lossClass.className)) {
      manyAxes('has the same values and gradients with more axes, weighted by sample', () => {
        const { options, yTrue, yPred } = inputs(lossClass);
        const withAxes = (tensor: tf.Tensor) => {
          const [batch, ...rest] = tensor.shape;
          return tensor.reshape([batch, 1, 1, 1, ...rest]);
        };
        const weights = tf.range(1, yPred.shape[0] + 1);
        const loss = make({ ...options, reduction: 'sum' });
        const compute = (labels: tf.Tensor, output: tf.Tensor) =>
          tf.valueAndGrads((p, w) => loss(labels, p, w))([output, weights]);
        const few = compute(yTrue, yPred);
        const many = compute(withAxes(yTrue), withAxes(yPred));
        expectClose(many.value, few.value);
        expectClose(many.grads[0]!, withAxes(few.grads[0]!));
        expectClose(many.grads[1]!, few.grads[1]!);
      });
    }

    // A class index needs a class.
    if (lossClass.labels !== 'index') {
      it('is 0 for rows of length 0', () => {
        const labels = tf.zeros([2, 0]);
        const loss = make({
          reduction: 'none',
          ...('axis' in lossClass.defaults ? { axis: -1 } : {}),
        });
        const f = (output: tf.Tensor) => tf.sum(loss(labels, output));
        expectClose(loss(labels, tf.zeros([2, 0])), [0, 0]);
        expect(tf.grad(f)(tf.zeros([2, 0])).shape).toEqual([2, 0]);
      });
    }

    if (lossClass.broadcasts) {
      manyAxes('has gradients where five axes broadcast', () => {
        const { options, yTrue, yPred } = inputs(lossClass);
        const [one, other] = [yTrue.slice(0, 1), yPred.slice(0, 1)];
        const size = one.shape.at(-1)!;
        const labels = tf.tile(one, [2, 1]).reshape([2, 1, 1, 1, size]);
        const loss = make({ ...options, reduction: 'sum' });
        const gradient = tf.grad((p) => loss(labels, p.reshape([1, 1, 1, 1, size])))(other);
        expectClose(gradient, tf.mul(2, tf.grad((p) => loss(one, p))(other)));
      });

      it('rejects shapes that do not broadcast, and names both', () => {
        const name = toFunctionName(lossClass.className);
        const plain = exported[name] as (...args: unknown[]) => tf.Tensor;
        const mismatch = () => plain(tf.zeros([2, 3]), tf.zeros([2, 4]));
        expect(mismatch).toThrow(ShapeError);
        expect(mismatch).toThrow(
          `${name}: yTrue and yPred must have the same shape, or shapes that broadcast. ` +
            'Received: yTrue [2, 3] and yPred [2, 4].',
        );
      });
    }

    it('leaves no tensor behind but its result', () => {
      const { options, yTrue, yPred } = inputs(lossClass);
      const loss = make(options);
      expectTensorsKept(1, () =>
        loss(
          yTrue,
          yPred,
          tf.tidy(() => 1),
        ),
      );
      expectTensorsKept(1, () => tf.grad((output) => loss(yTrue, output).asScalar())(yPred));
    });
  },
);

it('every loss is covered', () => {
  expect(classes.map(({ className }) => className)).toEqual(
    Object.keys(exported).filter((name) => /^[A-Z]/.test(name)),
  );
});
