import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { ops, ShapeError } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { expectTensorsKept } from '../support/memory.js';

const y = [0, 1, 0.3, 1, 0];
const p = [0.2, 0.9, 0.5, 0.001, 0.97];

describe('ops.binaryCrossentropy', () => {
  it('is −y log p − (1 − y) log(1 − p) per element, in float64 by hand', () => {
    expectClose(
      ops.binaryCrossentropy(y, p),
      p.map((q, i) => -y[i]! * Math.log(q) - (1 - y[i]!) * Math.log1p(-q)),
    );
  });

  it('has the gradient (p − y) / (p (1 − p)), and 0 where the clip acts', () => {
    const gradient = tf.grad((q) => tf.sum(ops.binaryCrossentropy([...y, 1, 0], q)));
    expectClose(
      gradient(tf.tensor1d([...p, 0, 1])),
      [...p.map((q, i) => (q - y[i]!) / (q * (1 - q))), 0, 0],
      { relative: 2e-6 },
    );
  });

  it('has the gradient log(1 − p) − log p with respect to the labels', () => {
    const gradient = tf.grad((labels) => tf.sum(ops.binaryCrossentropy(labels, p)));
    expectClose(
      gradient(tf.tensor1d(y)),
      p.map((q) => Math.log1p(-q) - Math.log(q)),
      { absolute: 1e-7 },
    );
  });

  it('has the second-order gradient y / p² + (1 − y) / (1 − p)²', () => {
    const second = tf.grad((q) => tf.sum(tf.grad((r) => tf.sum(ops.binaryCrossentropy(y, r)))(q)));
    expectClose(
      second(tf.tensor1d(p)),
      p.map((q, i) => y[i]! / q ** 2 + (1 - y[i]!) / (1 - q) ** 2),
      { relative: 5e-6 },
    );
  });

  it('uses one epsilon, 1e-7, whatever the backend says its own is', () => {
    const epsilon = pretendEpsilon(1e-4);
    try {
      expectClose(ops.binaryCrossentropy([1, 0], [0, 1]), [16.118095, 15.942385]);
    } finally {
      epsilon.restore();
    }
  });

  it('rejects shapes that differ and options that do not exist', () => {
    expect(() => ops.binaryCrossentropy([1], [1, 2])).toThrow(ShapeError);
    expect(() => ops.binaryCrossentropy([1], [1], { logits: true } as never)).toThrow(RangeError);
    expect(() => ops.binaryCrossentropy([1], [1], { fromLogits: 'yes' } as never)).toThrow(
      TypeError,
    );
  });

  it('keeps its result and nothing else', () => {
    expectTensorsKept(1, () => ops.binaryCrossentropy(y, p));
    expectTensorsKept(1, () => ops.binaryCrossentropy(y, p, { fromLogits: true }));
  });
});

function pretendEpsilon(value: number): { restore(): void } {
  const backend = tf.backend();
  const own = backend.epsilon.bind(backend);
  backend.epsilon = () => value;
  return {
    restore: () => {
      backend.epsilon = own;
    },
  };
}
