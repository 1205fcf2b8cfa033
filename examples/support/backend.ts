import * as tf from '@tensorflow/tfjs';

/** Takes tfjs-node where it is installed, else wasm, else cpu, and says which in one line. */
export async function useFastestBackend(): Promise<void> {
  const reason = await startTfjsNode();
  if (reason !== undefined) {
    await import('@tensorflow/tfjs-backend-wasm');
    if (!(await tf.setBackend('wasm'))) await tf.setBackend('cpu');
  }
  console.log(`Backend: ${tf.getBackend()}${reason === undefined ? '' : ` (${reason})`}`);
}

/** Starts tfjs-node, or says why it is not used. It is optional: nothing here depends on it. */
async function startTfjsNode(): Promise<string | undefined> {
  // tfjs-node 4.22 calls util.isNullOrUndefined, which Node 23 removed.
  if (Number.parseInt(process.versions.node) >= 23)
    return 'tfjs-node does not run on Node 23 or newer';
  // libtensorflow would begin by telling about its own build.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const tfjsNode = ['@tensorflow', 'tfjs-node'].join('/');
  try {
    await import(tfjsNode);
    await tf.setBackend('tensorflow');
    return undefined;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    return missing ? 'tfjs-node is not installed' : 'tfjs-node is installed but does not start';
  }
}
