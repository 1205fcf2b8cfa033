/**
 * The key of what all copies of this package in one program must know as ours, though their classes differ: loss objects, a
 * `compute` that is made of parts, and a trace on TensorFlow.js's engine.
 */
export const OURS: unique symbol = /* @__PURE__ */ Symbol.for('tfjs-losses.Loss');
