import * as tf from '@tensorflow/tfjs';
import { register, unregister } from 'tfjs-losses';

import type { Dataset } from '../data/dataset.js';
import { createLoss, lossNamed, tfjsNameOf } from '../losses.js';
import { givenOptions } from '../options.js';
import type { Settings } from '../settings.js';
import type { VariantId } from '../variants.js';

/** A model of one variant, compiled; all three begin with the same weights. */
export function createModel(id: VariantId, dataset: Dataset, settings: Settings): tf.Sequential {
  const model = denseModel(dataset, id === 'logits' ? 'linear' : dataset.activation);
  if (settings.start !== 0) saturate(model, dataset.saturatedBias(settings.start));
  const optimizer = tf.train[settings.optimizer](settings.learningRate);
  const compile = (loss: tf.ModelCompileArgs['loss']) => {
    model.compile({ optimizer, loss, metrics: ['accuracy'] });
  };
  const options = givenOptions(settings.loss, settings.options);
  if (id === 'activation') compile(createLoss(settings.loss, options));
  else if (id === 'logits') compile(createLoss(settings.loss, { ...options, fromLogits: true }));
  else {
    // The loss that TensorFlow.js has without this package. A model keeps what it was compiled with.
    unregister();
    compile(tfjsNameOf(lossNamed(settings.loss)));
    register(tf);
  }
  return model;
}

function denseModel(
  { training, hiddenUnits, units }: Dataset,
  activation: 'sigmoid' | 'softmax' | 'linear',
): tf.Sequential {
  const initializer = (seed: number) => ({
    kernelInitializer: tf.initializers.glorotUniform({ seed }),
  });
  const inputShape = [training.features[0]?.length ?? 0];
  return tf.sequential({
    layers: [
      tf.layers.dense({ units: hiddenUnits, activation: 'relu', inputShape, ...initializer(1) }),
      tf.layers.dense({ units, activation, ...initializer(2) }),
    ],
  });
}

/** Gives the last layer these biases. */
function saturate(model: tf.Sequential, bias: number[]): void {
  const output = model.layers.at(-1);
  const [kernel] = output?.getWeights() ?? [];
  if (output === undefined || kernel === undefined) return;
  tf.tidy(() => {
    output.setWeights([kernel, tf.tensor1d(bias)]);
  });
}
