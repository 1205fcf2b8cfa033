import { afterEach, expect, it, jest } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

import { BinaryCrossentropy } from '../../src/pure.js';
import { describeKernels } from '../support/kernels.js';

afterEach(() => {
  jest.restoreAllMocks();
});

describeKernels('tensors of another copy of TensorFlow.js', () => {
  it('are named once, with the commands that leave one copy', () => {
    const warned = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const bce = new BinaryCrossentropy({ fromLogits: true });
    bce(tf.ones([1, 1]), tf.ones([1, 1]));
    expect(warned).not.toHaveBeenCalled();

    // What `instanceof` takes for a tensor, though its class is another one.
    const own = tf.ones([1, 1]);
    const prototype = Object.defineProperties(
      {},
      Object.getOwnPropertyDescriptors(tf.Tensor.prototype),
    );
    const foreign = Object.setPrototypeOf(own, prototype) as tf.Tensor;
    expect(foreign instanceof tf.Tensor).toBe(true);
    for (let call = 0; call < 3; call++) bce(tf.ones([1, 1]), foreign);
    expect(warned).toHaveBeenCalledTimes(1);
    expect(warned.mock.calls[0]![0]).toMatch(
      /^tfjs-losses: There are two copies of TensorFlow\.js\. .+ `npm ls @tensorflow\/tfjs-core` .+ leaves one\.$/,
    );
  });
});
