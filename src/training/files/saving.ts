import { io } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

import type { CompileArgs } from '../compile/compile.js';
import { planOf } from '../plan.js';
import { workingModel } from '../tfjs.js';
import {
  compileFrom,
  isTfjsConfig,
  writeTrainingConfig,
  type TrainingConfig,
} from './training_config.js';

/**
 * Where saved models keep what TF.js's own training config cannot hold. TF.js without this package reads such a model as one
 * that was not compiled.
 */
const KEY = 'tfjs-losses';

/** What a model was compiled with, as it is saved: in TF.js's own form where that says it all. */
export function trainingConfig(
  model: LayersModel,
  original: () => object,
): TrainingConfig | object {
  const args = ownArgs(model);
  return args === undefined ? original() : writeTrainingConfig(args, model.optimizer);
}

/** What the model was compiled with, where TF.js's own form cannot hold it. */
function ownArgs(model: LayersModel): CompileArgs | undefined {
  const args = planOf(workingModel(model))?.args;
  return args === undefined || isTfjsConfig(args) ? undefined : args;
}

/** The handler, given such a model in a form that TF.js without this package can read. */
export function portable(model: LayersModel, target: string | io.IOHandler): string | io.IOHandler {
  const [handler, ...others] = typeof target === 'string' ? io.getSaveHandlers(target) : [target];
  const { save } = handler ?? {};
  // TF.js has errors for a target that nothing or too much can save to.
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
 * Compiles a model that was just loaded with what its metadata say, and gives the metadata that are the user's own, if there are
 * any. A model that is compiled already stays as it is: somebody saved it again without this package.
 */
export function compileFromMetadata(
  model: LayersModel,
  metadata: Readonly<Record<string, unknown>>,
): Record<string, unknown> | undefined {
  const isObject = typeof metadata === 'object' && (metadata as unknown) !== null;
  // What is no object TF.js has an error for.
  if (!isObject || !Object.hasOwn(metadata, KEY)) return metadata;
  const { [KEY]: config, ...own } = metadata;
  const isCompiled = (model.optimizer as unknown) !== undefined;
  if (!isCompiled && typeof config === 'object' && config !== null) compileFrom(model, config);
  return Object.keys(own).length > 0 ? own : undefined;
}
