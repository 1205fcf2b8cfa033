import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';

import { layerActivation, softmaxLayer, timeDistributedLayer } from '../tfjs.js';

/** The activation that makes an output of a model. */
export interface OutputActivation {
  /** In the words of TensorFlow.js: `'linear'`, `'sigmoid'`, `'softmax'`, `'hardSigmoid'` … */
  readonly name: string;
  /** The axis that a softmax runs along. */
  readonly axis: number;
}

/** The activation that makes an output of a model, if its last step is one. */
export function outputActivation(output: SymbolicTensor): OutputActivation | undefined {
  const { sourceLayer, outputTensorIndex = 0 } = output;
  // A model used as a layer: look inside.
  const inner = (sourceLayer as Partial<LayersModel>).outputs?.[outputTensorIndex];
  const isModel = (inner?.sourceLayer as unknown) !== undefined;
  return inner && isModel ? outputActivation(inner) : activationOfLayer(sourceLayer);
}

function activationOfLayer(layer: object): OutputActivation | undefined {
  const activation = layerActivation(layer);
  if (activation !== undefined) return { name: activation.getClassName(), axis: -1 };
  const softmax = softmaxLayer(layer);
  if (softmax !== undefined) return { name: 'softmax', axis: softmax.axis };
  const inner = timeDistributedLayer(layer);
  return inner && activationOfLayer(inner);
}
