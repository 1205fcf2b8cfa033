import type { CustomCallback, CustomCallbackArgs, LayersModel } from '@tensorflow/tfjs-layers';

import type { Plan } from '../plan.js';
import { modelState } from '../state.js';
import { hidden, isCallback } from '../tfjs.js';
import type { EpochMeans } from './epoch_means.js';

/**
 * Puts a callback before those of the user: it writes the means over all batches of an epoch into the logs before anybody reads
 * them. Returns the callbacks, and a function that disposes what is left of an epoch that failed.
 */
export function withEpochMeans(
  model: LayersModel,
  plan: Plan,
  callbacks: object | readonly object[] | null | undefined,
): { callbacks: unknown; end: () => void } {
  const hasMetrics = plan.outputs.some(({ metrics }) => metrics.length > 0);
  if (!plan.usesOwnSteps || !hasMetrics) return { callbacks, end: () => undefined };
  let means: EpochMeans | undefined;
  const methods: CallbackMethods = {
    onTrainBegin: () => {
      means = modelState(model).trainingMeans;
      return Promise.resolve();
    },
    onEpochBegin: () => {
      means?.begin();
      return Promise.resolve();
    },
    onBatchEnd: () => Promise.resolve(),
    onEpochEnd: (_epoch, logs = {}) => {
      means?.write(logs, hidden(model).getDedupedMetricsNames());
      return Promise.resolve();
    },
  };
  // Where there are no callbacks, an empty one makes TensorFlow.js yield to the browser now and then.
  const given = [callbacks ?? {}].flat();
  return { callbacks: [callbackLike(given[0], methods), ...given], end: () => means?.end() };
}

type CallbackMethods = Pick<
  CustomCallback,
  'onTrainBegin' | 'onEpochBegin' | 'onBatchEnd' | 'onEpochEnd'
>;

/**
 * A callback of the same kind as the user's first one, since TensorFlow.js judges a list by its first entry: either all are
 * callback objects, or TensorFlow.js makes a callback object of each.
 */
function callbackLike(first: object | undefined, methods: CallbackMethods): object {
  if (first !== undefined && isCallback(first)) {
    return Object.assign(Object.create(baseOf(first)) as object, methods);
  }
  const args: CustomCallbackArgs = {
    onTrainBegin(this: object) {
      // `this` is the callback object that TensorFlow.js made. Its own methods would read all logs back from the backend, and
      // wait for the browser a second time.
      Object.assign(this, methods);
      return methods.onTrainBegin();
    },
  };
  return args;
}

/** The prototype of TensorFlow.js's base class of callbacks: the last one before that of all objects. */
function baseOf(callback: object): object {
  const prototype = Object.getPrototypeOf(callback) as object;
  const above = Object.getPrototypeOf(prototype) as object;
  return Object.getPrototypeOf(above) === null ? prototype : baseOf(prototype);
}
