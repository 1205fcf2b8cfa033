import { expect } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

/** Runs a function that leaves `kept` new tensors behind (its result, by default none) and checks just that. */
export function expectTensorsKept(kept: number, f: () => unknown): void {
  const before = tf.memory().numTensors;
  f();
  expect(tf.memory().numTensors - before).toBe(kept);
}

/** The kernels that ran while the function did, also if it threw. */
export function kernelsOf(f: () => unknown): string[] {
  const engine = tf.engine();
  const names: string[] = [];
  const runKernel = engine.runKernel.bind(engine);
  engine.runKernel = (name: string, ...args: [never, never]) => {
    names.push(name);
    return runKernel(name, ...args);
  };
  try {
    f();
  } finally {
    engine.runKernel = runKernel;
  }
  return names;
}
