import {
  abs,
  div,
  getBackend,
  greaterEqual,
  sub,
  log as tfLog,
  where,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { elementwise } from '../core/op.js';
import { series } from './log1p.js';

/** Backends whose log is right to 2⁻²¹ near 1, and may swallow NaN. */
const ROUNDED = ['webgl', 'webgpu'];

/** log x that keeps the digits of a result near 0 on every backend. */
export function log(x: Tensor): Tensor {
  return ROUNDED.includes(getBackend()) ? logBySeries(x) : tfLog(x);
}

// What is far from 1 is the second choice, so that NaN goes through the series.
const logBySeries = elementwise<[x: Tensor]>(
  'Log',
  ([x]) => {
    const beyond = sub(x, 1);
    return where(greaterEqual(abs(beyond), 0.3), tfLog(x), series(beyond));
  },
  [([x]) => div(1, x)],
)({});
