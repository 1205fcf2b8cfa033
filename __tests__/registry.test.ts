import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  binaryCrossentropy,
  deserializeLoss,
  getLoss,
  listLosses,
  Loss,
  register,
  registerLoss,
  serializeLoss,
  unregister,
} from '../src/pure.js';
import { toFunctionName } from '../src/core/config.js';
import * as losses from '../src/losses/index.js';
import { expectClose } from './support/expect_close.js';

class HalfError extends Loss<{ factor?: number }> {
  static override readonly className = 'HalfError';
  static override readonly aliases = ['he'];
  static override readonly defaults = { factor: 0.5 };
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return tf.mul(this.options.factor, tf.mean(tf.abs(tf.sub(yTrue, yPred)), -1));
  }
}

beforeEach(() => {
  register();
});
afterEach(() => {
  unregister();
});

describe('getLoss', () => {
  it.each(['bce', 'BCE', 'binary_crossentropy', 'binaryCrossentropy', 'BinaryCrossentropy'])(
    'knows %s',
    (name) => {
      expect(getLoss(name)).toBeInstanceOf(BinaryCrossentropy);
    },
  );

  it('takes loss objects, classes, functions and saved configs', () => {
    const bce = new BinaryCrossentropy({ fromLogits: true });
    expect(getLoss(bce)).toBe(bce);
    expect(getLoss(BinaryCrossentropy)).toBeInstanceOf(BinaryCrossentropy);
    expect(getLoss(binaryCrossentropy)).toBeInstanceOf(BinaryCrossentropy);
    const config = { class_name: 'BinaryCrossentropy', config: { from_logits: true } };
    expect((getLoss(config) as BinaryCrossentropy).options.fromLogits).toBe(true);
  });

  it('makes a loss object of any function of labels and predictions', () => {
    const loss = getLoss(function squared(yTrue: tf.Tensor, yPred: tf.Tensor) {
      return tf.squaredDifference(yTrue, yPred);
    });
    expect(loss.name).toBe('squared');
    expectClose(loss([1, 2], [3, 2]), 2);
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', ''])(
    'does not know %j',
    (name) => {
      expect(() => getLoss(name)).toThrow(RangeError);
    },
  );

  it('offers the nearest name', () => {
    expect(() => getLoss('binary_crosentropy')).toThrow(
      `. Received: "binary_crosentropy". ` + `Did you mean 'binaryCrossentropy'?`,
    );
    expect(() => getLoss('bca')).toThrow(`Did you mean 'bce'?`);
  });

  it('says what it takes', () => {
    expect(() => getLoss(3 as never)).toThrow(
      'getLoss: takes a loss object, class, function, name or saved config. Received: 3.',
    );
  });

  it('without registration says how to register', () => {
    unregister();
    expect(() => getLoss('bce')).toThrow(
      `getLoss: no loss is registered; import 'tfjs-losses' or call register(). Received: 'bce'.`,
    );
  });
});

const names = Object.keys(losses)
  .filter((name) => /^[A-Z]/.test(name))
  .map(toFunctionName)
  .sort();

describe('listLosses', () => {
  it('lists each loss once', () => {
    expect(listLosses()).toEqual(names);
  });

  it('stays the same when registration is repeated', () => {
    register();
    expect(listLosses()).toEqual(names);
  });
});

describe('registerLoss', () => {
  it('makes a class known by its name and aliases', () => {
    registerLoss(HalfError);
    for (const name of ['HalfError', 'half_error', 'halfError', 'he']) {
      expectClose(getLoss(name)([1, 2], [3, 2]), 0.5);
    }
    expect(listLosses()).toEqual([...names, 'halfError'].sort());
  });

  it('makes a function known by name, in any spelling', () => {
    const squared = (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.squaredDifference(yTrue, yPred);
    registerLoss('mySquared', squared);
    expectClose(getLoss('my_squared')([1, 2], [3, 2]), 2);
    expect(getLoss(squared).name).toBe('my_squared');
  });

  it('may be repeated for one name: the last one counts', () => {
    registerLoss('changing', (yTrue) => tf.zerosLike(yTrue));
    registerLoss('changing', (yTrue) => tf.onesLike(yTrue));
    expectClose(getLoss('changing')([5], [5]), 1);
  });

  it('does not give away the names of this package', () => {
    expect(() => {
      registerLoss('bce', (yTrue) => yTrue);
    }).toThrow("registerLoss: the name of a loss of tfjs-losses cannot be taken. Received: 'bce'.");
    class Heir extends BinaryCrossentropy {
      static override readonly className = 'Heir';
    }
    registerLoss(Heir);
    expect(getLoss('heir')).toBeInstanceOf(Heir);
    expect(getLoss('bce')).not.toBeInstanceOf(Heir);
  });

  it('says what it takes', () => {
    expect(() => {
      registerLoss('nameless', undefined as never);
    }).toThrow('registerLoss: takes a class, or a name and a function.');
    expect(() => {
      registerLoss({} as never);
    }).toThrow('registerLoss: takes a subclass of Loss, or a name and a function. Received: {}.');
  });

  it('survives unregister(), which takes back what this package registered', () => {
    registerLoss(HalfError);
    unregister();
    expect(listLosses()).toContain('halfError');
    expect(listLosses()).not.toContain('binaryCrossentropy');
  });
});

describe('serializeLoss', () => {
  it('writes what Keras 3.15.1 writes', () => {
    expect(
      serializeLoss(new BinaryCrossentropy({ fromLogits: true, labelSmoothing: 0.1 })),
    ).toEqual({
      module: 'keras.losses',
      class_name: 'BinaryCrossentropy',
      config: {
        name: 'binary_crossentropy',
        reduction: 'sum_over_batch_size',
        from_logits: true,
        label_smoothing: 0.1,
        axis: -1,
      },
      registered_name: null,
    });
  });

  it('adds options that Keras does not know only where they are used', () => {
    const { config } = serializeLoss(
      new BinaryCrossentropy({ posWeight: [1, 2], compat: 'keras2' }),
    );
    expect(config).toMatchObject({ pos_weight: [1, 2], compat: 'keras2' });
  });

  it("marks a user's loss as registered under its own name", () => {
    registerLoss(HalfError);
    expect(serializeLoss(new HalfError({ factor: 2 }))).toEqual({
      module: null,
      class_name: 'HalfError',
      config: { name: 'half_error', reduction: 'sum_over_batch_size', factor: 2 },
      registered_name: 'HalfError',
    });
  });
});

describe('deserializeLoss', () => {
  it('reads back every option', () => {
    const options = {
      fromLogits: true,
      labelSmoothing: 0.25,
      axis: [1, 2],
      posWeight: 3,
      compat: 'keras2',
      reduction: 'sum',
      name: 'mine',
    } as const;
    const loss = new BinaryCrossentropy(options);
    const again = deserializeLoss(JSON.parse(JSON.stringify(serializeLoss(loss))) as never);
    expect(again).toBeInstanceOf(BinaryCrossentropy);
    expect(again.getConfig()).toEqual(loss.getConfig());
    expect((again as BinaryCrossentropy).options).toEqual(loss.options);
  });

  it('reads a config of Keras 2', () => {
    // As tf.keras 2.21 saves it.
    const loss = deserializeLoss({
      class_name: 'BinaryCrossentropy',
      config: {
        reduction: 'auto',
        name: 'binary_crossentropy',
        from_logits: true,
        label_smoothing: 0.0,
        axis: -1,
        fn: 'binary_crossentropy',
      },
    });
    expect((loss as BinaryCrossentropy).options.fromLogits).toBe(true);
    expect(loss.reduction).toBe('sum_over_batch_size');
  });

  it('reads a function as Keras 3 saves it', () => {
    const loss = deserializeLoss({
      module: 'builtins',
      class_name: 'function',
      config: 'binary_crossentropy',
      registered_name: 'function',
    });
    expect(loss).toBeInstanceOf(BinaryCrossentropy);
  });

  it('says what it takes', () => {
    for (const wrong of [null, 'bce', { class_name: 'BinaryCrossentropy', config: null }]) {
      expect(() => deserializeLoss(wrong as never)).toThrow(
        'deserializeLoss: takes what serializeLoss gives. Received: ',
      );
    }
    expect(() => serializeLoss({} as never)).toThrow('serializeLoss: takes a loss object.');
  });

  it('rejects entries that it does not know', () => {
    const config = { from_logit: true };
    expect(() => deserializeLoss({ class_name: 'BinaryCrossentropy', config })).toThrow(
      `Did you mean 'fromLogits'?`,
    );
  });
});
