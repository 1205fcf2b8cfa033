import { Tensor, version_core } from '@tensorflow/tfjs-core';

import { warn } from './warn.js';

let hasWarned = false;

/** Warns once if a tensor comes from another copy of tfjs-core than this package uses: then models do not know its losses. */
export function warnOfOtherCopy(tensor: Tensor): void {
  // `instanceof` of TensorFlow.js also takes the tensors of other copies for its own.
  if (hasWarned || Object.prototype.isPrototypeOf.call(Tensor.prototype, tensor)) return;
  hasWarned = true;
  warn(
    `There are two copies of TensorFlow.js. Your tensors come from another one than the ${version_core} that this package has, so ` +
      `models do not know its losses, metrics and weights. \`npm ls @tensorflow/tfjs-core\` lists the copies; ` +
      `\`npm install @tensorflow/tfjs-core@VERSION @tensorflow/tfjs-layers@VERSION\`, with the version of your ` +
      `@tensorflow/tfjs, leaves one.`,
  );
}
