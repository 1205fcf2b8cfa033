import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { LossSum } from '../../src/composition/loss_sum.js';
import {
  addLosses,
  BinaryCrossentropy,
  BinaryFocalCrossentropy,
  CategoricalCrossentropy,
  deserializeLoss,
  getLoss,
  listLosses,
  Loss,
  register,
  registerLoss,
  scaleLoss,
  serializeLoss,
  ShapeError,
  SparseCategoricalCrossentropy,
  type LossIdentifier,
  type LossOptions,
} from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { describeGolden } from '../support/golden.js';
import { expectTensorsKept, kernelsOf } from '../support/memory.js';
import golden from './loss_sum.golden.json';

/** A loss over the whole batch, as Dice is: its value is a single number. */
class Overlap extends Loss<{ fromLogits?: boolean }> {
  static override readonly className: string = 'Overlap';
  static override readonly defaults = { fromLogits: false };
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    const p = this.options.fromLogits ? tf.sigmoid(yPred) : yPred;
    return tf.sub(1, tf.div(tf.mul(2, tf.sum(tf.mul(yTrue, p))), tf.sum(tf.add(yTrue, p))));
  }
}

/** The same for each image. */
class OverlapPerImage extends Overlap {
  static override readonly className = 'OverlapPerImage';
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return tf.stack(
      tf.unstack(yTrue).map((labels, i) => super.compute(labels, tf.unstack(yPred)[i]!)),
    );
  }
}

/** Hands `yPred` through as the values of samples, so that a test chooses them. */
class Values extends Loss {
  static override readonly className = 'Values';
  override compute(_: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return yPred;
  }
}

beforeAll(() => {
  register();
  registerLoss(Overlap);
  registerLoss(OverlapPerImage);
  registerLoss('absolute', (yTrue, yPred) => tf.mean(tf.abs(tf.sub(yTrue, yPred)), -1));
});

const logits = { fromLogits: true };
const bce = new BinaryCrossentropy(logits);
const focal = new BinaryFocalCrossentropy({ ...logits, gamma: 1 });
const overlap = new Overlap(logits);
const perImage = new OverlapPerImage(logits);

/** Masks of two images, and logits. */
const masks = () =>
  tf.cast(tf.greater(tf.randomUniform([2, 3, 4, 1], 0, 1, 'float32', 5), 0.5), 'float32');
const images = () => tf.randomNormal<tf.Rank.R4>([2, 3, 4, 1], 0, 2, 'float32', 6);

/** Numbers of a tensor. */
const read = (tensor: tf.Tensor) => tensor.dataSync()[0]!;

describe('a sum of losses', () => {
  describeGolden(LossSum, golden);

  describe.each<[string, Loss[]]>([
    ['values of one shape', [bce, focal]],
    ['values [batch, h, w] and [batch]', [bce, perImage]],
    ['values [batch, h, w] and a number', [bce, overlap]],
    ['a number and values [batch], [batch, h, w]', [overlap, perImage, bce]],
    ['a sum and a mean', [new BinaryCrossentropy({ ...logits, reduction: 'sum' }), overlap]],
    [
      'a weighted mean',
      [new BinaryCrossentropy({ ...logits, reduction: 'mean_with_sample_weight' }), perImage],
    ],
  ])('of %s', (_, losses) => {
    it.each<[string, number[] | undefined]>([
      ['without weights', undefined],
      ['with weights [batch]', [0.5, 3]],
    ])('is the sum of what they give alone, %s', (_, weights) => {
      const [yTrue, yPred] = [masks(), images()];
      const factors = [0.5, 2, 1];
      const sum = addLosses(...losses.map((loss, i) => scaleLoss(loss, factors[i]!)));
      const alone = (x: tf.Tensor) =>
        losses
          .map((loss, i) => tf.mul(loss(yTrue, x, weights), factors[i]!))
          .reduce((a, b) => tf.add(a, b));
      const together = (x: tf.Tensor) => sum(yTrue, x, weights);
      expectClose(together(yPred), alone(yPred));
      expectClose(tf.grad(together)(yPred), tf.grad(alone)(yPred), { absolute: 1e-7 });
    });
  });

  it('leaves out what its losses leave out, each for itself', () => {
    const [yTrue, yPred] = [[0, 1, 2, 2], tf.randomNormal([4, 3], 0, 2, 'float32', 3)];
    const a = new SparseCategoricalCrossentropy({ ...logits, ignoreClass: 0 });
    const b = new SparseCategoricalCrossentropy({ ...logits, ignoreClass: 2 });
    for (const weights of [undefined, [1, 2, 0.5, 3]]) {
      const alone = tf.add(a(yTrue, yPred, weights), b(yTrue, yPred, weights));
      expectClose(addLosses(a, b)(yTrue, yPred, weights), alone);
    }
  });

  it('is 0 for an empty batch', () => {
    expectClose(addLosses(bce, focal)(tf.zeros([0, 2]), tf.zeros([0, 2])), 0);
  });

  it('has gradients of second order', () => {
    const [yTrue, yPred] = [[[0, 1]], tf.tensor2d([[0.5, -2]])];
    const second = (f: Loss) => tf.grad((x) => tf.sum(tf.grad((z) => f(yTrue, z))(x)))(yPred);
    const alone = tf.add(tf.mul(2, second(bce)), second(focal));
    expectClose(second(addLosses(scaleLoss(bce, 2), focal)), alone);
  });

  it('computes from logits what reads probabilities of a sigmoid', () => {
    const sum = addLosses(new BinaryCrossentropy(), new Values());
    const f = (x: tf.Tensor) => sum([[1]], tf.sigmoid(x));
    // A cross-entropy of 40 with the slope −1, and a probability of 4e-18.
    expectClose(tf.grad(f)(tf.tensor2d([[-40]])), [[-1]]);
  });

  it('runs the kernels of its losses, and no more than adds and scales them', () => {
    const [yTrue, yPred] = [masks(), images()];
    const sum = addLosses(bce, scaleLoss(focal, 0.5));
    const alone = [bce, focal].flatMap((loss) => kernelsOf(() => loss(yTrue, yPred)));
    expect(kernelsOf(() => sum(yTrue, yPred))).toEqual([...alone, 'Multiply', 'Add']);
    expect(kernelsOf(() => addLosses(bce)(yTrue, yPred))).toEqual(
      kernelsOf(() => bce(yTrue, yPred)),
    );
  });

  it('leaves no tensor behind but its result', () => {
    const [yTrue, yPred] = [masks(), images()];
    const sum = addLosses(bce, scaleLoss(perImage, 0.5), scaleLoss(overlap, 0));
    expectTensorsKept(1, () => sum(yTrue, yPred));
    expectTensorsKept(1, () => sum(yTrue, yPred, [1, 2]));
    expectTensorsKept(1, () => tf.grad((x) => sum(yTrue, x))(yPred));
    expectTensorsKept(0, () => {
      expect(() => addLosses(bce, perImage)(yTrue, yPred, [1, 2, 3])).toThrow(ShapeError);
    });
  });
});

describe('addLosses', () => {
  const probabilities = [[[0, 1]], [[0.25, 0.5]]] as const;

  it('takes whatever getLoss takes', () => {
    const saved = serializeLoss(new BinaryCrossentropy());
    const absolute = (yTrue: tf.Tensor, yPred: tf.Tensor) =>
      tf.mean(tf.abs(tf.sub(yTrue, yPred)), -1);
    const alone = read(getLoss('bce')(...probabilities));
    const same: LossIdentifier[] = ['bce', BinaryCrossentropy, new BinaryCrossentropy(), saved];
    expectClose(addLosses(...same)(...probabilities), 4 * alone);
    // |0 − 0.25| and |1 − 0.5|
    expectClose(addLosses('absolute', absolute)(...probabilities), 0.75);
  });

  it('gives a loss object', () => {
    const sum: Loss = addLosses('bce', 'absolute');
    expect(sum).toBeInstanceOf(Loss);
    expect(typeof sum).toBe('function');
    expect(Object.keys(sum)).toEqual([]);
    expect(getLoss(sum)).toBe(sum);
  });

  it('makes one sum of sums', () => {
    const nested = scaleLoss(addLosses('bce', scaleLoss('absolute', 3)), 0.5);
    const flat = addLosses(scaleLoss('bce', 0.5), scaleLoss('absolute', 1.5));
    expect({ ...nested.getConfig(), name: '' }).toEqual({ ...flat.getConfig(), name: '' });
    const all = addLosses(nested, 'bce').getConfig();
    expect(all).toMatchObject({ factors: [0.5, 1.5, 1] });
  });

  it('names the sum after its losses, or as it is told', () => {
    expect(addLosses('bce', scaleLoss('absolute', 2)).name).toBe(
      'binary_crossentropy_plus_scaled_absolute',
    );
    expect(addLosses('bce', 'absolute', { name: 'both' }).name).toBe('both');
    expect(addLosses(addLosses('bce', { name: 'mine' }), 'absolute').name).toBe(
      'mine_plus_absolute',
    );
  });

  it('needs losses', () => {
    const none = `LossSum: a sum is made of losses: addLosses('bce', scaleLoss('mse', 0.1)). Received: none.`;
    expect(() => addLosses()).toThrow(new TypeError(none));
    expect(() => addLosses({ name: 'x' })).toThrow(none);
    expect(() => getLoss('lossSum')).toThrow(none);
    expect(() => getLoss('loss_sum')).toThrow(none);
    expect(() => addLosses('bca')).toThrow(`Did you mean 'bce'?`);
    expect(() => addLosses('bce', null as never)).toThrow('getLoss: takes a loss object');
    expect(() => addLosses('bce', { gamma: 1 } as LossOptions)).toThrow(
      `addLosses: option must be one of 'name', 'reduction'. Received: "gamma".`,
    );
  });

  it('rejects losses that read yPred differently', () => {
    expect(() => addLosses(new Overlap(), new BinaryCrossentropy(logits))).toThrow(
      new RangeError(
        'addLosses: yPred must be logits for all losses, or probabilities for all. ' +
          'Received: Overlap with fromLogits: false and BinaryCrossentropy with fromLogits: true.',
      ),
    );
    const auto = new BinaryCrossentropy({ fromLogits: 'auto' });
    expect(() => addLosses(auto, 'absolute', bce)).not.toThrow();
    expect(() => addLosses(auto, 'absolute', 'bce')).not.toThrow();
  });

  it('rejects a loss of logits that has no option to say so, beside one of probabilities', () => {
    class OfLogits extends Loss {
      static override readonly className = 'OfLogits';
      static override readonly reads = 'logits';
      override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
        return tf.mean(tf.squaredDifference(yTrue, tf.sigmoid(yPred)), -1);
      }
    }
    expect(() => addLosses(new OfLogits(), 'bce')).toThrow('yPred must be logits for all losses');
    expect(() => addLosses(new OfLogits(), bce)).not.toThrow();
  });

  it('rejects losses that read labels differently', () => {
    expect(() => addLosses('categoricalCrossentropy', 'sparseCategoricalCrossentropy')).toThrow(
      new RangeError(
        'addLosses: losses must read labels in one form; a loss of yours that reads class indices has the static field ' +
          "labels = 'index'. Received: CategoricalCrossentropy (no class indices) and " +
          'SparseCategoricalCrossentropy (class indices).',
      ),
    );
    expect(() => addLosses(new CategoricalCrossentropy(), 'bce')).not.toThrow();
  });
});

describe('scaleLoss', () => {
  it('multiplies by any finite number', () => {
    const one = read(bce([[1]], [[2]]));
    expectClose(scaleLoss(bce, -2.5)([[1]], [[2]]), -2.5 * one);
    expectClose(scaleLoss(bce, 0)([[1]], [[2]]), 0);
    expect(() => scaleLoss(bce, Infinity)).toThrow(
      new RangeError('scaleLoss: factor must be a finite number. Received: Infinity.'),
    );
    expect(() => scaleLoss(scaleLoss(bce, 1e200), 1e200)).toThrow(RangeError);
    expect(() => scaleLoss(bce, '2' as never)).toThrow(
      new TypeError('scaleLoss: factor must be a finite number. Received: "2".'),
    );
    expect(() => scaleLoss(bce, undefined as never)).toThrow(TypeError);
  });

  it('by 0 leaves a loss out, though it be NaN, and its gradient', () => {
    const sum = addLosses(scaleLoss(focal, 0), new Values());
    const yPred = tf.tensor2d([[3, NaN]]);
    const f = (x: tf.Tensor) => sum([[1, 1]], x, [[1, 0]]);
    expectClose(scaleLoss(focal, 0)([[1, 1]], yPred), 0);
    expectClose(tf.grad((x) => scaleLoss(focal, 0)([[1, 1]], x))(yPred), [[0, 0]]);
    expectClose(f(yPred), 1.5);
  });

  it('keeps the reduction of its loss', () => {
    const none = new BinaryCrossentropy({ ...logits, reduction: 'none' });
    expect(scaleLoss(none, 2).reduction).toBe('none');
    expectClose(scaleLoss(none, 2)([[1], [0]], [[0], [0]]), [2 * Math.LN2, 2 * Math.LN2]);
  });
});

describe('the reduction of a sum', () => {
  const none = { reduction: 'none' } as const;

  it('is that of each loss, or one for all', () => {
    const [yTrue, yPred] = [masks(), images()];
    const sum = new BinaryCrossentropy({ ...logits, reduction: 'sum' });
    const both = addLosses(sum, overlap);
    expectClose(both(yTrue, yPred), tf.add(sum(yTrue, yPred), overlap(yTrue, yPred)));
    expect(both.reduction).toBe('sum');
    const means = addLosses(sum, focal, { reduction: 'mean' });
    expect(means.reduction).toBe('mean');
    expectClose(means(yTrue, yPred), addLosses(bce, focal)(yTrue, yPred));
    const inSum = addLosses(addLosses(bce, focal), focal, none);
    expect(inSum(yTrue, yPred).shape).toEqual([2, 3, 4]);
    // The losses that were given stay as they are.
    expect(bce.reduction).toBe('sum_over_batch_size');
  });

  it("with 'none' adds values of samples, the longest shape being that of the sum", () => {
    const [yTrue, yPred] = [masks(), images()];
    const values = (loss: Loss) => addLosses(loss, none)(yTrue, yPred);
    const sum = addLosses(overlap, scaleLoss(perImage, 2), bce, none);
    const expected = tf.add(
      tf.add(values(bce), values(overlap)),
      tf.mul(2, tf.reshape(values(perImage), [2, 1, 1])),
    );
    expect(sum(yTrue, yPred).shape).toEqual([2, 3, 4]);
    expectClose(sum(yTrue, yPred), expected);
    expectClose(sum.compute(yTrue, yPred), expected);
    const reduced = addLosses(overlap, scaleLoss(perImage, 2), bce);
    expectClose(tf.mean(sum(yTrue, yPred)), reduced(yTrue, yPred));
    const weights = [0.5, 3];
    expectClose(sum(yTrue, yPred, weights).mean(), reduced(yTrue, yPred, weights));
  });

  it("with 'none' adds the same way where batch and time are equal", () => {
    const perRow = (_: tf.Tensor, yPred: tf.Tensor) => tf.mean(yPred, -1);
    const yPred = [
      [1, 3],
      [10, 30],
    ];
    expectClose(addLosses(new Values(), perRow, none)(yPred, yPred), [
      [3, 5],
      [30, 50],
    ]);
  });

  it('must be a number for all losses, or none', () => {
    expect(() => addLosses(new BinaryCrossentropy({ ...logits, ...none }), overlap)).toThrow(
      new RangeError(
        `addLosses: all losses must be reduced, or none (reduction: 'none'). ` +
          `Received: BinaryCrossentropy with reduction: "none" and Overlap with reduction: "sum_over_batch_size".`,
      ),
    );
    expect(() => addLosses('bce', { reduction: 'auto' as never })).toThrow(RangeError);
  });

  it('rejects values that do not fit together', () => {
    const transposed = (_: tf.Tensor, yPred: tf.Tensor) => tf.transpose(yPred);
    const sum = addLosses(new Values(), transposed, none);
    expect(() => sum(tf.zeros([2, 3]), tf.zeros([2, 3]))).toThrow(
      new ShapeError(
        'addLosses: values of samples must have the first axes in common. Received: values [2, 3] and values [3, 2].',
      ),
    );
  });
});

describe('a saved sum', () => {
  const there = (loss: Loss) =>
    deserializeLoss(JSON.parse(JSON.stringify(serializeLoss(loss))) as never);

  it('holds its losses as they are saved', () => {
    const sum = addLosses(bce, scaleLoss('absolute', 0.5), { name: 'both' });
    expect(serializeLoss(sum)).toEqual({
      // Keras has no such class, and asks for one that is registered under this name.
      module: null,
      class_name: 'LossSum',
      config: {
        name: 'both',
        losses: [serializeLoss(bce), serializeLoss(getLoss('absolute'))],
        factors: [1, 0.5],
      },
      registered_name: 'LossSum',
    });
  });

  it('is made again, with losses of the user', () => {
    const weighted = new BinaryCrossentropy({ ...logits, reduction: 'sum', posWeight: [2] });
    const sum = addLosses(weighted, scaleLoss(perImage, 0.3), scaleLoss('absolute', -1));
    const again = there(sum);
    expect(again.getConfig()).toEqual(sum.getConfig());
    expect(again.name).toBe(sum.name);
    expect(again.reduction).toBe('sum');
    expectClose(again(masks(), images(), [1, 2]), sum(masks(), images(), [1, 2]));
  });

  it('may be written by hand: names, no factors, sums in sums, a reduction for all', () => {
    const config = { losses: ['bce', 'absolute'], reduction: 'none' };
    const inner = { class_name: 'LossSum', config };
    const made = deserializeLoss({
      class_name: 'LossSum',
      config: { losses: [inner, inner], factors: [1, 2] },
    });
    expect(made.name).toBe('loss_sum');
    expect(made.reduction).toBe('none');
    expect(made.getConfig()).toMatchObject({ factors: [1, 1, 2, 2] });
  });

  it.each([
    [{}, 'LossSum: a sum is made of losses'],
    [{ losses: 'bce' }, 'LossSum: a sum is made of losses'],
    [{ losses: [] }, 'LossSum: a sum is made of losses'],
    [{ losses: ['bce'], factors: [] }, 'LossSum: factors must have one number per loss.'],
    [{ losses: ['bce'], factors: 2 }, 'LossSum: factors must have one number per loss.'],
    [{ losses: ['bce'], factors: ['2'] }, 'scaleLoss: factor must be a finite number.'],
    [{ losses: ['nobody'] }, 'getLoss: loss must be one of'],
    [{ losses: ['bce'], gamma: 2 }, 'LossSum: option must be one of'],
  ])('is checked: %j', (config, text) => {
    expect(() => deserializeLoss({ class_name: 'LossSum', config })).toThrow(text);
  });

  it('does not take one of ours for a function of the user with its name', () => {
    const user = { bce: (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.sum(tf.sub(yTrue, yPred), -1) };
    const saved = serializeLoss(addLosses(user.bce));
    expect(saved.config.losses).toMatchObject([{ module: null, class_name: 'user>bce' }]);
    expect(() => deserializeLoss(saved)).toThrow('Received: "user>bce".');
  });

  it('is not among the names that getLoss takes', () => {
    expect(listLosses()).toContain('overlap');
    expect(listLosses()).not.toContain('lossSum');
  });

  it('takes losses one after the other, not a list', () => {
    expect(() => addLosses(['bce', 'mse'] as never)).toThrow(TypeError);
  });
});
