/** Whatever of ours reads probabilities finds the logits behind them, in training and in loops of one's own. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import {
  addLosses,
  BinaryCrossentropy,
  binaryCrossentropy,
  CategoricalCrossentropy,
  categoricalCrossentropy,
  Dice,
  dice,
  Loss,
  ops,
  register,
  registerLoss,
  scaleLoss,
  SparseCategoricalCrossentropy,
  unregister,
} from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';

// One feature of 1, a kernel of 40 and the label 0: by hand, the loss is 40 and its slope 1.
const x = () => tf.tensor2d([[1]]);
const y = () => tf.tensor2d([[0]]);
const quiet = { epochs: 1, verbose: 0, shuffle: false } as const;

function dense(activation: 'sigmoid' | 'linear', inputShape = [1]) {
  const kernelInitializer = tf.initializers.constant({ value: 40 });
  return tf.layers.dense({ units: 1, inputShape, activation, kernelInitializer, useBias: false });
}

class Twice extends BinaryCrossentropy {
  static override readonly className = 'Twice';
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return tf.mul(2, super.compute(yTrue, yPred));
  }
}

class Mine extends Loss {
  static override readonly className = 'MineOfOps';
  override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
    return tf.mean(ops.binaryCrossentropy(yTrue, yPred), -1);
  }
}

type Plain = (yTrue: tf.Tensor, yPred: tf.Tensor) => tf.Tensor;

const named: Plain = (yTrue, yPred) => binaryCrossentropy(yTrue, yPred);
const flattened: Plain = (yTrue, yPred) =>
  binaryCrossentropy(tf.reshape(yTrue, [-1, 1]), tf.expandDims(tf.reshape(yPred, [-1]), 1));
const object: Plain = (yTrue, yPred) => new BinaryCrossentropy({ reduction: 'none' })(yTrue, yPred);

const losses: Record<string, () => unknown> = {
  'a name': () => 'bce',
  'a loss object': () => new BinaryCrossentropy(),
  'a sum of losses with factors': () => addLosses(scaleLoss('bce', 0.25), scaleLoss('bce', 0.75)),
  'half of a subclass that calls super.compute': () => scaleLoss(new Twice(), 0.5),
  'a loss of a user that calls an op': () => new Mine(),
  'a plain function that calls one of ours': () => named,
  'a plain function that reshapes before': () => flattened,
  'a plain function that calls a loss object': () => object,
  'a plain function that is registered': () => {
    registerLoss('registeredHere', named);
    return 'registeredHere';
  },
};

/** Models that end in a sigmoid of 40, with the shape of their inputs and labels. */
const models: Record<string, () => tf.LayersModel> = {
  'a dense layer': () => tf.sequential({ layers: [dense('sigmoid')] }),
  'an activation layer': () =>
    tf.sequential({
      layers: [dense('linear'), tf.layers.activation({ activation: 'sigmoid' })],
    }),
  'a layer that reshapes': () =>
    tf.sequential({ layers: [dense('sigmoid'), tf.layers.reshape({ targetShape: [1] })] }),
  'a model used as a layer': () => {
    const input = tf.input({ shape: [1] });
    const inner = tf.sequential({ layers: [dense('sigmoid')] });
    return tf.model({ inputs: input, outputs: inner.apply(input) as tf.SymbolicTensor });
  },
};

function compiled(model: tf.LayersModel, loss: unknown): tf.LayersModel {
  model.compile({ optimizer: tf.train.sgd(1), loss: loss as string });
  return model;
}

const kernelOf = (model: tf.LayersModel) => model.getWeights()[0]!.dataSync()[0]!;
const lossOf = (history: tf.History) => (history.history.loss as number[])[0]!;

beforeEach(() => {
  register(tf);
});
afterEach(() => {
  unregister();
});

describe.each(Object.entries(losses))('with %s', (_, loss) => {
  it.each(Object.entries(models))('%s trains and is measured', async (_name, build) => {
    const model = compiled(build(), loss());
    expectClose(model.evaluate(x(), y()) as tf.Scalar, 40);
    expect(lossOf(await model.fit(x(), y(), quiet))).toBeCloseTo(40, 5);
    expect(kernelOf(model)).toBeCloseTo(39, 5);
    expect(await model.trainOnBatch(x(), y())).toBeCloseTo(39, 5);
    const batches = tf.data.zip({ xs: tf.data.array([[1]]), ys: tf.data.array([[0]]) }).batch(1);
    const args = { epochs: 1, verbose: 0, validationData: batches } as const;
    const { history } = await model.fitDataset(batches, args);
    expect(history.loss![0]).toBeCloseTo(38, 5);
    expect(history.val_loss![0]).toBeCloseTo(37, 5);
  });
});

describe.each(Object.entries(models))("in a loop of one's own, %s", (_, build) => {
  const functions: Record<string, Plain> = {
    'a loss object': new BinaryCrossentropy(),
    'a sum of losses': addLosses(new BinaryCrossentropy(), scaleLoss(new Twice(), 0)),
    'a function': (yTrue, yPred) => tf.mean(binaryCrossentropy(yTrue, yPred)),
    'an op': (yTrue, yPred) => tf.mean(ops.binaryCrossentropy(yTrue, yPred)),
  };

  it.each(Object.entries(functions))('trains with %s', (_name, loss) => {
    const model = build();
    const [features, labels] = [x(), y()];
    const optimizer = tf.train.sgd(1);
    const step = () =>
      optimizer.minimize(() => loss(labels, model.apply(features) as tf.Tensor) as tf.Scalar, true);
    expectClose(step()!, 40);
    expect(kernelOf(model)).toBeCloseTo(39, 5);
    const before = { ...tf.memory() };
    for (let i = 0; i < 20; i++) step()!.dispose();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    expect(kernelOf(model)).toBeCloseTo(19, 4);
  });
});

describe("fromLogits: 'auto'", () => {
  class Handed extends BinaryCrossentropy {
    static override readonly className = 'Handed';
    override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
      return binaryCrossentropy(yTrue, yPred, this.options);
    }
  }

  it.each(['sigmoid', 'linear'] as const)('may be handed on, behind a %s', async (activation) => {
    const model = compiled(
      tf.sequential({ layers: [dense(activation)] }),
      new Handed({ fromLogits: 'auto' }),
    );
    expect(lossOf(await model.fit(x(), y(), quiet))).toBeCloseTo(40, 5);
    expect(kernelOf(model)).toBeCloseTo(39, 5);
    expect(() => new Handed({ fromLogits: 'auto' })(y(), x())).toThrow('outside of model.compile');
  });
});

describe('other forms of probabilities', () => {
  it('of timeDistributed(dense(…)) are trained, measured, and read in a loop', async () => {
    const build = () =>
      tf.sequential({
        layers: [tf.layers.timeDistributed({ layer: dense('sigmoid'), inputShape: [3, 1] })],
      });
    const [xs, ys] = [tf.ones([2, 3, 1]), tf.zeros([2, 3, 1])];
    const model = compiled(build(), 'bce');
    expectClose(model.evaluate(xs, ys) as tf.Scalar, 40);
    expect(lossOf(await model.fit(xs, ys, quiet))).toBeCloseTo(40, 5);
    expect(kernelOf(model)).toBeCloseTo(39, 5);
    const own = build();
    const loss = new BinaryCrossentropy();
    tf.train.sgd(1).minimize(() => loss(ys, own.apply(xs) as tf.Tensor));
    expect(kernelOf(own)).toBeCloseTo(39, 5);
  });

  it('of a softmax per step of time, stacked and transposed', () => {
    const labels = tf.tensor3d([[[0], [1]]]);
    const logits = tf.tensor3d([[[50], [0]]]);
    const loss = new CategoricalCrossentropy({ axis: 1, reduction: 'sum' });
    const f = (z: tf.Tensor) => {
      const step = tf.softmax(tf.reshape(z, [1, 2]));
      return loss(labels, tf.transpose(tf.stack([step]), [1, 2, 0]));
    };
    const { value, grad } = tf.valueAndGrad(f)(logits);
    expectClose(value, 50);
    expectClose(grad, [[[1], [-1]]]);
  });

  it('of softmaxes that are stacked along an axis counted from the last', () => {
    const logits = tf.tensor2d([[50, 0]]);
    // Stacked to [1, 2, 2], where the classes are axis 1: [1, 0] is right in both columns, by hand 50 for [0, 1].
    const labels = tf.tensor3d([
      [
        [0, 0],
        [1, 1],
      ],
    ]);
    const of = (axis: number) => (z: tf.Tensor) => {
      const loss = new CategoricalCrossentropy({ axis, reduction: 'sum' });
      return loss(labels, tf.stack([tf.softmax(z), tf.softmax(z)], -1));
    };
    const { value, grad } = tf.valueAndGrad(of(1))(logits);
    expectClose(value, 100);
    expectClose(grad, [[2, -2]]);
    // Along the last axis they are probabilities: 1/2 each of two that are 0 or 1 together; a row of 2e-22 counts as given.
    const other = tf.valueAndGrad(of(-1))(logits).value;
    const p = tf.stack([tf.softmax(logits), tf.softmax(logits)], -1);
    expectClose(other, new CategoricalCrossentropy({ reduction: 'sum' })(labels, p));
  });

  it('are found by all losses and ops over classes behind a layer', () => {
    const weights = [tf.tensor2d([[60, 0]])];
    const layer = tf.layers.dense({ units: 2, activation: 'softmax', useBias: false, weights });
    layer.apply(x());
    const [hot, index] = [tf.tensor2d([[0, 1]]), tf.tensor1d([1], 'int32')];
    const forms: [string, (p: tf.Tensor) => tf.Tensor][] = [
      ['categoricalCrossentropy', (p) => categoricalCrossentropy(hot, p)],
      ['ops.categoricalCrossentropy', (p) => ops.categoricalCrossentropy(hot, p)],
      ['ops.sparseCategoricalCrossentropy', (p) => ops.sparseCategoricalCrossentropy(index, p)],
      ['SparseCategoricalCrossentropy', (p) => new SparseCategoricalCrossentropy()(index, p)],
    ];
    for (const [name, loss] of forms) {
      const f = () => tf.sum<tf.Scalar>(loss(layer.apply(x()) as tf.Tensor));
      const { value, grads } = tf.variableGrads(f);
      expect([name, value.dataSync()[0]]).toEqual([name, 60]);
      expectClose(Object.values(grads)[0]!, [[1, -1]]);
    }
  });

  it('are found by losses of overlaps', () => {
    const labels = tf.tensor2d([[1, 0]]);
    for (const loss of [new Dice(), (a: tf.Tensor, b: tf.Tensor) => dice(a, b)]) {
      const f = (z: tf.Tensor) => {
        const p = tf.tidy(() => tf.sigmoid(tf.mul(z, 1)));
        return tf.sum(loss(labels, p));
      };
      const expected = tf.grad((z) => dice(labels, z, { fromLogits: true }))(
        tf.tensor2d([[-30, 1]]),
      );
      expectClose(tf.grad(f)(tf.tensor2d([[-30, 1]])), expected);
      expect(Math.abs(expected.dataSync()[0]!)).toBeGreaterThan(0);
    }
  });

  it('have a second derivative behind a scope that disposed their logits', () => {
    const loss = (z: tf.Tensor) =>
      tf.sum(
        binaryCrossentropy(
          [[1]],
          tf.tidy(() => tf.sigmoid(tf.mul(z, 1))),
        ),
      );
    const curvature = tf.grad((z: tf.Tensor) => tf.sum(tf.grad(loss)(z)))(tf.tensor2d([[-20]]));
    expectClose(curvature, [[Math.exp(-20) / (1 + Math.exp(-20)) ** 2]], { relative: 1e-5 });
  });
});

describe('nothing is kept', () => {
  it('of the gates of a recurrent layer, which are sigmoids that no loss reads', () => {
    const lstm = tf.layers.lstm({ units: 2, inputShape: [40, 1], recurrentActivation: 'sigmoid' });
    const model = tf.sequential({ layers: [lstm] });
    const xs = tf.ones([1, 40, 1]);
    const buffersInStep = () => {
      let buffers = 0;
      const { grads } = tf.variableGrads(() => {
        const output = model.apply(xs) as tf.Tensor;
        buffers = tf.memory().numDataBuffers;
        return tf.sum<tf.Scalar>(output);
      });
      tf.dispose(grads);
      return buffers;
    };
    const before = tf.memory().numDataBuffers;
    const watched = buffersInStep() - before;
    unregister();
    const unwatched = buffersInStep() - tf.memory().numDataBuffers;
    expect(watched - unwatched).toBeLessThan(40);
  });

  it('after steps that throw in a loop, but what TensorFlow.js itself leaves', () => {
    const model = models['a dense layer']!();
    const features = x();
    const throwing = () => {
      tf.variableGrads(() => {
        new BinaryCrossentropy()(tf.zeros([3, 3]), model.apply(features) as tf.Tensor);
        return tf.scalar(0);
      });
    };
    const leftBehind = () => {
      expect(throwing).toThrow('same shape');
      const before = tf.memory().numDataBuffers;
      for (let i = 0; i < 10; i++) expect(throwing).toThrow('same shape');
      return tf.memory().numDataBuffers - before;
    };
    const ours = leftBehind();
    unregister();
    expect(ours).toBe(leftBehind());
  });

  it.each<[string, unknown, boolean]>([
    ["TensorFlow.js's own loss", tf.losses.sigmoidCrossEntropy, false],
    ["TensorFlow.js's own metric as a loss", tf.metrics.binaryCrossentropy, false],
    ['a function of the user, which may call one of ours', named, true],
    ['a loss of ours', 'bce', true],
  ])('while a model is evaluated by %s', (_, loss, isTraced) => {
    const last = dense('sigmoid');
    const seen: boolean[] = [];
    last.setCallHook(() => seen.push(Symbol.for('tfjs-losses.Loss') in tf.engine()));
    const model = compiled(tf.sequential({ layers: [last] }), loss);
    seen.length = 0;
    tf.dispose(model.evaluate(x(), y()));
    expect(seen).toEqual([isTraced]);
  });

  it('outside of gradients and steps', () => {
    const p = tf.sigmoid(tf.tensor2d([[-40]]));
    expectClose(binaryCrossentropy([[1]], p), [-Math.log(1e-7)]);
  });

  it('of what unregister takes back', () => {
    const engine = tf.engine() as object;
    expect(Object.hasOwn(engine, 'runKernel')).toBe(true);
    register(tf);
    unregister();
    expect(Object.hasOwn(engine, 'runKernel')).toBe(false);
    expect(Object.getOwnPropertySymbols(engine)).toEqual([]);
  });
});
