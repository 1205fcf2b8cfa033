import { violation } from '../../core/errors.js';

/** The numbers that the optimizers of TensorFlow.js keep. */
const NUMBERS = ['learningRate', 'momentum', 'beta1', 'beta2', 'rho', 'decay'];

/** Throws where an optimizer has a setting that is no number: it makes every weight NaN in its first step. */
export function assertOptimizer(optimizer: unknown): void {
  if (typeof optimizer !== 'object' || optimizer === null) return;
  const settings = optimizer as Readonly<Record<string, unknown>>;
  for (const name of NUMBERS) {
    const value = settings[name];
    if (value === undefined || Number.isFinite(value)) continue;
    const rule = `${name} of the optimizer must be a finite number (tf.train.adam(0.001), say, takes no object)`;
    throw new TypeError(violation('model.compile', rule, value));
  }
}
