import { io } from '@tensorflow/tfjs-core';

import { inWordsOfKeras2 } from './keras_topology.js';

/** Something that loads models: a handler, or a class of them. */
interface Loader {
  load?: () => io.ModelArtifacts | Promise<io.ModelArtifacts>;
}

/** Prototypes whose `load` reads what Keras saved, with the method that they had. */
const originals = new Map<Loader, NonNullable<Loader['load']>>();

/** What each URL goes through before it is loaded; TF.js has no way to take a router back. */
let route: ((url: string | string[], options?: io.LoadOptions) => void) | undefined;
let isRouted = false;

/**
 * Makes TF.js's handlers, as they load a model of Keras, put the training config to where TF.js looks for it, and the layers of
 * Keras 3 into the words that TF.js knows. Gives what takes it back.
 */
export function readKerasFiles(): () => void {
  // Handlers that users make without a URL.
  hook(io.fromMemorySync({ modelTopology: {} }));
  hook(
    io.browserHTTPRequest('http://localhost', {
      fetchFunc: () => Promise.reject(new Error('unused')),
    }),
  );
  hook(io.browserFiles([undefined as never]));
  route = (url, options) => {
    const own = route;
    route = undefined;
    io.getLoadHandlers(url, options).forEach(hook);
    route = own;
  };
  if (!isRouted) {
    // It handles no URL itself, but sees each one, whichever handlers were registered meanwhile.
    io.registerLoadRouter(((url: string | string[], options?: io.LoadOptions) => {
      route?.(url, options);
      return null;
    }) as unknown as Parameters<typeof io.registerLoadRouter>[0]);
    isRouted = true;
  }
  return () => {
    route = undefined;
    for (const [prototype, load] of originals) prototype.load = load;
    originals.clear();
  };
}

function hook(handler: object): void {
  const prototype = Object.getPrototypeOf(handler) as Loader;
  const { load } = prototype;
  if (load === undefined || originals.has(prototype)) return;
  originals.set(prototype, load);
  prototype.load = function (this: Loader) {
    const loaded = load.call(this);
    return loaded instanceof Promise ? loaded.then(inTfjsForm) : inTfjsForm(loaded);
  };
}

function inTfjsForm(artifacts: io.ModelArtifacts): io.ModelArtifacts {
  const { modelTopology: topology, trainingConfig } = artifacts;
  if (typeof topology !== 'object' || (topology as unknown) === null) return artifacts;
  const config = (trainingConfig as object | undefined) ?? configIn(topology);
  const readable = inWordsOfKeras2(artifacts);
  return config === undefined ? readable : { ...readable, trainingConfig: config as never };
}

/** The training config in a topology: of an `.h5` file, or of a `.keras` file, as a whole or as the converter puts it. */
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
