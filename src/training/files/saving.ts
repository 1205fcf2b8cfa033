import { io } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

import type { CompileArgs } from '../arguments.js';
import { modelState } from '../state.js';
import { hidden } from '../tfjs.js';
import {
  compileFrom,
  isTfjsConfig,
  writeTrainingConfig,
  type TrainingConfig,
} from './training_config.js';

/**
 * The entry of a model's metadata that holds what TensorFlow.js's own training config cannot. TensorFlow.js without this package
 * reads such a model as one that was not compiled.
 */
const KEY = 'tfjs-losses';

/** What a model was compiled with, as it is saved: in TensorFlow.js's own form, if that can hold all of it. */
export function trainingConfig(
  model: LayersModel,
  original: () => object,
): TrainingConfig | object {
  const args = ownArgs(model);
  return args === undefined ? original() : writeTrainingConfig(args, model.optimizer);
}

/** What the model was compiled with, if TensorFlow.js's own form cannot hold it. */
function ownArgs(model: LayersModel): CompileArgs | undefined {
  const args = modelState(model).plan?.args;
  return args === undefined || isTfjsConfig(args) ? undefined : args;
}

/** A handler that saves the model in a form that TensorFlow.js can read without this package. */
export function portable(model: LayersModel, target: string | io.IOHandler): string | io.IOHandler {
  const [handler, ...others] = typeof target === 'string' ? io.getSaveHandlers(target) : [target];
  const { save } = handler ?? {};
  // TensorFlow.js has errors for a target that no handler saves to, or more than one.
  if (ownArgs(model) === undefined || !save || others.length > 0) return target;
  return {
    save: ({ trainingConfig: config, userDefinedMetadata, ...artifacts }) =>
      save.call(handler, {
        ...artifacts,
        ...(config === undefined && userDefinedMetadata === undefined
          ? {}
          : { userDefinedMetadata: { ...userDefinedMetadata, ...(config && { [KEY]: config }) } }),
      }),
  };
}

/**
 * Compiles a loaded model with what its metadata hold, and returns the user's own metadata, if there are any. A model that is
 * already compiled stays as it is: somebody has saved it again without this package.
 */
export function compileFromMetadata(
  model: LayersModel,
  metadata: Readonly<Record<string, unknown>> | undefined,
): Record<string, unknown> | undefined {
  const isObject = typeof metadata === 'object' && (metadata as unknown) !== null;
  // TensorFlow.js has an error for metadata that are no object.
  if (!isObject || !Object.hasOwn(metadata, KEY)) return metadata;
  const { [KEY]: config, ...own } = metadata;
  const isCompiled = (model.optimizer as unknown) !== undefined;
  if (!isCompiled && typeof config === 'object' && config !== null) compileFrom(model, config);
  return Object.keys(own).length > 0 ? own : undefined;
}

/** Forgets what the metadata of a loaded model hold for this package: the model is about to be compiled with something else. */
export function forgetSavedConfig(model: LayersModel): void {
  const members = hidden(model);
  const metadata = members.userDefinedMetadata ?? {};
  if (!Object.hasOwn(metadata, KEY)) return;
  const { [KEY]: _, ...own } = metadata;
  members.userDefinedMetadata = Object.keys(own).length > 0 ? own : undefined;
}
