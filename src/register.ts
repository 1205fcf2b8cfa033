import { LossSum } from './composition/loss_sum.js';
import * as losses from './losses/index.js';
import { registerKernels, unregisterKernels } from './kernels/register.js';
import { registerBuiltIns, unregisterBuiltIns } from './registry.js';
import { unwatchKernels, watchKernels } from './core/watch.js';
import { shared } from './shared.js';
import { attachToAll, type Layers } from './training/attach.js';

/**
 * What `import 'tfjs-losses'` does by itself, for users of `tfjs-losses/pure`: makes the losses known by name, puts faster
 * kernels in the place of the ops' formulas and, given TF.js's layers, makes `model.compile` know the losses. Calling it
 * again changes nothing; calling it after {@link unregister} restores all that was there.
 *
 * @param layers - `tf` or `@tensorflow/tfjs-layers`. Without it, models stay as they are, or become again what they were
 * before `unregister()`.
 * @example
 * ```ts
 * register(tf);
 * ```
 */
export function register(layers?: Layers | null): void {
  registerNamesAndKernels();
  watchKernels();
  if (layers) attachToAll(layers);
  else for (const models of shared().training.values()) models.apply();
}

/** The part of {@link register} that leaves models alone. */
export function registerNamesAndKernels(): void {
  registerBuiltIns({ ...losses, LossSum });
  registerKernels();
}

/**
 * Takes {@link register} back. Models that were compiled meanwhile keep their losses, and losses that users registered
 * stay known. Models that {@link compile} compiled stay as they are, and names of losses stay known for them.
 *
 * @example
 * ```ts
 * unregister();
 * ```
 */
export function unregister(): void {
  for (const models of shared().training.values()) models.remove();
  if (!shared().keepsNames) unregisterBuiltIns();
  unregisterKernels();
  unwatchKernels();
}
