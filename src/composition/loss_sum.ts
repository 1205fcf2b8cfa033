import { add, mul, tidy, zerosLike, type Tensor } from '@tensorflow/tfjs-core';

import { assertOneOf, type FromLogits } from '../core/checks.js';
import { withDefaults, type Config } from '../core/config.js';
import { formatValue, violation } from '../core/errors.js';
import { commonShape, mismatch, withShape } from '../core/inputs.js';
import { classOf } from '../core/description.js';
import { Loss, type LossClass, type LossOptions } from '../core/loss.js';
import { multiplyNoNan } from '../core/op.js';
import { REDUCTIONS, type Reduction } from '../core/reduction.js';
import { getLoss, serializeLoss, type LossIdentifier } from '../registry.js';

/**
 * The sum of several losses of one output, as one loss object: called, weighted, saved and given to `model.compile` like any other.
 *
 *     loss(yTrue, yPred, sampleWeight) = Σ lossᵢ(yTrue, yPred, sampleWeight)
 *
 * Each loss does what it does alone, with all its options: its own reduction, its own mask, its own reading of logits behind a
 * final sigmoid or softmax; {@link scaleLoss} gives it a factor. A sum of sums is one sum of all.
 *
 * With the reduction `'none'` the values of each sample are added: those of [batch] count for each entry of [batch, time], and a
 * single number for all. Their mean is then the sum of the means.
 *
 * In `model.compile`, `'accuracy'` and `'crossentropy'` are those of the first loss that has a meaning for them. Where one of
 * the losses weighs yes/no labels by `classWeight`, the others weigh a sample by the mean over its labels.
 *
 * @param losses - Whatever {@link getLoss} takes. They read labels in one form, and `yPred` all as logits or all as probabilities.
 * @returns The sum. Its `name` is made of theirs, and its `reduction` is that of the first.
 * @throws TypeError if there are no losses.
 * @throws RangeError if a name is unknown, or if only some of the losses read class indices, read logits, or are reduced (not
 * `reduction: 'none'`).
 * @throws {@link ShapeError} if values of samples do not fit together.
 * @example
 * ```ts
 * const loss = addLosses('bce', scaleLoss(new BinaryFocalCrossentropy({ gamma: 1 }), 0.5));
 * loss([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]]); // ≈ 1.0466
 * ```
 */
export function addLosses(...losses: readonly LossIdentifier[]): Loss;
/**
 * The same with options: `name`, and `reduction` for all losses in place of their own.
 */
export function addLosses(
  ...lossesAndOptions: readonly [...losses: LossIdentifier[], options: LossOptions]
): Loss;
export function addLosses(...given: readonly (LossIdentifier | LossOptions)[]): Loss {
  const last = given.at(-1);
  const options = isOptions(last) ? last : {};
  const losses = (isOptions(last) ? given.slice(0, -1) : given).map((loss) =>
    getLoss(loss as LossIdentifier),
  );
  const name = losses.map((loss) => loss.name).join('_plus_');
  const known = withDefaults('addLosses', options, { name, reduction: undefined });
  return new LossSum({ ...known, losses });
}

/**
 * A loss times a factor, which may be negative. What has the factor 0 counts nothing, even where it is NaN or infinite.
 *
 * @param loss - Whatever {@link getLoss} takes.
 * @param factor - A finite number.
 * @returns A loss object with the reduction of `loss`.
 * @throws TypeError if the factor is not a number, RangeError if it is not finite or the name of a loss is unknown.
 * @example
 * ```ts
 * scaleLoss('bce', 0.5)([[1]], [[0.5]]); // ≈ 0.3466
 * ```
 */
export function scaleLoss(loss: LossIdentifier, factor: number): Loss {
  const scaled = getLoss(loss);
  return new LossSum({ losses: [scaled], factors: [factor], name: `scaled_${scaled.name}` });
}

function isOptions(value: unknown): value is LossOptions {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !('class_name' in value)
  );
}

/** What a sum is made of: none of the losses is a sum itself. */
interface Terms {
  readonly losses: readonly Loss[];
  readonly factors: readonly number[];
}

interface LossSumOptions {
  losses?: readonly LossIdentifier[];
  /** One for each loss. Default: all 1. */
  factors?: readonly number[];
  name?: string | undefined;
  /** Of all losses. Default: each has its own. */
  reduction?: Reduction | undefined;
}

/** What {@link addLosses} and {@link scaleLoss} make, by the name in saved configs. */
export class LossSum extends Loss<Terms> {
  static override readonly className = 'LossSum';
  static override readonly defaults: Terms = { losses: [], factors: [] };
  /** @internal */
  static override readonly composite = true;

  constructor(options: LossSumOptions = {}) {
    const { reduction, losses, factors, ...rest } = options;
    const terms = reducedBy(reduction, flattened(losses, factors));
    super({ ...rest, ...terms, reduction: terms.losses[0]?.reduction } as Terms);
  }

  static override check(_who: string, { losses }: Terms): void {
    assertAgreed(
      losses,
      "losses must read labels in one form; a loss of yours that reads class indices has the static field labels = 'index'",
      hasIndices,
      (loss) => `(${hasIndices(loss) ? 'class indices' : 'no class indices'})`,
    );
    assertAgreed(
      losses,
      'yPred must be logits for all losses, or probabilities for all',
      fromLogits,
      (loss) => `with fromLogits: ${fromLogits(loss)}`,
    );
    assertAgreed(
      losses,
      "all losses must be reduced, or none (reduction: 'none')",
      isReduced,
      (loss) => `with reduction: ${formatValue(loss.reduction)}`,
    );
  }

  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.sumOverTerms((loss) => loss.compute(yTrue, yPred));
  }

  /** @internal */
  override terms(): readonly Loss[] {
    return this.options.losses;
  }

  /** @internal */
  override sumOverTerms(valueOf: (loss: Loss) => Tensor): Tensor {
    const { losses, factors } = this.options;
    return tidy(() =>
      losses
        .map((loss, index) => scaled(valueOf(loss), factors[index] ?? 1))
        .reduce((sum, values) => addValues(sum, values)),
    );
  }

  /** Without a reduction of its own: the losses have theirs. */
  override getConfig(): Config {
    const { reduction: _, ...config } = super.getConfig();
    return { ...config, losses: this.options.losses.map(serializeLoss) };
  }
}

/** The losses as objects, each sum among them as what it is the sum of. */
function flattened(losses: LossSumOptions['losses'], given: LossSumOptions['factors']): Terms {
  if (!Array.isArray(losses) || losses.length === 0) {
    throw new TypeError(
      `LossSum: a sum is made of losses: addLosses('bce', scaleLoss('mse', 0.1)). Received: none.`,
    );
  }
  const factors: unknown = given ?? losses.map(() => 1);
  if (!Array.isArray(factors) || factors.length !== losses.length) {
    throw new TypeError(violation('LossSum', 'factors must have one number per loss', factors));
  }
  const terms = losses.flatMap((identifier: LossIdentifier, index) => {
    const factor = finite(factors[index]);
    const loss = getLoss(identifier);
    if (!classOf(loss).composite) return [{ loss, factor }];
    const { losses: inner, factors: times } = loss.options as Terms;
    return inner.map((each, i) => ({ loss: each, factor: finite((times[i] ?? 1) * factor) }));
  });
  return {
    losses: terms.map(({ loss }) => loss),
    factors: terms.map(({ factor }) => factor),
  };
}

function finite(factor: unknown): number {
  const rule = 'factor must be a finite number';
  if (typeof factor !== 'number') throw new TypeError(violation('scaleLoss', rule, factor));
  if (!Number.isFinite(factor)) throw new RangeError(violation('scaleLoss', rule, factor));
  return factor;
}

/** The losses with another reduction, if one is given. */
function reducedBy(reduction: Reduction | undefined, { losses, factors }: Terms): Terms {
  if (reduction === undefined) return { losses, factors };
  assertOneOf('addLosses', 'reduction', reduction, REDUCTIONS);
  return {
    losses: losses.map((loss) =>
      (loss.constructor as LossClass).fromConfig({ ...loss.getConfig(), reduction }),
    ),
    factors,
  };
}

/** Whether the labels of the loss are class indices. */
function hasIndices(loss: Loss): boolean {
  return classOf(loss).labels === 'index';
}

/** Whether the loss reads logits, if it says. */
function fromLogits(loss: Loss): boolean | undefined {
  const { fromLogits: given } = loss.options as { fromLogits?: FromLogits };
  // It will be what `model.compile` decides.
  if (given === 'auto') return undefined;
  const { reads } = classOf(loss);
  return given ?? (reads === undefined ? undefined : reads === 'logits');
}

function isReduced({ reduction }: Loss): boolean {
  return reduction !== null && reduction !== 'none';
}

/** Throws where two losses say different things of what they have in common. */
function assertAgreed(
  losses: readonly Loss[],
  rule: string,
  says: (loss: Loss) => unknown,
  describe: (loss: Loss) => string,
): void {
  const first = losses.find((loss) => says(loss) !== undefined);
  const other = losses.find(
    (loss) => says(loss) !== undefined && says(loss) !== (first && says(first)),
  );
  if (first === undefined || other === undefined) return;
  const [a, b] = [first, other].map((loss) => `${classOf(loss).className} ${describe(loss)}`);
  throw new RangeError(`addLosses: ${rule}. Received: ${a} and ${b}.`);
}

/** The value times the factor of its loss. */
function scaled(value: Tensor, factor: number): Tensor {
  if (factor === 1) return value;
  return factor === 0 ? multiplyNoNan(value, zerosLike(value)) : mul(value, factor);
}

/** Values of samples have their first axes in common, and those of one loss count for all that another has behind them. */
function addValues(a: Tensor, b: Tensor): Tensor {
  const rank = Math.max(a.rank, b.rank);
  const [first, second] = [a, b].map((values) =>
    withShape(values, [...values.shape, ...Array<number>(rank - values.rank).fill(1)]),
  ) as [Tensor, Tensor];
  commonShape(first.shape, second.shape, () =>
    mismatch(
      'addLosses: values of samples must have the first axes in common.',
      ['values', a.shape],
      ['values', b.shape],
    ),
  );
  return add(first, second);
}
