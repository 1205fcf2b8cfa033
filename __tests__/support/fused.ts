import * as tf from '@tensorflow/tfjs';

import {
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  type Loss,
} from '../../src/pure.js';
import { expectClose } from './expect_close.js';
import { bothWays } from './kernels.js';

/** Rounding errors of TF.js's own sums; a gradient may be the difference of two numbers. */
export const CLOSE = { relative: 3e-6, absolute: 3e-7 };

interface Case {
  loss: Loss;
  labels: tf.Tensor;
  logits: tf.Tensor;
  sampleWeight?: tf.Tensor | undefined;
  /** Whether the labels are class indices, which have no gradient. */
  isSparse: boolean;
}

/** The loss and all of its gradients are the same with kernels as by the formula. */
export function expectEqualBothWays({ loss, labels, logits, sampleWeight, isSparse }: Case): void {
  const inputs: [string, tf.Tensor][] = [['logits', logits]];
  if (!isSparse) inputs.push(['labels', labels]);
  if (sampleWeight) inputs.push(['sampleWeight', tf.cast(sampleWeight, 'float32')]);
  const all = { logits, labels, sampleWeight };
  const { fast, formula } = bothWays(() => {
    // Multiplied by numbers that differ, so that each value has an incoming gradient of its own.
    const sumOf = (values: tf.Tensor) =>
      tf.sum(tf.mul(values, tf.reshape(tf.linspace(0.5, 2, values.size), values.shape)));
    const f = (changed: object) => {
      const given = { ...all, ...changed };
      return loss(given.labels, given.logits, given.sampleWeight);
    };
    const at = (name: string, x: tf.Tensor) => sumOf(f({ [name]: x }));
    return {
      value: f({}),
      gradients: inputs.map(([name, x]) => tf.grad((z) => at(name, z))(x)),
      // All of them from one tape.
      together: tf.grads((...xs: tf.Tensor[]) =>
        sumOf(f(Object.fromEntries(xs.map((x, i) => [inputs[i]![0], x])))),
      )(inputs.map(([, x]) => x)),
    };
  });
  expectClose(fast.value, formula.value, CLOSE);
  formula.gradients.forEach((gradient, i) => {
    // That of a weight in a weighted mean is a difference of losses, which are up to 20.
    const close = inputs[i]![0] === 'sampleWeight' ? { ...CLOSE, absolute: 6e-6 } : CLOSE;
    expectClose(fast.gradients[i]!, gradient, close);
    expectClose(fast.together[i]!, gradient, close);
  });
}

export const random = (shape: number[], seed: number, scale = 4) =>
  tf.randomNormal(shape, 0, scale, 'float32', seed);
export const classes = (shape: number[], count: number, seed: number) =>
  tf.cast(tf.floor(tf.randomUniform(shape, 0, count, 'float32', seed)), 'int32');
export const yesNo = (shape: number[], seed: number) => tf.cast(classes(shape, 2, seed), 'float32');

/** Losses of the same logits, by name. */
export const LOSSES: Record<string, (options: object, logits: tf.Tensor) => Case> = {
  BinaryCrossentropy: (options, logits) => ({
    loss: new BinaryCrossentropy({ fromLogits: true, ...options }),
    labels: yesNo(logits.shape, 3),
    logits,
    isSparse: false,
  }),
  CategoricalCrossentropy: (options, logits) => ({
    loss: new CategoricalCrossentropy({ fromLogits: true, ...options }),
    labels: tf.softmax(random(logits.shape, 4)),
    logits,
    isSparse: false,
  }),
  SparseCategoricalCrossentropy: (options, logits) => ({
    loss: new SparseCategoricalCrossentropy({ fromLogits: true, ...options }),
    labels: classes(logits.shape.slice(0, -1), logits.shape.at(-1)!, 5),
    logits,
    isSparse: true,
  }),
};

export const NAMES = Object.keys(LOSSES);
/** A case for each loss and each of the others. */
export const each = <Other>(others: readonly Other[]): [string, Other][] =>
  NAMES.flatMap((name) => others.map((other): [string, Other] => [name, other]));
