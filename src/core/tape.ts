import { engine, type Tensor } from '@tensorflow/tfjs-core';

import type { ActivationKind } from './loss.js';

/**
 * What a tensor was made from, and how, while a gradient is recorded: `tf.sigmoid(x)` has lost the digits that `x` has. Nothing
 * where the input is gone.
 */
export function preActivation(
  output: Tensor,
): { input: Tensor; activation: ActivationKind } | undefined {
  const step = recordedStep(output);
  if (step === undefined) return undefined;
  const [input] = Object.values(step.inputs);
  if (input === undefined || input.isDisposed) return undefined;
  // Layers name an activation as TF.js does its kernel, in lower case. Its softmax knows the last axis alone.
  return { input, activation: { name: step.kernelName.toLowerCase(), axis: -1 } };
}

/** The step on TF.js's tape that gave the tensor: near the end, if at all, since a loss follows its predictions. */
function recordedStep(output: Tensor) {
  const state = engine().state as State;
  // Gradients in gradients share the tape, and an inner one may be asked for with respect to the output itself.
  if (state.gradientDepth > 1 && !isOfInnermostGradient(output, state)) return undefined;
  const { activeTape: tape } = state;
  for (let i = (tape?.length ?? 0) - 1; i >= 0; i--) {
    const step = tape?.[i];
    if (step?.outputs.includes(output)) return step;
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
    .some(({ track }) => track.includes(output));
}
