/**
 * Times loss and gradient here and in PyTorch, JAX and TensorFlow, in turns: `npm run bench:peers`, which fills
 * docs/performance.md, or some losses of it, such as `npm run bench:peers -- sparse`. PYTHON names the Python to use.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { checkedInputs } from './losses.js';
import { missingTensorflow, startBackends, use, type BackendName } from './support/backends.js';
import { CELLS, CROSS_ENTROPIES, dataOf, type Cell } from './support/cells.js';
import { lossAndGradient, OURS } from './support/contestants.js';
import { command } from './support/command.js';
import { publish, table } from './support/document.js';
import { filterOf } from './support/filter.js';
import { interleave, sampleOf, type Sample } from './support/interleave.js';
import { machine } from './support/machine.js';
import { Python, type CellRequest } from './support/python.js';
import { assertRight, reference } from './support/reference.js';
import { median, ratio, times } from './support/statistics.js';

/** So many entries of each gradient are sent here and compared. */
const COMPARED = 1000;

await command(async () => {
  const { chosen, all } = filterOf(process.argv.slice(2), { losses: CROSS_ENTROPIES });
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-losses-'));
  const pythons = {
    PyTorch: new Python('pytorch'),
    JAX: new Python('jax'),
    TensorFlow: new Python('tensorflow'),
  };
  const cells = CELLS.filter(({ loss }) => (chosen.losses as string[]).includes(loss));
  try {
    await measurePeers(pythons, cells, folder, all);
  } finally {
    for (const python of Object.values(pythons)) python.close();
    rmSync(folder, { recursive: true });
  }
});

/** Measures these libraries beside ours; cells are handed over in the folder. */
async function measurePeers(
  pythons: Record<string, Python>,
  cells: Cell[],
  folder: string,
  all: boolean,
): Promise<void> {
  const libraries = await Promise.all(
    Object.entries(pythons).map(async ([name, python]) => ({
      name,
      python,
      ...(await python.peer()),
    })),
  );
  const installed = libraries.filter(({ variants }) => variants.length > 0);
  const missing = libraries.filter(({ variants }) => variants.length === 0).map(({ name }) => name);
  const backends = await startBackends();
  if (missingTensorflow !== undefined) missing.push('tfjs-node');

  const versions = Object.fromEntries(
    installed.flatMap((library) => Object.entries(library.versions)),
  );
  const variants = installed.flatMap((library) => library.variants);
  const theirs = Object.fromEntries(
    installed.flatMap((library) =>
      library.variants.map((variant): [string, Sample] => [
        variant,
        (calls) => library.python.sample(variant, calls),
      ]),
    ),
  );
  const rows: string[][] = [];
  for (const cell of cells) {
    const first = [cell.loss, `[${cell.shape.join(', ')}]`];
    console.error(...first);
    for (const { python } of installed) await prepare(python, cell, folder);
    const ours = await samplesHere(cell, backends);
    const timed = await interleave({ ...ours.samples, ...theirs });
    ours.dispose();
    rows.push([
      ...first,
      ...Object.values(timed).map(times),
      ...(variants.length > 0 ? [ratio(best(timed, variants), best(timed, backends))] : []),
    ]);
  }

  const head = ['loss', 'logits', ...backends.map((name) => `tfjs-losses, ${name}`), ...variants];
  if (backends.includes('tensorflow')) await use('tensorflow');
  await publish(
    {
      'peers machine':
        machine(versions) +
        missing.map((name) => ` Not measured, as it is not installed: ${name}.`).join(''),
      peers: table([...head, ...(variants.length > 0 ? ['our best to theirs'] : [])], rows),
    },
    all && missing.length === 0,
  );
}

/** Hands a cell to a library, all variants of which must compute the right thing. */
async function prepare(python: Python, cell: Cell, folder: string): Promise<void> {
  const data = dataOf(cell);
  const request: CellRequest = {
    ...cell,
    logits: join(folder, 'logits'),
    labels: join(folder, 'labels'),
    stride: Math.ceil(data.logits.length / COMPARED),
  };
  writeFileSync(request.logits, data.logits);
  writeFileSync(request.labels, data.labels);
  const { loss, gradient } = reference(cell, data);
  const right = { loss, gradient: Array.from(gradient).filter((_, i) => i % request.stride === 0) };
  for (const [variant, result] of Object.entries(await python.prepare(request))) {
    assertRight(`${variant}, ${cell.loss}`, result, right);
  }
}

interface SamplesHere {
  samples: Record<string, Sample>;
  dispose: () => void;
}

/** Ours on each backend; which one computes is chosen before the clock starts. */
async function samplesHere(cell: Cell, backends: BackendName[]): Promise<SamplesHere> {
  const samples: SamplesHere['samples'] = {};
  const tensors: tf.Tensor[] = [];
  for (const backend of backends) {
    await use(backend);
    const inputs = checkedInputs(cell, { 'tfjs-losses': OURS[cell.loss] });
    tensors.push(inputs.labels, inputs.logits);
    const timed = sampleOf(lossAndGradient(OURS[cell.loss], inputs));
    samples[backend] = async (calls) => {
      await use(backend);
      return timed(calls);
    };
  }
  return {
    samples,
    dispose: () => {
      tf.dispose(tensors);
    },
  };
}

/** The times of the quickest of these. */
function best(timed: Record<string, number[]>, names: readonly string[]): number[] {
  const byTime = names
    .map((name) => timed[name] ?? [])
    .sort((one, other) => median(one) - median(other));
  return byTime[0] ?? [];
}
