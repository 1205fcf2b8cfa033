import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-webgpu';

import { dataOf, type Cell } from '../support/cells.js';
import { inputsOf, OURS, THEIRS, type Inputs, type MeanLoss } from '../support/contestants.js';
import { interleave, type Sample } from '../support/interleave.js';
import { assertRight, reference } from '../support/reference.js';

/** What a cell took, for TF.js's loss and for ours. */
export type Measured = Record<
  'theirs' | 'ours',
  { milliseconds: number[]; launches: number; isRight: boolean }
>;

/** Reading a number takes 5 ms on webgl: a sample has one at its end. */
const SAMPLE_MS = 100;

const backend = location.search.slice(1);
// Else TF.js computes small tensors on the CPU, and not where a model's logits are.
tf.env().set('WEBGL_CPU_FORWARD', false);
tf.env().set('WEBGPU_CPU_FORWARD', false);

async function measure(cell: Cell): Promise<Measured> {
  if (!(await tf.setBackend(backend))) throw new Error(`The backend ${backend} did not start.`);
  const data = dataOf(cell);
  const inputs = inputsOf(cell, data);
  const losses = { theirs: THEIRS[cell.loss], ours: OURS[cell.loss] };
  const isRight = { theirs: true, ours: true };
  for (const name of ['theirs', 'ours'] as const) {
    const { value, grad } = step(losses[name], inputs);
    const result = { loss: (await value.data())[0] ?? NaN, gradient: await grad.data() };
    tf.dispose([value, grad]);
    try {
      assertRight(`${name}, ${cell.loss} on ${backend}`, result, reference(cell, data));
    } catch (error) {
      // TF.js clips probabilities below 1e-4 on webgl.
      if (name === 'ours') throw error;
      isRight.theirs = false;
    }
  }
  const milliseconds = await interleave(
    {
      theirs: sampleOf(losses.theirs, inputs),
      ours: sampleOf(losses.ours, inputs),
    },
    SAMPLE_MS,
  );
  const entry = (name: 'theirs' | 'ours') => ({
    milliseconds: milliseconds[name],
    launches: launchesOf(() => {
      tf.dispose(step(losses[name], inputs));
    }),
    isRight: isRight[name],
  });
  return { theirs: entry('theirs'), ours: entry('ours') };
}

function step(loss: MeanLoss, { labels, logits }: Inputs) {
  return tf.valueAndGrad((x) => loss(labels, x))(logits);
}

/** Computes loss and gradient again and again; one number of the last gradient says when the GPU is done. */
function sampleOf(loss: MeanLoss, inputs: Inputs): Sample {
  return async (calls) => {
    const start = performance.now();
    for (let i = 1; i < calls; i++) tf.dispose(step(loss, inputs));
    const { value, grad } = step(loss, inputs);
    const last = tf.slice2d(grad as tf.Tensor2D, [0, 0], [1, 1]);
    await last.data();
    const took = performance.now() - start;
    tf.dispose([value, grad, last]);
    return took;
  };
}

/** How many programs the GPU runs for a call. */
function launchesOf(call: () => void): number {
  const gpu = tf.backend() as unknown as Record<string, (...parameters: unknown[]) => unknown>;
  const name = backend === 'webgl' ? 'runWebGLProgram' : 'runWebGPUProgram';
  const run = gpu[name]!;
  let count = 0;
  gpu[name] = (...parameters) => {
    count += 1;
    return run.apply(gpu, parameters);
  };
  call();
  gpu[name] = run;
  return count;
}

Object.assign(globalThis, { measure });
