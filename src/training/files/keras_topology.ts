import type { io } from '@tensorflow/tfjs-core';

import { warn } from '../../core/warn.js';

/** A model or layer as Keras saves it. */
interface Saved {
  class_name?: string;
  config?: Record<string, unknown> & { name?: string; layers?: SavedLayer[] };
}

interface SavedLayer extends Saved {
  inbound_nodes?: unknown[];
}

/** A call of a layer, as Keras 3 saves it. */
interface SavedCall {
  args: unknown[];
  kwargs?: object;
}

/**
 * A model of Keras 3 in the words of Keras 2, which TensorFlow.js knows. In those of Keras 3 it could read neither the shapes of
 * inputs, nor the connections of layers, nor weights whose names begin with the name of the model.
 */
export function inWordsOfKeras2(artifacts: io.ModelArtifacts): io.ModelArtifacts {
  const { modelTopology: topology, weightSpecs } = artifacts;
  const { model_config: inner } = topology as { model_config?: Saved };
  const model = inner ?? (topology as Saved);
  if (!isOfKeras3(model)) return artifacts;
  const prefix = model.class_name === 'Sequential' ? `${model.config?.name ?? ''}/` : '';
  const rewritten = rewriteModel(model);
  const hard = layersOfHardSigmoid(model);
  if (hard.length > 0) {
    warn(
      `The hard_sigmoid of ${hard.join(', ')} is another function in TensorFlow.js (0.2x + 0.5) than in Keras 3 (x/6 + 0.5): ` +
        `the model predicts other numbers than in Keras.`,
    );
  }
  return {
    ...artifacts,
    modelTopology:
      inner === undefined ? rewritten : { ...(topology as object), model_config: rewritten },
    ...(weightSpecs && {
      weightSpecs: weightSpecs.map((spec) => ({
        ...spec,
        name: spec.name.startsWith(prefix) ? spec.name.slice(prefix.length) : spec.name,
      })),
    }),
  };
}

/** Options of layers: Keras 2's name by that of Keras 3. */
const NAMES: Readonly<Record<string, string>> = {
  batch_shape: 'batch_input_shape',
  negative_slope: 'alpha',
};

const ACTIVATION_KEYS: readonly string[] = ['activation', 'recurrent_activation'];

/** The names of layers with a hard sigmoid, which TensorFlow.js computes otherwise than Keras 3, relu6(x + 3) / 6. */
function layersOfHardSigmoid(model: Saved): string[] {
  const isHard = ({ config: own = {} }: SavedLayer) =>
    ACTIVATION_KEYS.some((key) => own[key] === 'hard_sigmoid');
  return layersOf(model).flatMap((layer) => [
    ...(isHard(layer) ? [`'${layer.config?.name ?? ''}'`] : []),
    ...layersOfHardSigmoid(layer),
  ]);
}

/** The layers of a model. A layer that is not a model has none. */
function layersOf({ config }: Saved): readonly SavedLayer[] {
  return Array.isArray(config?.layers) ? config.layers : [];
}

/** Whether Keras 3 has saved the model. Keras 2 calls the shape of an input `batch_input_shape`. */
function isOfKeras3(model: Saved): boolean {
  return layersOf(model).some(
    (layer) => layer.config !== undefined && 'batch_shape' in layer.config,
  );
}

function rewriteModel<Model extends Saved>(model: Model): Model {
  const { config } = model;
  if (!Array.isArray(config?.layers)) return model;
  const ends = Object.fromEntries(
    ['input_layers', 'output_layers']
      .filter((key) => config[key] !== undefined)
      .map((key) => [key, listOfEnds(config[key])]),
  );
  return { ...model, config: { ...config, ...ends, layers: config.layers.map(rewriteLayer) } };
}

function rewriteLayer(layer: SavedLayer): SavedLayer {
  const { config = {}, ...rest } = rewriteModel(layer);
  const renamed = Object.entries(config).map(([key, value]) => [
    NAMES[key] ?? key,
    ACTIVATION_KEYS.includes(key) && value === 'silu' ? 'swish' : value,
  ]);
  return {
    ...rest,
    config: Object.fromEntries(renamed) as Record<string, unknown>,
    ...(layer.inbound_nodes && { inbound_nodes: layer.inbound_nodes.map(rewriteCall) }),
  };
}

/** The inputs of a call. Each has the layer that it comes from, the number of that layer's call, and that of its output. */
function rewriteCall(call: unknown): unknown {
  const { args, kwargs = {} } = call as Partial<SavedCall>;
  if (!Array.isArray(args)) return call;
  return args
    .flat()
    .map((tensor) => (tensor as { config?: { keras_history?: unknown[] } } | null)?.config)
    .filter((config) => config?.keras_history !== undefined)
    .map((config) => [...(config?.keras_history ?? []), kwargs]);
}

/** One input or output of a model, `[layer, call, output]`, as a list with one entry. */
function listOfEnds(ends: unknown): unknown {
  return Array.isArray(ends) && typeof ends[0] === 'string' ? [ends] : ends;
}
