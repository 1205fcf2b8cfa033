import type { Tensor } from '@tensorflow/tfjs-core';

import { resolveAxes, withoutAxes } from '../core/checks.js';
import { broadcast, broadcastShape, sameShape } from '../core/inputs.js';
import { classOf, Loss, ownerOf } from '../core/loss.js';
import { meanOver } from '../core/reduction.js';
import type { ElementwiseSpec } from '../core/kernel_contract.js';

/** A loss that compares each label with its prediction, along the last axis. The two broadcast, as in Keras. */
export abstract class ElementwiseLoss<Options extends object = object> extends Loss<Options> {
  static override readonly broadcasts: boolean = true;

  static override valuesShape(
    who: string,
    _options: object,
    yTrue: number[],
    yPred: number[],
  ): number[] {
    const shape = broadcastShape(who, yTrue, yPred);
    return withoutAxes(shape, resolveAxes(who, -1, shape));
  }

  /** The per-sample values; labels and predictions have one shape. */
  protected abstract values(yTrue: Tensor, yPred: Tensor): Tensor;

  /**
   * How a kernel computes the same.
   *
   * @internal
   */
  protected abstract form(): Pick<ElementwiseSpec, 'kernel'> & Partial<ElementwiseSpec>;

  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    const shape = broadcastShape(this.name, yTrue.shape, yPred.shape);
    return this.values(broadcast(yTrue, shape), broadcast(yPred, shape));
  }

  /** @internal */
  override rows(yPred: number[], yTrue: number[]): ElementwiseSpec | undefined {
    const lossClass = classOf(this);
    // A subclass with values of its own has no kernel until it says which.
    const isOwn = ownerOf(lossClass, 'values') === ownerOf(lossClass, 'form');
    if (!isOwn || !sameShape(yTrue, yPred)) return undefined;
    return { rowLength: yPred.at(-1) ?? 1, constant: 0, rowReduction: 'mean', ...this.form() };
  }
}

/** The mean over the last axis; a single number is its own. */
export function meanOfRows(elements: Tensor): Tensor {
  return meanOver(elements, resolveAxes('mean', -1, elements.shape));
}
