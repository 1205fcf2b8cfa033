import {
  add,
  cast,
  equal,
  eye,
  matMul,
  max,
  mul,
  reshape,
  sub,
  zerosLike,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { assertBoolean, assertNumber, assertNonNegative } from '../core/checks.js';
import { toFloat, zerosFor, type Input } from '../core/inputs.js';
import { lossValues } from '../core/built_in_loss.js';
import { multiplyNoNan, steplike } from '../core/op.js';
import { truncated } from '../ops/class_labels.js';
import { differsFrom } from '../ops/differs_from.js';
import { logSumExpOf } from '../ops/log_sum_exp.js';
import { positivePart } from '../ops/positive_part.js';
import { product } from '../ops/product.js';
import { sigmoidCrossEntropy } from '../ops/sigmoid_cross_entropy_with_logits.js';
import { BatchLoss } from './batch_loss.js';

/** Options of {@link circle}. */
export interface CircleOptions {
  /** How steep the loss is, at least 0. Default: `80`. */
  gamma?: number;
  /** The cosine distance that pairs of one class shall be below, and others 1 − `margin`. Default: `0.4`. */
  margin?: number;
  /** Whether an embedding is no pair with itself. Default: `true`. */
  removeDiagonal?: boolean;
}

/**
 * How far embeddings of one class are apart, and of different classes together, one value per sample: for embeddings by
 * which things are compared, such as faces. The samples of a batch are each other's examples.
 *
 *     d        = max(1 − yPredᵢ · yPredⱼ, 0)
 *     positive = log Σ exp(gamma · max(d + margin, 0) · (d − margin)) over all j of the class of i
 *     negative = log Σ exp(gamma · max(1 + margin − d, 0) · (1 − margin − d)) over all j of other classes
 *     loss     = log(1 + exp(positive + negative))
 *
 * A sample without a pair of either kind costs 0, and means leave out all samples that cost 0, as in Keras.
 *
 * Embeddings are taken as they are, as in Keras: end the model in a layer that gives them length 1.
 *
 * Differs from Keras: the function takes no reference embeddings, which the class does not in Keras either; a negative `gamma` is an
 * error.
 *
 * @param yTrue - Class indices, any numeric dtype, shape [batch] or [batch, 1].
 * @param yPred - Embeddings of length 1, shape [batch, size].
 * @returns Loss, shape [batch].
 * @throws {@link ShapeError} if the shapes do not fit.
 * @throws RangeError if an option is unknown or outside its range, TypeError if it or an input is of the wrong kind.
 * @example
 * ```ts
 * const embeddings = [[1, 0], [0.8, 0.6], [0, 1], [-0.6, 0.8]];
 * circle([0, 0, 1, 1], embeddings); // ≈ [0.000067727, 6.4017, 6.4017, 0.000067727]
 * ```
 * @see Sun et al., "Circle Loss: A Unified Perspective of Pair Similarity Optimization" (2020).
 */
export function circle(yTrue: Input, yPred: Input, options: CircleOptions = {}): Tensor {
  return lossValues(Circle, yTrue, yPred, options);
}

/**
 * {@link circle} as a loss object: weighted, reduced, found by name, and saved.
 *
 * @example
 * ```ts
 * const loss = new Circle();
 * loss([0, 0, 1, 2], [[1, 0], [0.8, 0.6], [0, 1], [-0.6, 0.8]]); // ≈ 3.2009
 * ```
 */
export class Circle extends BatchLoss<CircleOptions> {
  static override readonly className: string = 'Circle';
  static override readonly defaults: Required<CircleOptions> = {
    gamma: 80,
    margin: 0.4,
    removeDiagonal: true,
  };

  /** @internal */
  static override check(
    who: string,
    { gamma, margin, removeDiagonal }: Required<CircleOptions>,
  ): void {
    assertNonNegative(who, 'gamma', gamma);
    assertNumber(who, 'margin', margin);
    assertBoolean(who, 'removeDiagonal', removeDiagonal);
  }

  /** @internal */
  override values(yTrue: Tensor, yPred: Tensor): Tensor {
    const { gamma, margin, removeDiagonal } = this.options;
    const embeddings = toFloat(yPred);
    const [batch = 0] = embeddings.shape;
    if (batch === 0) return add(zerosFor(toFloat(yTrue), [0]), zerosFor(embeddings, [0]));
    const distance = positivePart(sub(1, matMul(embeddings, embeddings, false, true)));
    const same = isSameClass({})(yTrue);
    const positive = removeDiagonal ? sub(same, eye(batch)) : same;
    const negative = sub(1, same);
    const attraction = product(
      positivePart(add(distance, margin)),
      mul(sub(distance, margin), gamma),
    );
    const repulsion = product(
      positivePart(sub(1 + margin, distance)),
      mul(sub(1 - margin, distance), gamma),
    );
    const total = add(logSumExpOf(attraction, positive), logSumExpOf(repulsion, negative));
    const hasPairs = mul(max(positive, 1), max(negative, 1));
    return multiplyNoNan(sigmoidCrossEntropy(zerosLike(total), total), hasPairs);
  }

  /** @internal */
  override mask(_yTrue: Tensor, _yPred: Tensor, values?: Tensor): Tensor | undefined {
    return values && differsFrom(values, 0);
  }
}

/** Whether two samples have one class, 1 or 0, [batch, batch], from labels [batch] or [batch, 1]. */
const isSameClass = steplike('IsSameClass', (labels) => {
  const indices = labels.dtype === 'float32' ? truncated(labels) : cast(labels, 'int32');
  const [batch = 0] = labels.shape;
  return toFloat(equal(reshape(indices, [batch, 1]), reshape(indices, [1, batch])));
});
