import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { binaryAccuracy, ShapeError } from '../../src/pure.js';
import { expectClose } from '../support/expect_close.js';
import { expectTensorsKept } from '../support/memory.js';

describe('binaryAccuracy', () => {
  const labels = [
    [1, 1],
    [0, 0],
  ];

  it('counts predictions above ½, as Keras does, and ½ itself as negative', () => {
    // keras.metrics.binary_accuracy: greater than the threshold.
    const p = [
      [0.9, 0.5],
      [0.5, 0.6],
    ];
    expectClose(binaryAccuracy()(labels, p), [0.5, 0.5]);
  });

  it('reads logits, whose ½ is 0', () => {
    const x = [
      [0.2, -0.1],
      [-3, 0],
    ];
    expectClose(binaryAccuracy({ fromLogits: true })(labels, x), [0.5, 1]);
  });

  it('moves the threshold, in probabilities also for logits', () => {
    const p = [
      [0.7, 0.85],
      [0.7, 0.85],
    ];
    const logits = tf.log(tf.div(p, tf.sub(1, p)));
    expectClose(binaryAccuracy({ threshold: 0.8 })(labels, p), [0.5, 0.5]);
    expectClose(binaryAccuracy({ threshold: 0.8, fromLogits: true })(labels, logits), [0.5, 0.5]);
    expectClose(binaryAccuracy({ threshold: 0, fromLogits: true })(labels, logits), [1, 0]);
  });

  it('aligns labels [batch] with predictions [batch, 1], and takes int32 and bool', () => {
    expectClose(binaryAccuracy()([1, 0], [[0.9], [0.8]]), [1, 0]);
    expectClose(binaryAccuracy()(tf.tensor([1, 0], [2, 1], 'int32'), [[0.9], [0.8]]), [1, 0]);
    expectClose(binaryAccuracy()([[true], [false]], [[0.9], [0.8]]), [1, 0]);
  });

  it('has a name that no minifier changes', () => {
    expect(binaryAccuracy().name).toBe('binaryAccuracy');
  });

  it('rejects shapes that differ, and options out of range', () => {
    expect(() => binaryAccuracy()([1, 0], [[0.9, 0.1]])).toThrow(ShapeError);
    expect(() => binaryAccuracy({ threshold: 2 })).toThrow(RangeError);
    expect(() => binaryAccuracy({ treshold: 0.2 } as never)).toThrow(`Did you mean 'threshold'?`);
  });

  it('keeps its result and nothing else', () => {
    expectTensorsKept(1, () => binaryAccuracy()([1, 0], [[0.9], [0.8]]));
  });
});
