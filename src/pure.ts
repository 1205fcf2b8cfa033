/**
 * What `tfjs-losses` exports, which registers it all, and `tfjs-losses/pure`, which leaves that to {@link register} for all models,
 * or to {@link compile} for one.
 *
 * @module tfjs-losses
 */
export {
  Loss,
  type LossClass,
  type LossOptions,
  type Metric,
  type NoOptions,
} from './core/loss.js';
export { ShapeError } from './core/errors.js';
export { compile } from './compile.js';
export type { Axis, FromLogits } from './core/checks.js';
export type { Config } from './core/config.js';
export type { LabelForm, Reads } from './core/description.js';
export type { Input } from './core/inputs.js';
export type { Reduction } from './core/reduction.js';
export * from './losses/index.js';
export { addLosses, scaleLoss } from './composition/loss_sum.js';
export * from './metrics/index.js';
export * from './ops/index.js';
export * as ops from './ops/keras.js';
export { register, unregister } from './register.js';
export {
  deserializeLoss,
  getLoss,
  listLosses,
  registerLoss,
  serializeLoss,
  type LossFunction,
  type LossIdentifier,
  type SerializedLoss,
} from './registry.js';
export type {
  CompileArgs,
  MetricIdentifier,
  MetricsByOutput,
  PerOutput,
} from './training/arguments.js';
export type { Layers } from './training/attach.js';
