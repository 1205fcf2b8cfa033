import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { categoricalAccuracy, ShapeError, sparseCategoricalAccuracy } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { expectTensorsKept } from '../support/memory.js';

const output = [
  [0.1, 0.7, 0.2],
  [0.1, 0.7, 0.2],
  [0.5, 0.5, 0],
];

describe('categoricalAccuracy', () => {
  const labels = [
    [0, 1, 0],
    [0, 0, 1],
    [1, 0, 0],
  ];

  it('compares the largest label and prediction; of equal ones the first counts', () => {
    expectClose(categoricalAccuracy()(labels, output), [1, 0, 1]);
  });

  it('is the same for logits, and for labels of any dtype', () => {
    expectClose(
      categoricalAccuracy()(tf.tensor2d(labels, [3, 3], 'int32'), tf.log(output)),
      [1, 0, 1],
    );
  });

  it('takes another axis', () => {
    const metric = categoricalAccuracy({ axis: 0 });
    expectClose(metric(tf.transpose(labels), tf.transpose(output)), [1, 0, 1]);
  });

  it('rejects shapes that differ, unknown options and an axis out of range', () => {
    expect(() => categoricalAccuracy()([[1, 0]], output)).toThrow(ShapeError);
    expect(() => categoricalAccuracy({ axes: 1 } as never)).toThrow(`Did you mean 'axis'?`);
    expect(() => categoricalAccuracy({ axis: 2 })(labels, output)).toThrow(RangeError);
  });

  it('keeps its result and nothing else, and has a name that no minifier changes', () => {
    expectTensorsKept(1, () => categoricalAccuracy()(labels, output));
    expect(categoricalAccuracy().name).toBe('categoricalAccuracy');
  });
});

describe('sparseCategoricalAccuracy', () => {
  it('compares class indices with the largest prediction, in every form of the labels', () => {
    for (const labels of [[1, 2, 0], [[1], [2], [0]], tf.tensor1d([1, 2, 0], 'int32')]) {
      expectClose(sparseCategoricalAccuracy()(labels, output), [1, 0, 1]);
    }
  });

  it('takes another axis, and [batch, time] labels', () => {
    const metric = sparseCategoricalAccuracy({ axis: 0 });
    expectClose(metric([1, 2, 0], tf.transpose(output)), [1, 0, 1]);
    expectClose(sparseCategoricalAccuracy()([[1, 2, 0]], [output]), [[1, 0, 1]]);
  });

  it('rejects one-hot labels', () => {
    expect(() => sparseCategoricalAccuracy()(output, output)).toThrow(ShapeError);
  });

  it('keeps its result and nothing else, and has a name that no minifier changes', () => {
    expectTensorsKept(1, () => sparseCategoricalAccuracy()([1, 2, 0], output));
    expect(sparseCategoricalAccuracy().name).toBe('sparseCategoricalAccuracy');
  });
});
