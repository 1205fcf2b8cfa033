import { engine, type Tensor } from '@tensorflow/tfjs-core';

import type { ActivationKind } from './loss.js';

/** The kernels that make probabilities, with the name that layers have for them. TF.js's softmax knows the last axis alone. */
const ACTIVATIONS: Readonly<Record<string, ActivationKind>> = {
  Sigmoid: { name: 'sigmoid', axis: -1 },
  Softmax: { name: 'softmax', axis: -1 },
};

/**
 * What probabilities were made from, and how, while a gradient is recorded: `tf.sigmoid(x)` has lost the digits that `x`
 * has. Nothing where the input is gone, or where the probabilities come from elsewhere.
 */
export function preActivation(
  output: Tensor,
): { input: Tensor; activation: ActivationKind } | undefined {
  const node = recordedStep(output);
  const activation = node && ACTIVATIONS[node.kernelName];
  const [input] = node === undefined ? [] : Object.values(node.inputs);
  return activation && input && !input.isDisposed ? { input, activation } : undefined;
}

/** The step on TF.js's tape that gave the tensor: near the end, if at all, since a loss follows its predictions. */
function recordedStep(output: Tensor) {
  const { activeTape: tape } = engine().state as { activeTape?: Tape | null };
  for (let step = (tape?.length ?? 0) - 1; step >= 0; step--) {
    const node = tape?.[step];
    if (node?.outputs.some(({ id }) => id === output.id)) return node;
  }
  return undefined;
}

type Tape = ReturnType<typeof engine>['state']['activeTape'];
