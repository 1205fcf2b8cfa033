import type { CustomCallback, LayersModel, Sequential } from '@tensorflow/tfjs-layers';

import { shared } from '../shared.js';
import { rememberCallbacks } from './step/epoch_means.js';
import { missingMethods, rememberMetrics } from './tfjs.js';
import { readKerasFiles } from './files/loading.js';
import { modelMethods, plainMethods, sequentialMethods, warnOfMissing } from './methods.js';

// Their declarations come along with ours; an import without names would stay in the code.
export type * from './layers_types.js';

/** The part of `@tensorflow/tfjs-layers` that the integration changes and uses. `tf` itself has it too. */
export interface Layers {
  /** Whose methods learn our losses. */
  readonly LayersModel: typeof LayersModel;
  /** Whose methods pass on to those of `LayersModel`. */
  readonly Sequential?: typeof Sequential;
  /** TensorFlow.js's own metrics, which are known by name. */
  readonly metrics?: object;
  /** What callbacks are made of. */
  readonly CustomCallback?: typeof CustomCallback;
}

/**
 * Teaches TF.js's models our losses, weights and metrics: `compile`, `fit`, `evaluate` and the others keep their names and
 * forms. Models that use none of it train by TF.js's own steps.
 */
export function integrateTraining(layers: Layers): void {
  const { prototype } = layers.LayersModel;
  const { restoreTraining } = shared();
  if (restoreTraining.has(prototype)) return;
  rememberMetrics({ ...layers.metrics });
  rememberCallbacks(layers.CustomCallback);
  const missing = missingMethods(prototype);
  if (missing.length > 0) warnOfMissing(missing);
  const restorers =
    missing.length > 0
      ? [replace(prototype, plainMethods)]
      : [
          replace(prototype, modelMethods),
          ...(layers.Sequential ? [replace(layers.Sequential.prototype, sequentialMethods)] : []),
          readKerasFiles(),
        ];
  restoreTraining.set(prototype, () => {
    for (const restore of restorers) restore();
    restoreTraining.delete(prototype);
  });
}

/** Replaces methods, and gives what puts them back. */
function replace(prototype: object, replacements: Readonly<Record<string, unknown>>): () => void {
  const owner = prototype as Record<string, unknown>;
  const restorers = Object.entries(replacements).map(([name, replacement]) => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    const method = (replacement as (original: unknown) => unknown)(owner[name]);
    Object.defineProperty(owner, name, { ...before, value: method });
    return () => {
      // Whoever wrapped the method after us keeps the wrapper, and it goes on calling ours.
      if (owner[name] === method) Object.defineProperty(owner, name, { ...before });
    };
  });
  return () => {
    for (const restore of restorers) restore();
  };
}
