import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';

import { backend, float16 } from './backend.js';
import { setUpWebGPU } from './webgpu.js';

setWasmPaths('/');
// Else small tensors are computed on the CPU.
tf.env().set('WEBGL_CPU_FORWARD', false);
tf.env().set('WEBGPU_CPU_FORWARD', false);
// As phones without float32 textures do.
if (float16) tf.env().set('WEBGL_FORCE_F16_TEXTURES', true);

await tf.setBackend(backend);
if (backend === 'webgpu') setUpWebGPU();
