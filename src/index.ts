import { LayersModel, metrics, Sequential } from '@tensorflow/tfjs-layers';

import { register } from './register.js';

export * from './pure.js';

register({ LayersModel, Sequential, metrics });
