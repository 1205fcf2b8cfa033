import { io } from '@tensorflow/tfjs-core';

import { methodPatch, type Patch } from '../patch.js';
import { inWordsOfKeras2 } from './keras_topology.js';

type Url = string | string[];
type Load = () => io.ModelArtifacts | Promise<io.ModelArtifacts>;

/**
 * Makes TensorFlow.js's handlers read files of Keras: they put the training config where TensorFlow.js looks for it, and
 * translate the layers of Keras 3 into words that TensorFlow.js knows.
 */
export function kerasFilesPatch(): Patch {
  /** Patches by the prototype of handlers, since each file has a handler of its own. */
  const patches = new Map<object, Patch>();
  let isApplied = false;
  let isRegistered = false;
  let isLooking = false;

  const patchClassOf = (handler: io.IOHandler) => {
    const prototype = Object.getPrototypeOf(handler) as io.IOHandler;
    if (prototype.load === undefined) return;
    const patch = patches.get(prototype) ?? methodPatch(prototype, 'load', inTfjsForm as never);
    patches.set(prototype, patch);
    patch.apply();
  };

  /** Sees each URL before TensorFlow.js loads it, and patches the handlers for it, whoever has registered them. */
  const router = (url: Url, options?: io.LoadOptions) => {
    if (isApplied && !isLooking) {
      isLooking = true;
      try {
        io.getLoadHandlers(url, options).forEach(patchClassOf);
      } finally {
        isLooking = false;
      }
    }
    // It loads nothing itself.
    return null;
  };

  return {
    apply() {
      isApplied = true;
      // Handlers that users make by hand, without a URL.
      patchClassOf(io.fromMemorySync({ modelTopology: {} }) as never);
      patchClassOf(
        io.browserHTTPRequest('http://localhost', {
          fetchFunc: () => Promise.reject(new Error('unused')),
        }),
      );
      patchClassOf(io.browserFiles([undefined as never]));
      if (!isRegistered) io.registerLoadRouter(router as never);
      isRegistered = true;
    },
    remove() {
      // TensorFlow.js has no way to take a router back: this one stays, and does nothing.
      isApplied = false;
      for (const patch of patches.values()) patch.remove();
    },
  };
}

function inTfjsForm(load: Load): Load {
  return function (this: unknown) {
    const loaded = load.call(this);
    return loaded instanceof Promise ? loaded.then(translated) : translated(loaded);
  };
}

function translated(artifacts: io.ModelArtifacts): io.ModelArtifacts {
  const { modelTopology: topology, trainingConfig } = artifacts;
  if (typeof topology !== 'object' || (topology as unknown) === null) return artifacts;
  const config = (trainingConfig as object | undefined) ?? configIn(topology);
  const readable = inWordsOfKeras2(artifacts);
  return config === undefined ? readable : { ...readable, trainingConfig: config as never };
}

/** The training config in a topology, where an `.h5` file or a `.keras` file has it, or where Keras's converter puts it. */
function configIn(topology: unknown): object | undefined {
  if (typeof topology !== 'object' || topology === null) return undefined;
  const {
    training_config: training,
    compile_config: compile,
    model_config: model,
  } = topology as {
    training_config?: object | null;
    compile_config?: object | null;
    model_config?: object | null;
  };
  return training ?? compile ?? configIn(model);
}
