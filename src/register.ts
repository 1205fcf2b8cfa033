import { LossSum } from './composition/loss_sum.js';
import * as losses from './losses/index.js';
import { registerKernels, unregisterKernels } from './kernels/register.js';
import { registerBuiltIns, unregisterBuiltIns } from './registry.js';
import { shared } from './shared.js';
import { integrateTraining, type Layers } from './training/attach.js';

/**
 * What `import 'tfjs-losses'` does by itself, for users of `tfjs-losses/pure`: makes the losses known by name, puts faster
 * kernels in the place of the ops' formulas and, given TF.js's layers, makes `model.compile` know the losses. Calling it
 * again changes nothing.
 *
 * @param layers - `tf` or `@tensorflow/tfjs-layers`; without it, models stay as they are.
 * @example
 * ```ts
 * register(tf);
 * ```
 */
export function register(layers?: Layers | null): void {
  registerBuiltIns({ ...losses, LossSum });
  registerKernels();
  if (layers) integrateTraining(layers);
}

/**
 * Takes {@link register} back. Models that were compiled meanwhile keep their losses, and losses that users registered
 * stay known.
 *
 * @example
 * ```ts
 * unregister();
 * ```
 */
export function unregister(): void {
  for (const restore of shared().restoreTraining.values()) restore();
  unregisterBuiltIns();
  unregisterKernels();
}
