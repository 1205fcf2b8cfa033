import type { LayersModel } from '@tensorflow/tfjs-layers';

import type { Plan } from './plan.js';
import type { EpochMeans } from './step/epoch_means.js';
import { workingModel } from './tfjs.js';

/** What this package remembers of a model between calls. */
interface ModelState {
  /** How the model is trained and measured. Absent for a model that TensorFlow.js alone compiled. */
  plan?: Plan | undefined;
  /** The means of the training step that was made last. */
  trainingMeans?: EpochMeans | undefined;
}

const states = new WeakMap<LayersModel, ModelState>();

/** The state of a model. A `tf.Sequential` has that of the model inside it, which it makes anew each time it is compiled. */
export function modelState(model: LayersModel): ModelState {
  const working = workingModel(model);
  let state = states.get(working);
  if (state === undefined) {
    state = {};
    states.set(working, state);
  }
  return state;
}

/** TensorFlow.js's own metrics by name, `tf.metrics`. They belong to no model: attach.ts puts them here for all. */
export const tfjsMetrics: Record<string, unknown> = {};
