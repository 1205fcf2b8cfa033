import type { LayersModel, Sequential } from '@tensorflow/tfjs-layers';

import { shared } from '../shared.js';
import { kerasFilesPatch } from './files/loading.js';
import { forgetSavedConfig } from './files/saving.js';
import {
  fallbackMethods,
  inheritedBySequential,
  modelMethods,
  sequentialMethods,
  warnOfMissing,
} from './methods.js';
import { methodPatch, type Method, type Patch, type Replacement } from './patch.js';
import { tfjsMetrics } from './state.js';
import { isSequential, missingMethods, workingModel } from './tfjs.js';

// Declarations for TypeScript, which come along with this file. `export type` leaves nothing of them in the code.
export type * from './layers_types.js';

/** The part of `@tensorflow/tfjs-layers` that this package changes and uses. `tf` has it, too. */
export interface Layers {
  /** The class of models, whose methods learn our losses. */
  readonly LayersModel: typeof LayersModel;
  /** The class whose methods pass on to those of a `LayersModel`. */
  readonly Sequential?: typeof Sequential;
  /** TensorFlow.js's own metrics, which are then known by name. */
  readonly metrics?: object;
}

/**
 * Teaches all models our losses, weights and metrics: `compile`, `fit`, `evaluate` and the other methods keep their names and
 * forms. A model that uses none of it is trained by TensorFlow.js's own steps.
 */
export function attachToAll(layers: Layers): void {
  knowMetrics(layers.metrics);
  const { training } = shared();
  const { prototype } = layers.LayersModel;
  const patch = training.get(prototype) ?? patchOfAll(layers);
  training.set(prototype, patch);
  patch.apply();
}

/** Makes TensorFlow.js's own metrics known by name. */
export function knowMetrics(metrics: object | undefined): void {
  Object.assign(tfjsMetrics, metrics);
}

function patchOfAll({ LayersModel: Model, Sequential: SequentialModel }: Layers): Patch {
  const patches = (owner: object, methods: object) =>
    Object.entries(methods).map(([name, replacement]) =>
      methodPatch(owner, name, replacement as Replacement, (model) => shared().attached.has(model)),
    );
  const fallback = patches(Model.prototype, fallbackMethods);
  const full = [
    ...patches(Model.prototype, modelMethods),
    ...(SequentialModel ? patches(SequentialModel.prototype, sequentialMethods) : []),
    kerasFilesPatch(),
  ];
  let applied: readonly Patch[] = [];
  return {
    apply() {
      if (applied.length > 0) return;
      const missing = missingMethods(Model.prototype);
      if (missing.length > 0) warnOfMissing(missing);
      applied = missing.length > 0 ? fallback : full;
      for (const patch of applied) patch.apply();
    },
    remove() {
      for (const patch of applied) patch.remove();
      applied = [];
    },
  };
}

/** Teaches one model the same, by methods of its own. If its class has our methods, too, these stand aside for this model. */
export function attachTo(model: LayersModel): void {
  const { attached } = shared();
  if (attached.has(model)) return;
  const missing = missingMethods(model);
  if (missing.length > 0) warnOfMissing(missing);
  putMethods(model, missing.length > 0);
  forgetSavedConfig(model);
}

function putMethods(model: LayersModel, isFallback: boolean): void {
  shared().attached.add(model);
  if (!isSequential(model)) {
    define(model, isFallback ? fallbackMethods : modelMethods);
    return;
  }
  /** `build` makes the model inside. TensorFlow.js calls it each time that the `tf.Sequential` is compiled. */
  const build = (original: Method) =>
    function (this: LayersModel, ...args: never[]): void {
      original.apply(this as never, args);
      putMethods(workingModel(this), isFallback);
    };
  define(model, {
    build,
    ...(isFallback ? {} : { ...sequentialMethods, ...inheritedBySequential }),
  });
  const inner = workingModel(model);
  if (inner !== model) putMethods(inner, isFallback);
}

/** Gives an object methods of its own, which call those that its class has at that time. */
function define(model: object, methods: object): void {
  const ofClass = Object.getPrototypeOf(model) as object;
  for (const [name, replacement] of Object.entries(methods)) {
    const original = function (this: never, ...args: never[]): unknown {
      return (Reflect.get(ofClass, name) as Method).apply(this, args);
    };
    // Not enumerable, as the methods of a class are not.
    Object.defineProperty(model, name, {
      value: (replacement as Replacement)(original),
      configurable: true,
      writable: true,
    });
  }
}
