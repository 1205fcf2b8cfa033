import * as tf from '@tensorflow/tfjs';

import { whyNoTfjsNode } from '../../tools/tfjs_node.js';

/** Takes tfjs-node where it is installed, else wasm, else cpu, and says which in one line. */
export async function useFastestBackend(): Promise<void> {
  const reason = whyNoTfjsNode();
  if (reason === undefined) {
    // libtensorflow would begin by telling about its own build.
    process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
    await import(['@tensorflow', 'tfjs-node'].join('/'));
    await tf.setBackend('tensorflow');
  } else {
    await import('@tensorflow/tfjs-backend-wasm');
    if (!(await tf.setBackend('wasm'))) await tf.setBackend('cpu');
  }
  console.log(`Backend: ${tf.getBackend()}${reason === undefined ? '' : ` (${reason})`}`);
}
