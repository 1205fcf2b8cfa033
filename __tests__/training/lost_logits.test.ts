/** model.compile says where a loss would read saturated probabilities, as it cannot find their logits. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  categoricalCrossentropy,
  Loss,
  register,
  SparseCategoricalCrossentropy,
} from '../../src/pure.js';
import { expectTensorsKept } from '../support/memory.js';

type Activation = 'sigmoid' | 'softmax' | 'hardSigmoid';

function warningsOf(loss: unknown, activation: Activation, units = 1, shape = [2]): unknown[] {
  const layer = tf.layers.dense({ units, inputShape: shape, activation, name: 'out' });
  const model = tf.sequential({ layers: [layer] });
  jest.mocked(console.warn).mockClear();
  model.compile({ optimizer: 'sgd', loss: loss as string });
  return jest.mocked(console.warn).mock.calls.flat();
}

/** −log p of the right label, from probabilities. */
class OwnBinary extends Loss {
  static override readonly className: string = 'OwnBinary';
  static override readonly reads = 'sigmoid';
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    const p = tf.add(tf.mul(yTrue, yPred), tf.mul(tf.sub(1, yTrue), tf.sub(1, yPred)));
    return tf.mean(tf.neg(tf.log(tf.clipByValue(p, 1e-7, 1))), -1);
  }
}

class Twice extends BinaryCrossentropy {
  static override readonly className = 'TwiceHere';
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return tf.mul(2, super.compute(yTrue, yPred));
  }
}

class TwiceSparse extends SparseCategoricalCrossentropy {
  static override readonly className = 'TwiceSparse';
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return tf.mul(2, super.compute(yTrue, yPred));
  }
}

class OverClasses extends Loss {
  static override readonly className = 'OverClasses';
  static override readonly labels = 'oneHot';
  static override readonly reads = 'softmax';
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return categoricalCrossentropy(yTrue, yPred);
  }
}

class Demanding extends OwnBinary {
  static override readonly className = 'Demanding';
  override compute(): tf.Tensor {
    throw new Error('needs a batch of 32');
  }
}

beforeEach(() => {
  register(tf);
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('model.compile', () => {
  it('warns of a compute of its own whose gradient is gone where the output is sure and wrong', () => {
    expect(warningsOf(new OwnBinary(), 'sigmoid')).toEqual([
      "tfjs-losses: Output 'out' ends in a sigmoid, and compute of OwnBinary has no gradient where the output is sure and " +
        'wrong. Compute with super.compute or a function of this package: those find the logits.',
    ]);
  });

  it.each<[string, unknown, Activation, number]>([
    ['a subclass that calls super.compute', new Twice(), 'sigmoid', 1],
    ['one that follows the activation', new Twice({ fromLogits: 'auto' }), 'sigmoid', 2],
    ['one over class indices', new TwiceSparse(), 'softmax', 3],
    ['a loss that calls a function of ours', new OverClasses(), 'softmax', 3],
    ['a built-in loss', new BinaryCrossentropy(), 'sigmoid', 1],
    ['a loss of which nothing can be said', new Demanding(), 'sigmoid', 1],
  ])('says nothing of %s', (_, loss, activation, units) => {
    expect(warningsOf(loss, activation, units)).toEqual([]);
  });

  it('warns of a hardSigmoid, whose logits cannot be read', () => {
    expect(warningsOf('bce', 'hardSigmoid')).toEqual([
      "tfjs-losses: Output 'out' ends in a hardSigmoid, which is 0 or 1 for logits beyond ±2.5: there BinaryCrossentropy has " +
        'no gradient. Take a sigmoid.',
    ]);
  });

  it('warns of a softmax along another axis than that of the loss', () => {
    const loss = new CategoricalCrossentropy({ axis: 1 });
    expect(warningsOf(loss, 'softmax', 2, [3, 2])).toEqual([
      "tfjs-losses: Output 'out' ends in a softmax along axis 2, and CategoricalCrossentropy reads classes along axis 1. " +
        'Give the loss the axis of the softmax.',
    ]);
  });

  it('warns of a loss of the user that reads a sigmoid, on an output without one', () => {
    const layer = tf.layers.dense({ units: 1, inputShape: [2], name: 'linear' });
    const model = tf.sequential({ layers: [layer] });
    model.compile({ optimizer: 'sgd', loss: new OwnBinary() });
    expect(jest.mocked(console.warn).mock.calls.flat()).toEqual([
      "tfjs-losses: Output 'linear' has no activation, so it gives logits, and OwnBinary reads probabilities. " +
        "Give the layer activation: 'sigmoid'.",
    ]);
  });

  it('warns of an option that a saved model would lose', () => {
    class With extends Loss<{ of?: unknown }> {
      static override readonly className = 'WithFunction';
      static override readonly defaults = { of: 1 };
      override compute(yTrue: tf.Tensor): tf.Tensor {
        return yTrue;
      }
    }
    expect(warningsOf(new With({ of: Math.abs }), 'sigmoid')).toEqual([
      'tfjs-losses: WithFunction: an option must be a value that JSON can hold, or saved models lose it. ' +
        'Received: of function abs.',
    ]);
  });

  it('leaves no tensor of the trial', () => {
    const layer = tf.layers.dense({ units: 1, inputShape: [2], activation: 'sigmoid' });
    const model = tf.sequential({ layers: [layer] });
    const optimizer = tf.train.sgd(1);
    model.compile({ optimizer, loss: new OwnBinary() });
    expectTensorsKept(0, () => {
      for (const loss of [new OwnBinary(), new Demanding(), new Twice()]) {
        model.compile({ optimizer, loss: loss });
      }
    });
  });
});
