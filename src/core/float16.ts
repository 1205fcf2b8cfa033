import { env, getBackend } from '@tensorflow/tfjs-core';

/** Whether the backend keeps its numbers in float16, as webgl does on many phones: at most 65504, with 11 binary digits. */
export function isFloat16(): boolean {
  return getBackend() === 'webgl' && !env().getBool('WEBGL_RENDER_FLOAT32_ENABLED');
}
