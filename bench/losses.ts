import * as tf from '@tensorflow/tfjs';

import { use, type BackendName } from './support/backends.js';
import { dataOf, type Cell } from './support/cells.js';
import {
  forward,
  inputsOf,
  lossAndGradient,
  OURS,
  resultOf,
  THEIRS,
  type Inputs,
  type MeanLoss,
} from './support/contestants.js';
import { table } from './support/document.js';
import { interleave, sampleOf } from './support/interleave.js';
import { assertRight, reference } from './support/reference.js';
import { bytes, ratio, times } from './support/statistics.js';
import { countTensorflowOps } from './support/tensorflow.js';

/** Measures losses on each backend, TF.js's own beside ours: time with and without a gradient, kernels, memory. */
export async function measureLosses(
  backends: BackendName[],
  cells: Cell[],
): Promise<Record<string, string>> {
  const rows: Record<'gradient' | 'forward' | 'costs', string[][]> = {
    gradient: [],
    forward: [],
    costs: [],
  };
  for (const backend of backends) {
    await use(backend);
    for (const cell of cells) {
      const first = [backend, cell.loss, `[${cell.shape.join(', ')}]`];
      console.error(first.join(' '));
      const [ours, theirs] = [OURS[cell.loss], THEIRS[cell.loss]];
      const inputs = checkedInputs(cell, { 'tfjs-losses': ours, 'TensorFlow.js': theirs });
      rows.gradient.push([
        ...first,
        ...(await compare(lossAndGradient(theirs, inputs), lossAndGradient(ours, inputs))),
      ]);
      rows.forward.push([
        ...first,
        ...(await compare(forward(theirs, inputs), forward(ours, inputs))),
      ]);
      const costs = [await costsOf(theirs, inputs), await costsOf(ours, inputs)];
      rows.costs.push([...first, ...costs.flatMap(({ kernels, memory }) => [kernels, memory])]);
      tf.dispose([inputs.labels, inputs.logits]);
    }
  }
  const first = ['backend', 'loss', 'logits'];
  const timed = table.bind(null, [
    ...first,
    'TensorFlow.js, ms',
    'tfjs-losses, ms',
    'times as fast',
  ]);
  return {
    gradient: timed(rows.gradient),
    forward: timed(rows.forward),
    costs: table(
      [...first, 'TensorFlow.js: kernels', 'peak memory', 'tfjs-losses: kernels', 'peak memory'],
      rows.costs,
    ),
  };
}

/** The inputs of a cell on the current backend, on which all give the right loss and gradient. */
export function checkedInputs(cell: Cell, losses: Record<string, MeanLoss>): Inputs {
  const data = dataOf(cell);
  const inputs = inputsOf(cell, data);
  const right = reference(cell, data);
  for (const [who, loss] of Object.entries(losses)) {
    assertRight(`${who}, ${cell.loss} on ${tf.getBackend()}`, resultOf(loss, inputs), right);
  }
  return inputs;
}

async function compare(theirs: () => void, ours: () => void): Promise<string[]> {
  const all = await interleave({ theirs: sampleOf(theirs), ours: sampleOf(ours) });
  return [times(all.theirs), times(all.ours), ratio(all.theirs, all.ours)];
}

/** What one loss with its gradient takes, apart from time. */
async function costsOf(
  loss: MeanLoss,
  inputs: Inputs,
): Promise<{ kernels: string; memory: string }> {
  const call = lossAndGradient(loss, inputs);
  // The types want a result, of which there is none to keep.
  const profiled = (): tf.TensorContainer => {
    call();
    return [];
  };
  const before = tf.memory().numBytes;
  const { kernels, peakBytes } = await tf.profile(profiled);
  // The profile also has entries for what tf.customGrad wraps; those launch nothing themselves.
  const launches = kernels.filter(({ name }) => isKernel(name)).length;
  const operations = countTensorflowOps(call);
  return {
    kernels: String(launches) + (tf.getBackend() === 'tensorflow' ? ` (${operations})` : ''),
    memory: bytes(peakBytes - before),
  };
}

function isKernel(name: string): boolean {
  return (tf.getKernel(name, tf.getBackend()) as unknown) !== undefined;
}
