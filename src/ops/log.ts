import {
  div,
  getBackend,
  less,
  sub,
  log as tfLog,
  where,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { elementwise } from '../core/op.js';
import { series } from './log1p.js';

/** Backends whose log is right to 2⁻²¹ near 1, and may swallow NaN. */
const ROUNDED = ['webgl', 'webgpu'];

/** log x of numbers up to 1.3 that keeps the digits of a result near 0 on every backend. */
export function log(x: Tensor): Tensor {
  return ROUNDED.includes(getBackend()) ? logBySeries(x) : tfLog(x);
}

const logBySeries = elementwise<[x: Tensor]>(
  'Log',
  ([x]) => where(less(x, 0.7), tfLog(x), series(sub(x, 1))),
  [([x]) => div(1, x)],
)({});
