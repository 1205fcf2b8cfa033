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
  const state = engine().state as State;
  // Gradients in gradients share the tape, and an inner one may be asked for with respect to the output itself.
  if (state.gradientDepth > 1 && !isOfInnermostGradient(output, state)) return undefined;
  const { activeTape: tape } = state;
  for (let step = (tape?.length ?? 0) - 1; step >= 0; step--) {
    const node = tape?.[step];
    if (node?.outputs.some(({ id }) => id === output.id)) return node;
  }
  return undefined;
}

type State = Omit<ReturnType<typeof engine>['state'], 'activeTape'> & {
  activeTape?: ReturnType<typeof engine>['state']['activeTape'] | null;
};

/** Whether the function whose gradient is recorded made the tensor: TF.js runs it in a scope called `forward`. */
function isOfInnermostGradient(output: Tensor, { scopeStack }: State): boolean {
  const names = scopeStack.map(({ name }) => name);
  return scopeStack
    .slice(Math.max(0, names.lastIndexOf('forward')))
    .some(({ track }) => track.some(({ id }) => id === output.id));
}
