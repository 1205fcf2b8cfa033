import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import '@tensorflow/tfjs-backend-webgpu';
// No public name leads to it.
import { setEpsilon } from '@tensorflow/tfjs-layers/dist/backend/common.js';

// Threads do not pay for models this small, and their workers load scripts in a way that the page's security policy forbids.
tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
setWasmPaths({
  'tfjs-backend-wasm.wasm': plain,
  'tfjs-backend-wasm-simd.wasm': simd,
  // Never loaded, but TensorFlow.js wants all three.
  'tfjs-backend-wasm-threaded-simd.wasm': simd,
});

/** Computes with this backend from now on, as a page does that starts with it. */
export async function useBackend(name: string): Promise<void> {
  await tf.setBackend(name);
  // The losses of TensorFlow.js clip by what they took from the first backend, and that one is larger on some GPUs.
  setEpsilon(tf.backend().epsilon());
}

/** The backends that the page tries, with what they are to a reader. */
export const BACKEND_TITLES: Readonly<Record<string, string>> = {
  wasm: 'WebAssembly',
  cpu: 'JavaScript',
  webgl: 'WebGL',
  webgpu: 'WebGPU',
};

/** The backends that start in this browser. For models as small as these, the first ones are the fastest. */
export async function startBackends(): Promise<string[]> {
  const started: string[] = [];
  for (const name of Object.keys(BACKEND_TITLES)) {
    if (await starts(name)) started.push(name);
  }
  return started;
}

async function starts(name: string): Promise<boolean> {
  // TensorFlow.js tells the console about each backend that does not start: do not ask where it is known.
  if (name === 'webgpu' && !(await hasGpuAdapter())) return false;
  return (tf.findBackendFactory(name) as unknown) != null && tf.setBackend(name);
}

async function hasGpuAdapter(): Promise<boolean> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<object | null> } };
  return gpu !== undefined && (await gpu.requestAdapter()) !== null;
}
