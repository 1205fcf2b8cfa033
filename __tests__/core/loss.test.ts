import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { isLoss } from '../../src/core/loss.js';
import {
  BinaryCrossentropy,
  Loss,
  serializeLoss,
  ShapeError,
  type Reduction,
} from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { expectTensorsKept } from '../support/memory.js';

/** A user's loss: |yTrue − yPred| to a power, averaged over the last axis. */
class PowerError extends Loss<{ power?: number }> {
  static override readonly className: string = 'PowerError';
  static override readonly defaults = { power: 3 };

  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return tf.mean(tf.pow(tf.abs(tf.sub(yTrue, yPred)), this.options.power), -1);
  }
}

/** Hands `yPred` through as the per-sample values, so that a test chooses them. */
class Values extends Loss {
  static override readonly className = 'Values';
  override compute(_: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return yPred;
  }
}

const reduced = (reduction: Reduction, values: tf.TensorLike, weights?: tf.TensorLike) =>
  new Values({ reduction })(values, values, weights);

describe('a loss object', () => {
  const bce = new BinaryCrossentropy({ fromLogits: true });

  it('is a function and an instance of its class', () => {
    expect(typeof bce).toBe('function');
    expect(bce).toBeInstanceOf(BinaryCrossentropy);
    expect(bce).toBeInstanceOf(Loss);
    expect(bce).toBeInstanceOf(Function);
  });

  it('has no visible fields, which TF.js would read as outputs of a model', () => {
    expect(Object.keys(bce)).toEqual([]);
    const seen: string[] = [];
    for (const key in bce) seen.push(key);
    expect(seen).toEqual([]);
  });

  it('has the methods of functions', () => {
    const expected = bce([[1]], [[0.5]]).dataSync()[0]!;
    expectClose(bce.bind(null)([[1]], [[0.5]]), expected);
    expectClose(bce.call(undefined, [[1]], [[0.5]]), expected);
    expectClose(bce.apply(undefined, [[[1]], [[0.5]]]), expected);
  });

  it('has a name of its own, which no minifier changes', () => {
    expect(bce.name).toBe('binary_crossentropy');
    expect(new BinaryCrossentropy({ name: 'spam' }).name).toBe('spam');
    expect(new PowerError().name).toBe('power_error');
  });

  it('is not what bind makes of it', () => {
    expect(isLoss(bce)).toBe(true);
    expect(isLoss(bce.bind(null))).toBe(false);
  });

  it('keeps its options when the caller changes an array that it gave', () => {
    const posWeight = [1, 2];
    const weighted = new BinaryCrossentropy({ posWeight, axis: [0, 1] });
    posWeight[0] = 100;
    (weighted.getConfig() as { axis: number[] }).axis[0] = 5;
    expect(weighted.options).toMatchObject({ posWeight: [1, 2], axis: [0, 1] });
  });

  it('cannot be changed by accident', () => {
    expect(() => {
      (bce.options as { fromLogits: boolean }).fromLogits = false;
    }).toThrow(TypeError);
    expect(() => {
      (bce as { reduction: string }).reduction = 'sum';
    }).toThrow(TypeError);
  });

  it('gives a tensor that the caller owns, even where the loss returns its input', () => {
    const values = tf.tensor1d([1, 2]);
    const result = reduced('none', [1, 2]);
    result.dispose();
    const handedThrough = new Values({ reduction: 'none' })(values, values);
    handedThrough.dispose();
    expectClose(values, [1, 2]);
  });

  it('leaves nothing behind but its result', () => {
    const labels = tf.tensor([1, 0], [2, 1], 'int32');
    expectTensorsKept(1, () => bce(labels, [[1], [2]], [1, 2]));
    expectTensorsKept(1, () => new PowerError()([1, 2], [3, 4]));
  });
});

describe('a loss that a user wrote', () => {
  it('needs a className, its defaults and compute', () => {
    expectClose(new PowerError()([[1], [2]], [[3], [2]]), 4);
    expectClose(new PowerError({ power: 2, reduction: 'sum' })([[1], [2]], [[3], [2]]), 4);
    expectClose(new PowerError({ reduction: 'none' })([[1], [2]], [[3], [2]], [2, 1]), [16, 0]);
  });

  it('is saved and made again with all its options', () => {
    const config = new PowerError({ power: 1, reduction: 'sum', name: 'l1' }).getConfig();
    expect(config).toEqual({ name: 'l1', reduction: 'sum', power: 1 });
    const again = PowerError.fromConfig(config);
    expect(again).toBeInstanceOf(PowerError);
    expect(again.options.power).toBe(1);
    expect(again.getConfig()).toEqual(config);
  });

  it('without a className says so', () => {
    class Nameless extends Loss {
      override compute(yTrue: tf.Tensor): tf.Tensor {
        return yTrue;
      }
    }
    expect(() => new Nameless()).toThrow(
      'Loss: a class must give a static className of its own. Received: class Nameless without one.',
    );
    class Heir extends BinaryCrossentropy {}
    expect(() => new Heir()).toThrow('Received: class Heir without one.');
  });

  it("in Keras's spelling, or without compute, says so", () => {
    const make = (methods: object) => {
      class Mine extends Loss {
        static override readonly className = 'Mine';
        override readonly compute = undefined as never;
      }
      Object.assign(Mine.prototype, methods);
      return () => new Mine();
    };
    const complaint = (name: string) =>
      `Loss: a class must give compute(yTrue, yPred), not call. Received: class ${name} without one.`;
    expect(make({ call: () => tf.scalar(0) })).toThrow(complaint('Mine'));
    expect(make({})).toThrow(complaint('Mine'));
    class Called extends BinaryCrossentropy {
      static override readonly className = 'Called';
      override call(): tf.Tensor {
        return tf.scalar(0);
      }
    }
    expect(() => new Called()).toThrow(complaint('Called'));
  });

  it('with an async compute says so', () => {
    class Later extends Loss {
      static override readonly className = 'Later';
      override compute(): tf.Tensor {
        return Promise.resolve(tf.scalar(0)) as never;
      }
    }
    expect(() => new Later()([1], [1])).toThrow(
      'Later: compute must return a tensor. Received: a Promise.',
    );
  });

  it('that gives no tensor says so', () => {
    class Number1 extends Loss {
      static override readonly className = 'Number1';
      override compute(): tf.Tensor {
        return 1 as never;
      }
    }
    expect(() => new Number1()([1], [1])).toThrow(
      'Number1: compute must return a tensor. Received: 1.',
    );
  });

  describe('says what is not saved of it', () => {
    const warned = (): unknown[] => jest.mocked(console.warn).mock.calls.flat();
    beforeEach(() => {
      jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    });
    afterEach(() => {
      jest.restoreAllMocks();
    });

    it('a field that its constructor sets', () => {
      class Scaled extends PowerError {
        static override readonly className = 'Scaled';
        readonly factor: number;
        readonly half = 0.5;
        constructor(factor: unknown) {
          super({ power: 2 });
          this.factor = factor as number;
        }
      }
      serializeLoss(new Scaled(3));
      expect(warned()).toEqual([
        'tfjs-losses: Scaled: what a constructor sets is saved only if it is an option: list it in static defaults, and ' +
          'read this.options.factor. Received: the field factor, 3.',
      ]);
    });

    it('an option that JSON cannot hold', () => {
      class With extends Loss<{ of?: unknown }> {
        static override readonly className = 'With';
        static override readonly defaults = { of: 1 };
        override compute(yTrue: tf.Tensor): tf.Tensor {
          return yTrue;
        }
      }
      const circular: unknown[] = [];
      circular.push(circular);
      const values = [() => 1, NaN, tf.scalar(1), new Map(), circular, [[undefined]], new Date(0)];
      for (const of of values) serializeLoss(new With({ of }));
      expect(warned()).toHaveLength(values.length);
      expect(warned()[1]).toBe(
        'tfjs-losses: With: an option must be a value that JSON can hold, or saved models lose it. Received: of NaN.',
      );
      jest.mocked(console.warn).mockClear();
      for (const of of [1, 'a', null, true, [1, [2]], { a: 1 }]) serializeLoss(new With({ of }));
      serializeLoss(new BinaryCrossentropy({ posWeight: [1, 2] }));
      expect(warned()).toEqual([]);
    });
  });

  it('knows its options, and no others', () => {
    expect(() => new PowerError({ powr: 2 } as never)).toThrow(`Did you mean 'power'?`);
    expect(() => new PowerError({ name: 3 as never })).toThrow('PowerError: name must be a string');
  });
});

describe('reductions', () => {
  // By hand, and as `Loss.__call__` of Keras 3.15.1 gives them (reference example of its documentation of losses).
  const values = [1, 2, 3];
  const weights = [2, 0, 1];

  it.each<[Reduction, number | number[], number | number[]]>([
    ['sum_over_batch_size', 2, 5 / 3],
    ['mean', 2, 5 / 3],
    ['sum', 6, 5],
    ['mean_with_sample_weight', 2, 5 / 3],
    ['none', [1, 2, 3], [2, 0, 3]],
    [null, [1, 2, 3], [2, 0, 3]],
  ])('%s', (reduction, plain, weighted) => {
    expectClose(reduced(reduction, values), plain);
    expectClose(reduced(reduction, values, weights), weighted);
  });

  it('give 0 for an empty batch, with a gradient', () => {
    for (const reduction of ['sum_over_batch_size', 'sum', 'mean_with_sample_weight'] as const) {
      expectClose(reduced(reduction, tf.zeros([0]).arraySync()), 0);
      const bce = new BinaryCrossentropy({ reduction });
      const empty = tf.zeros([0, 3]);
      expectClose(bce(empty, empty), 0);
      expectClose(bce(empty, empty, tf.zeros([0])), 0);
      expect(tf.grad((x) => bce(empty, x).asScalar())(empty).shape).toEqual([0, 3]);
    }
  });

  it('give 0 for weights that sum to 0', () => {
    for (const reduction of ['sum_over_batch_size', 'mean_with_sample_weight'] as const) {
      expectClose(reduced(reduction, values, [0, 0, 0]), 0);
      const bce = new BinaryCrossentropy({ reduction });
      const gradient = tf.grad((x) => bce([[1], [0]], x, [0, 0]).asScalar());
      expectClose(gradient(tf.tensor2d([[0.5], [0.5]])), [[0], [0]]);
    }
  });

  it('mean_with_sample_weight divides by the sum of the weights as given', () => {
    // Keras 3.15.1: a scalar weight of 2 on two values leaves their sum.
    expectClose(reduced('mean_with_sample_weight', [5, 50 / 3], 2), 65 / 3);
  });

  it('leave a scalar value alone', () => {
    expectClose(reduced('sum', 3), 3);
    expectClose(reduced('sum_over_batch_size', 3, 2), 6);
  });
});

describe('sample weights', () => {
  const values = [
    [1, 2, 3],
    [4, 5, 6],
  ];

  it('of shape [batch] weigh whole samples', () => {
    expectClose(reduced('none', values, [10, 1]), [
      [10, 20, 30],
      [4, 5, 6],
    ]);
    const square = [
      [1, 2],
      [3, 4],
    ];
    expectClose(reduced('none', square, [10, 1]), [
      [10, 20],
      [3, 4],
    ]);
  });

  it('of shape [batch, time], [batch, 1], [1, time], [time] and a number apply as in Keras', () => {
    expectClose(reduced('sum', values, values), 1 + 4 + 9 + 16 + 25 + 36);
    expectClose(reduced('sum', values, [[10], [1]]), 75);
    expectClose(reduced('sum', values, [[1, 10, 100]]), 5 + 70 + 900);
    expectClose(reduced('sum', values, [1, 10, 100]), 5 + 70 + 900);
    expectClose(reduced('sum', values, 2), 42);
  });

  it('of shape [batch, 1] on [batch] keep that shape, as in Keras 3', () => {
    expectClose(reduced('none', [1, 2], [[3], [4]]), [[3], [8]]);
  });

  it('of shape [batch, time, 1] on [batch, time] lose the last axis', () => {
    const weights = values.map((row) => row.map((value) => [value]));
    expectClose(reduced('sum', values, weights), 91);
  });

  it('may be bool or int32', () => {
    expectClose(reduced('none', [1, 2], [true, false]), [1, 0]);
    expectClose(reduced('none', [1, 2], new Int32Array([3, 4])), [3, 8]);
  });

  it('of 0 exclude a sample, also a NaN or infinite one, from value and gradient', () => {
    expectClose(reduced('sum_over_batch_size', [1, NaN, Infinity, 3], [1, 0, 0, 1]), 1);
    const bce = new BinaryCrossentropy({ fromLogits: true });
    const gradient = tf.grad((x) => bce([[1], [1], [0]], x, [0, 1, 0]).asScalar());
    expectClose(gradient(tf.tensor2d([[NaN], [0], [Infinity]])), [[0], [-0.5 / 3], [0]]);
  });

  it('have a gradient themselves, the value of each sample', () => {
    const gradient = tf.grad((weights) =>
      new Values({ reduction: 'sum' })([5, 7], [5, 7], weights),
    );
    expectClose(gradient(tf.tensor1d([0, 2])), [5, 7]);
  });

  it('that fit no way are an error', () => {
    expect(() => reduced('sum', values, [1, 2, 3, 4])).toThrow(ShapeError);
    expect(() => reduced('sum', values, [1, 2, 3, 4])).toThrow(
      'Received: sampleWeight [4] and values [2, 3].',
    );
  });
});

describe('labels and predictions whose ranks differ by a last axis of 1', () => {
  const bce = new BinaryCrossentropy({ reduction: 'none' });
  // −log 0.6 and −log 0.7
  const expected = [-Math.log(0.6), -Math.log(0.7)];

  it('are aligned in the object form, as in Keras', () => {
    expectClose(bce([1, 0], [[0.6], [0.3]]), expected);
    expectClose(bce([[1], [0]], [0.6, 0.3]), expected);
  });

  it('are not broadcast otherwise', () => {
    expect(() => bce([1, 0], [[0.6, 0.3]])).toThrow(ShapeError);
  });
});
