import type { Tensor } from '@tensorflow/tfjs-core';

import { BuiltInLoss } from '../core/built_in_loss.js';
import { resolveAxes, withoutAxes } from '../core/checks.js';
import { broadcast, broadcastShape, sameShape } from '../core/inputs.js';
import type { ElementwiseSpec } from '../core/kernel_contract.js';
import { meanOver } from '../core/reduction.js';

/** Which kernel computes a loss. The constant is 0 and the reduction of a row is the mean, unless it says otherwise. */
export type FusedKernelOf = Pick<ElementwiseSpec, 'kernel'> &
  Partial<Pick<ElementwiseSpec, 'constant' | 'rowReduction'>>;

/**
 * A loss that makes one value of each row of labels and predictions along an axis, by default the last. The two broadcast, as in
 * Keras.
 */
export abstract class RowwiseLoss<Options extends object = object> extends BuiltInLoss<Options> {
  /** @internal */
  static override readonly broadcasts: boolean = true;

  /**
   * The kernel that computes `values` of rows along the last axis.
   *
   * @internal
   */
  protected abstract fusedKernel(): FusedKernelOf;

  /** @internal */
  override valuesShape(who: string, yTrue: number[], yPred: number[]): number[] {
    const shape = broadcastShape(who, yTrue, yPred);
    return withoutAxes(shape, resolveAxes(who, -1, shape));
  }

  /** @internal */
  override kernel(yTrue: number[], yPred: number[]): ElementwiseSpec | undefined {
    if (!sameShape(yTrue, yPred)) return undefined;
    const rowLength = yPred.at(-1) ?? 1;
    return { rowLength, constant: 0, rowReduction: 'mean', ...this.fusedKernel() };
  }
}

/** A loss that compares each label with its prediction. The value of a row is the mean over it. */
export abstract class ElementwiseLoss<
  Options extends object = object,
> extends RowwiseLoss<Options> {
  /**
   * The loss of each label and its prediction, which have one shape.
   *
   * @internal
   */
  protected abstract elements(yTrue: Tensor, yPred: Tensor): Tensor;

  /** @internal */
  override values(yTrue: Tensor, yPred: Tensor): Tensor {
    const elements = this.elements(...broadcastBoth(yTrue, yPred));
    // A single number is its own mean.
    return meanOver(elements, resolveAxes(this.name, -1, elements.shape));
  }
}

/** Labels and predictions in the shape that both broadcast to. */
export function broadcastBoth(yTrue: Tensor, yPred: Tensor): [Tensor, Tensor] {
  const shape = broadcastShape('broadcast', yTrue.shape, yPred.shape);
  return [broadcast(yTrue, shape), broadcast(yPred, shape)];
}
