import type { LayersModel } from '@tensorflow/tfjs-layers';

import { formatValue } from './core/errors.js';
import { registerNamesAndKernels } from './register.js';
import { shared } from './shared.js';
import type { CompileArgs } from './training/arguments.js';
import { attachTo, knowMetrics, type Layers } from './training/attach.js';

/**
 * Compiles one model, and gives it all that `import 'tfjs-losses'` gives to all models.
 *
 * Choose it if other models of the program must stay as they are: in a library, or on a page with scripts of others. The model
 * gets methods of its own, `LayersModel.prototype` stays untouched, and from then on `model.fit`, `model.evaluate`, `model.save`
 * and `model.compile` itself know losses, metrics and weights of this package, whether {@link register} is called or not. What
 * no single model can do stays with `register`: to read files of Keras 3, and to compile a model while it is loaded. Names of
 * losses become known, and kernels are registered, as by `register()` without an argument.
 *
 * @param model - A `tf.sequential()`, a `tf.model()`, or a model that was loaded.
 * @param args - An optimizer, a loss, and whatever else `model.compile` takes.
 * @param layers - `tf`, or `metrics` of `@tensorflow/tfjs-layers` in an object: makes those metrics known by name. Without it,
 * give the functions themselves, such as `tf.metrics.recall`.
 * @throws TypeError if `model` is not a model of TensorFlow.js's layers.
 * @throws RangeError if a loss, a metric or an option has an unknown name.
 * @example
 * ```ts
 * const model = tf.sequential({
 *   layers: [tf.layers.dense({ units: 1, activation: 'sigmoid', inputShape: [1], kernelInitializer: 'zeros' })],
 * });
 * compile(model, { optimizer: 'sgd', loss: 'bce' });
 * model.evaluate(tf.ones([2, 1]), tf.ones([2, 1]), { sampleWeight: [1, 3] }); // ≈ 1.3863
 * ```
 */
export function compile(
  model: LayersModel,
  args: CompileArgs,
  layers?: Pick<Layers, 'metrics'> | null,
): void {
  // In JavaScript anybody may give anything.
  const given = model as { compile?: unknown } | null | undefined;
  if (typeof given?.compile !== 'function') {
    throw new TypeError(
      `compile: the first argument must be a tf.LayersModel. Received: ${formatValue(model)}.`,
    );
  }
  registerNamesAndKernels();
  shared().keepsNames = true;
  knowMetrics(layers?.metrics);
  attachTo(model);
  model.compile(args);
}
