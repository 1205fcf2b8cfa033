import { LayersModel, metrics, Sequential } from '@tensorflow/tfjs-layers';

import { register } from './pure.js';

export * from './pure.js';

register({ LayersModel, Sequential, metrics });
