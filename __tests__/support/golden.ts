import { describe, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import type { TensorLike } from '@tensorflow/tfjs';

import type { LossClass } from '../../src/pure.js';
import { expectClose, tolerance as defaultTolerance, type Tolerance } from './expect_close.js';

/** A file that tools/golden.py filled: inputs and options, with loss and gradient as Keras gives them. */
export interface Golden {
  /** Name and versions of what computed `loss` and `gradient`. */
  source: string;
  /** Class of the loss. */
  class: string;
  /** Whether samples are compared with each other, so that each is in the values of all. */
  interacting?: boolean;
  cases: GoldenCase[];
}

export interface GoldenCase {
  title: string;
  options: Record<string, unknown>;
  yTrue: TensorLike;
  yTrueDtype?: 'float32' | 'int32' | 'bool';
  yPred: TensorLike;
  sampleWeight?: TensorLike;
  loss: TensorLike;
  /** Gradient of the sum of `loss` with respect to `yPred`. */
  gradient: TensorLike;
}

/** Tests that a loss object gives the loss and the gradient of each case. */
export function describeGolden(lossClass: LossClass, file: object, tolerance?: Partial<Tolerance>) {
  const golden = file as Golden;
  describe(`agrees with ${golden.source}`, () => {
    it.each(golden.cases)('$title', (given) => {
      expectGolden(lossClass, given, tolerance);
    });
  });
}

export function expectGolden(
  lossClass: LossClass,
  { options, yTrue, yTrueDtype, yPred, sampleWeight, loss, gradient }: GoldenCase,
  tolerance?: Partial<Tolerance>,
): void {
  const object = new lossClass(options as never);
  const labels = tf.tensor(yTrue, undefined, yTrueDtype);
  const f = (output: tf.Tensor) => object(labels, output, sampleWeight);
  expectClose(f(tf.tensor(yPred)), loss, tolerance);
  const dPred = tf.grad((output) => tf.sum(f(output)))(tf.tensor(yPred));
  // Where terms of both signs meet, an entry has the error of the largest of them.
  const largest = tf.max(tf.abs(tf.tensor(gradient))).dataSync()[0]!;
  const { relative, absolute } = { ...defaultTolerance(), ...tolerance };
  expectClose(dPred, gradient, {
    relative,
    absolute: Math.max(relative * largest, absolute),
  });
}
