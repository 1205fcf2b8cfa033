import { Tensor, zeros } from '@tensorflow/tfjs-core';

import { entryAt } from '../per_output.js';
import type { OutputPlan, Plan } from '../plan.js';
import type { Tensors } from '../tfjs.js';

/** The targets of all outputs. TensorFlow.js wants one for each, so an output that needs none gets zeros if it was given none. */
export function completeTargets({ outputs }: Plan, y: Tensors, x: Tensors): Tensors {
  if (outputs.every(needsTargets)) return y;
  const placeholder = () => zeros([batchSize(x), 1], 'int32');
  const needed = outputs.filter(needsTargets);
  if (y instanceof Tensor || Array.isArray(y)) {
    const given = y instanceof Tensor ? [y] : [...y];
    if (given.length !== needed.length || given.length === outputs.length) return y;
    let next = 0;
    return outputs.map((output) => (needsTargets(output) ? entryAt(given, next++) : placeholder()));
  }
  const missing = outputs.filter((output) => !needsTargets(output) && !(output.name in y));
  return { ...y, ...Object.fromEntries(missing.map(({ name }) => [name, placeholder()])) };
}

/** Whether anything reads the targets of the output. */
function needsTargets({ chooseLoss, metrics }: OutputPlan): boolean {
  return chooseLoss !== undefined || metrics.length > 0;
}

function batchSize(xs: Tensors): number {
  const [first] = xs instanceof Tensor ? [xs] : Object.values(xs);
  return first?.shape[0] ?? 0;
}
