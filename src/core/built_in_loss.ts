import type { Tensor } from '@tensorflow/tfjs-core';

import { toFunctionName, withDefaults } from './config.js';
import { markAsMadeOfParts } from './description.js';
import { computeFromParts, evaluate } from './evaluate.js';
import type { Input } from './inputs.js';
import type { KernelSpec } from './kernel_contract.js';
import { Loss, type LossClass } from './loss.js';

/**
 * Base class of the losses of this package. They give the `LossParts` (description.ts), of which `compute` is made; a subclass of
 * a user with a `compute` of its own is computed by that alone.
 */
// It does not say `implements LossParts`: the declarations of the package leave out what is internal.
export abstract class BuiltInLoss<Options extends object = object> extends Loss<Options> {
  /** @internal */
  abstract valuesShape(who: string, yTrue: number[], yPred: number[]): number[];

  /** @internal */
  abstract values(yTrue: Tensor, yPred: Tensor, fromLogits: boolean, labelWeights?: Tensor): Tensor;

  /** @internal */
  kernel?(yTrue: number[], yPred: number[], fromLogits: boolean): KernelSpec | undefined;

  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return computeFromParts(this, yTrue, yPred);
  }
}
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is marked, not called
markAsMadeOfParts(BuiltInLoss.prototype.compute);

/** The function form of a loss: its per-sample values, without weights and reduction. */
export function lossValues(
  lossClass: LossClass,
  yTrue: Input,
  yPred: Input,
  options: object,
): Tensor {
  const who = toFunctionName(lossClass.className);
  lossClass.check(who, withDefaults(who, options, lossClass.defaults));
  const loss = new lossClass(options as never);
  const align = lossClass.broadcasts === true;
  return evaluate(loss, { yTrue, yPred, who, align, reduction: 'none' });
}
