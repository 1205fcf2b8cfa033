import { readFileSync } from 'node:fs';

import type * as tf from '@tensorflow/tfjs';

/** What Keras says of its model. */
interface KerasResult {
  /** Versions. */
  source: string;
  /** How long Keras trained the model. */
  epochs: number;
  /** Keras's `evaluate` on the validation rows. */
  evaluate: { loss: number; accuracy: number };
  /** Share of the validation rows whose logit is above 0 where the label is 1. */
  aboveZero: { benign: number };
}

/**
 * The model in data/keras_model, for `tf.io.fromMemory`, and what Keras says of it. Browsers and tfjs-node read the files
 * themselves, by `tf.loadLayersModel('…/model.json')`.
 */
export function readKerasModel(): { artifacts: tf.io.ModelArtifacts; keras: KerasResult } {
  const folder = new URL('../data/keras_model/', import.meta.url);
  const read = (name: string) => readFileSync(new URL(name, folder));
  const json = JSON.parse(read('model.json').toString()) as tf.io.ModelJSON;
  const [group] = json.weightsManifest;
  return {
    artifacts: {
      modelTopology: json.modelTopology,
      weightSpecs: group!.weights,
      weightData: new Uint8Array(read(group!.paths[0]!)).buffer,
    },
    keras: JSON.parse(read('keras.json').toString()) as KerasResult,
  };
}
