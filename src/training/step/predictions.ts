import type { Tensor } from '@tensorflow/tfjs-core';

import { readsInputOf, type Loss } from '../../core/loss.js';
import type { OutputBatch } from '../plan.js';
import { recoveredLogits } from './recovered_logits.js';

/** The predictions as the loss reads them: what went into the last activation, where it can read that. */
export function predictionsFor(
  { yPred, activation, readsLogits }: Pick<OutputBatch, 'yPred' | 'activation' | 'readsLogits'>,
  loss: Loss,
): { yPred: Tensor; fromLogits: boolean | undefined } {
  const fromLogits = readsLogits(loss);
  const recovers = fromLogits === false && activation && readsInputOf(loss, activation, yPred.rank);
  const logits = recovers ? recoveredLogits(yPred) : undefined;
  return logits === undefined ? { yPred, fromLogits } : { yPred: logits, fromLogits: true };
}
