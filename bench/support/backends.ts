import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';

import { whyNoTfjsNode } from '../../tools/tfjs_node.js';

export const BACKENDS = ['cpu', 'wasm', 'tensorflow'] as const;
export type BackendName = (typeof BACKENDS)[number];

/** Why `tensorflow` is not measured here, if it is not. */
export const missingTensorflow = whyNoTfjsNode();

/** The backends that are there, each started once. */
export async function startBackends(): Promise<BackendName[]> {
  if (missingTensorflow === undefined) {
    // libtensorflow would begin by telling about its own build.
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
    await import(['@tensorflow', 'tfjs-node'].join('/'));
  }
  return BACKENDS.filter((name) => name !== 'tensorflow' || missingTensorflow === undefined);
}

export async function use(name: BackendName): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`The backend ${name} did not start.`);
}
