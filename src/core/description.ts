import type { Tensor } from '@tensorflow/tfjs-core';

import type { FromLogits } from './checks.js';
import { violation } from './errors.js';
import type { KernelSpec } from './kernel_contract.js';
import { OURS } from './ours.js';
import type { Reduction } from './reduction.js';

/**
 * The form of the labels that a loss reads: `'binary'` for a yes or no of its own in each entry, `'oneHot'` for a distribution
 * over classes, `'index'` for class indices.
 */
export type LabelForm = 'binary' | 'oneHot' | 'index';

/** What the predictions of a loss come out of: a sigmoid, a softmax, or a layer without an activation. */
export type Reads = 'sigmoid' | 'softmax' | 'logits';

/** What a loss class says about itself, apart from how it is made. Losses of users say the first part, built-in ones all. */
export interface Description {
  readonly className: string;
  readonly aliases: readonly string[];
  readonly defaults: object;
  readonly labels?: LabelForm;
  readonly reads?: Reads;
  /** Options that Keras does not have: they are saved only where they differ from their default. */
  readonly extensions?: readonly string[];
  /** Whether `compute` gets labels and predictions as they come: in their own dtype, and not aligned. */
  readonly verbatim?: boolean;
  /**
   * Whether labels and predictions of different shapes broadcast, as in Keras. Training does not allow it all the same: there
   * it is a slip.
   */
  readonly broadcasts?: boolean;
  /** Whether `values` weigh each label apart, if they are given weights of labels. */
  readonly weighsLabels?: boolean;
  /** Whether it is made of other losses: no name alone makes one, and Keras has none. */
  readonly composite?: boolean;
  /** Whether the metric of this name is the loss times −1, as in Keras: more is better there. */
  readonly negatedMetric?: boolean;
}

/** What the evaluation of a loss needs of the loss object. */
export interface LossObject {
  readonly name: string;
  readonly reduction: Reduction;
  readonly options: object;
  compute(yTrue: Tensor, yPred: Tensor): Tensor;
  /** Which per-sample values count: `undefined` for all, or bool in their shape. */
  mask?(yTrue: Tensor, yPred: Tensor, values?: Tensor): Tensor | undefined;
}

/**
 * The parts that `compute` of a built-in loss is made of. They are apart because kernels, weights of labels and logits that
 * were found behind probabilities need them one by one.
 */
export interface LossParts extends LossObject {
  /** The shape of the per-sample values. Throws where the shapes of labels and predictions do not fit. No kernel runs. */
  valuesShape(who: string, yTrue: number[], yPred: number[]): number[];
  /**
   * The per-sample values.
   *
   * @param fromLogits - Whether `yPred` are logits, whatever the options say.
   * @param labelWeights - A factor on the loss of each label, in the shape of `yTrue`. Given to losses with `weighsLabels` alone.
   */
  values(yTrue: Tensor, yPred: Tensor, fromLogits: boolean, labelWeights?: Tensor): Tensor;
  /** The kernel that computes `values` and `mask` of inputs of these shapes, if there is one. */
  kernel?(yTrue: number[], yPred: number[], fromLogits: boolean): KernelSpec | undefined;
}

/** The class of a loss object, with what it says about itself. */
export function classOf(loss: LossObject): Description {
  return loss.constructor as unknown as Description;
}

/** Says of a `compute` that it does what the {@link LossParts} of the loss do. */
export function markAsMadeOfParts(compute: object): void {
  Object.assign(compute, { [OURS]: true });
}

/** The parts of a built-in loss; `undefined` for a class with a `compute` of its own, which alone says what the loss is. */
export function partsOf(loss: LossObject): LossParts | undefined {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is looked at, not called
  return OURS in loss.compute ? (loss as LossParts) : undefined;
}

/** Whether the loss of each label can be weighed apart. */
export function weighsLabels(loss: LossObject): boolean {
  return classOf(loss).weighsLabels === true && partsOf(loss) !== undefined;
}

/** What `fromLogits: 'auto'` means, while a loss is computed that has it. */
let auto: boolean | undefined;

/** Computes something while `fromLogits: 'auto'` has the given meaning; `undefined` leaves the one that it has. */
export function whereAutoIs<Result>(fromLogits: boolean | undefined, run: () => Result): Result {
  const outer = auto;
  auto = fromLogits ?? auto;
  try {
    return run();
  } finally {
    auto = outer;
  }
}

/** Whether the loss reads its predictions as logits. Only `model.compile` can decide what `'auto'` means. */
export function readsLogits(loss: LossObject): boolean {
  const { fromLogits } = loss.options as { fromLogits?: FromLogits };
  const { className, reads } = classOf(loss);
  const answer = fromLogits === 'auto' ? auto : (fromLogits ?? reads === 'logits');
  if (answer !== undefined) return answer;
  const rule = 'fromLogits must be true or false outside of model.compile';
  throw new TypeError(violation(className, rule, fromLogits));
}
