import { clone, Tensor, tidy } from '@tensorflow/tfjs-core';

import { callable } from './callable.js';
import { assertOneOf, resolveAxes, type Axis, type FromLogits } from './checks.js';
import {
  configToOptions,
  optionsToConfig,
  toFunctionName,
  toSnakeCase,
  withDefaults,
  type Config,
} from './config.js';
import { violation } from './errors.js';
import { alignRanks, toFloat, toTensor, withShape, type Input } from './inputs.js';
import { maskWeights, meanOver, reduce, REDUCTIONS, type Reduction } from './reduction.js';
import type { KernelSpec } from './kernel_contract.js';
import { preActivation } from './tape.js';
import { assertWeighs, weigh } from './weighting.js';

/** Options that every loss object has. */
export interface LossOptions {
  /**
   * How weighted per-sample values become one loss:
   *
   * - `'sum_over_batch_size'` (default) or `'mean'`: their sum, divided by their number;
   * - `'sum'`: their sum;
   * - `'mean_with_sample_weight'`: their sum, divided by the sum of the weights as given;
   * - `'none'` or `null`: the values themselves.
   *
   * An empty batch gives 0, and so do weights that sum to 0.
   */
  reduction?: Reduction;
  /** Name in logs and saved configs. Default: the class name in snake_case. */
  name?: string;
}

/** The options of a loss function that has none. */
export type NoOptions = Readonly<Record<string, never>>;

/** A metric as `model.compile` takes it: per-sample values whose mean is reported. */
export type Metric = (yTrue: Input, yPred: Input) => Tensor;

/** What a loss class says about itself, for the registry, saved configs and `model.compile`. */
export interface LossClass {
  /** A loss object with these options. */
  new (options?: never): Loss;
  /** Keras's name of the class; it survives minifiers. */
  readonly className: string;
  /** Other names that the class is found by. */
  readonly aliases: readonly string[];
  /** All options with their defaults: what is not listed here is not an option. */
  readonly defaults: object;
  /** Whether labels are class indices, and so lack the class axis of the predictions. */
  readonly sparseLabels: boolean;
  /**
   * Whether each entry of the labels is a yes or a no of its own, and the loss a mean over the option `axis`: class weights
   * then weigh entries. A subclass with a `compute` of its own says it again, and takes `labelWeights` there.
   */
  readonly binaryLabels: boolean;
  /** Options that Keras does not know: saved only where they differ from their default. */
  readonly extensions: readonly string[];
  /**
   * The activation whose output this loss reads as probabilities, if its `compute` can read what went into it: a model
   * that ends in this activation is then trained on the logits. A subclass with a `compute` of its own says it again.
   */
  readonly activation?: string;
  /** Whether it reads logits and nothing else, without an option to say so: `model.compile` then warns of probabilities. */
  readonly logitsOnly?: boolean;
  /** Whether `compute` is given labels and predictions as they come: in their own dtype, and not aligned. */
  readonly verbatim: boolean;
  /**
   * Whether labels and predictions of different shapes broadcast, as in Keras. The function form then aligns them as the object
   * does, by Keras's rule for a last axis of 1. In training they must have one shape all the same: there it is a slip.
   */
  readonly broadcasts: boolean;
  /**
   * Whether it is made of other losses, which are its options: no name alone makes one, and Keras has none.
   *
   * @internal
   */
  readonly composite: boolean;
  /**
   * The metric that `'accuracy'` means for this loss; without it the shapes decide, as in Keras. It is given the
   * metrics of this package, so that a loss alone does not bring them.
   */
  readonly accuracy?: (options: never, metrics: never) => Metric;
  /** Whether the metric of this name is the loss times −1, as in Keras: more is better there. */
  readonly negatedMetric?: boolean;
  /** The metric that `'crossentropy'` means for this loss; without it the shapes decide, as in Keras. */
  readonly crossentropy?: (options: never) => Loss;
  /** Throws where an option has a value that it must not have. Called when an object is made. */
  check(who: string, options: object): void;
  /**
   * The shape of the per-sample values, or `undefined` where only `compute` can tell. Throws where the shapes of the inputs
   * do not fit. Called before any kernel runs.
   */
  valuesShape(who: string, options: object, yTrue: number[], yPred: number[]): number[] | undefined;
  /** The loss object whose `getConfig` gave the config. Reads the configs of Keras 3 and Keras 2. */
  fromConfig(config: Config): Loss;
}

/** Marks loss objects for all copies of this package, whose classes differ. */
const LOSS: unique symbol = Symbol.for('tfjs-losses.Loss');

/** Whether the value is a loss object, of this copy of the package or another. What `bind` made of one is not. */
export function isLoss(value: unknown): value is Loss {
  return typeof value === 'function' && Object.hasOwn(value, LOSS);
}

/** Whether the value is a loss class, of this copy of the package or another. */
export function isLossClass(value: unknown): value is LossClass {
  return (
    typeof value === 'function' && value.prototype instanceof Object && LOSS in value.prototype
  );
}

/** Calls the loss: weighted and reduced. */
export interface Loss<Options extends object = object> {
  /**
   * The result has whatever tensor type is expected of it: a scalar in `optimizer.minimize`, say.
   *
   * @param yTrue - Labels.
   * @param yPred - Predictions.
   * @param sampleWeight - Weights of the per-sample values: their shape, their first axes ([batch] on [batch, time]), or
   * a shape that broadcasts. A weight of 0 excludes its sample, even where its loss is NaN or infinite (its gradient must be
   * finite, unless the loss is one of this package).
   * @returns The loss: a scalar, or per-sample values for the reduction `'none'`. Cross-entropies are in nats.
   * @throws {@link ShapeError} if the shapes do not fit.
   * @throws TypeError if an input is disposed or not numeric.
   */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as TF.js's own losses have it
  <Result extends Tensor = Tensor>(yTrue: Input, yPred: Input, sampleWeight?: Input | null): Result;
  /** {@inheritDoc LossOptions.name} */
  readonly name: string;
  /** {@inheritDoc LossOptions.reduction} */
  readonly reduction: Reduction;
  /** All options of the loss, with defaults filled in. */
  readonly options: Readonly<Required<Options>>;
}

/**
 * Base class of all losses. An object of it is a function: `loss(yTrue, yPred, sampleWeight)`.
 *
 * A subclass gives `className`, `defaults` and `compute`; weights, reduction, `getConfig()`, `fromConfig()`,
 * lookup by name and `model.compile` then work by themselves.
 *
 * @example
 * ```ts
 * class MeanCubedError extends Loss {
 *   static className = 'MeanCubedError';
 *   compute(yTrue, yPred) {
 *     return tf.mean(tf.pow(tf.abs(tf.sub(yTrue, yPred)), 3), -1);
 *   }
 * }
 * new MeanCubedError({ reduction: 'sum' })([[1], [2]], [[3], [2]]); // ≈ 8
 * ```
 */
// The interface above gives the objects their call signature, which a class cannot declare.
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export abstract class Loss<Options extends object = object> {
  /** {@inheritDoc LossClass.className} */
  static readonly className: string = '';
  /** {@inheritDoc LossClass.aliases} */
  static readonly aliases: readonly string[] = [];
  /** {@inheritDoc LossClass.defaults} */
  static readonly defaults: object = {};
  /** {@inheritDoc LossClass.extensions} */
  static readonly extensions: readonly string[] = [];
  /** {@inheritDoc LossClass.sparseLabels} */
  static readonly sparseLabels: boolean = false;
  /** {@inheritDoc LossClass.binaryLabels} */
  static readonly binaryLabels: boolean = false;
  /** {@inheritDoc LossClass.verbatim} */
  static readonly verbatim: boolean = false;
  /** {@inheritDoc LossClass.broadcasts} */
  static readonly broadcasts: boolean = false;
  /**
   * {@inheritDoc LossClass.composite}
   *
   * @internal
   */
  static readonly composite: boolean = false;
  /** {@inheritDoc LossClass.activation} */
  declare static readonly activation?: string;
  /** {@inheritDoc LossClass.logitsOnly} */
  declare static readonly logitsOnly?: boolean;
  /** {@inheritDoc LossClass.accuracy} */
  declare static readonly accuracy?: (options: never, metrics: never) => Metric;
  /** {@inheritDoc LossClass.negatedMetric} */
  declare static readonly negatedMetric?: boolean;
  /** {@inheritDoc LossClass.crossentropy} */
  declare static readonly crossentropy?: (options: never) => Loss;

  /**
   * A loss object with these options.
   *
   * @param options - Those of the loss, and {@link LossOptions}. What is left out has its default.
   */
  constructor(options: Options & LossOptions = {} as Options & LossOptions) {
    const lossClass = new.target as unknown as LossClass;
    const { className } = lossClass;
    if (!Object.hasOwn(lossClass, 'className') || className === '') {
      throw new TypeError(
        `Loss: a class must give a static className of its own. Received: class ${new.target.name} without one.`,
      );
    }
    const { reduction, name, own } = readOptions(className, lossClass, options);
    const loss: Loss<Options> = callable(
      new.target.prototype as object,
      (yTrue: Input, yPred: Input, sampleWeight?: Input | null): Tensor =>
        loss.addUp((addend) =>
          weightedLoss(addend, yTrue, yPred, { sampleWeight: sampleWeight ?? undefined }),
        ),
      { name, reduction, options: own, [LOSS]: true },
    ) as unknown as Loss<Options>;
    return loss;
  }

  /**
   * The loss per sample: what weights apply to and reductions sum up.
   *
   * @param yTrue - Labels in float32, of the rank of `yPred` where Keras's rules allow to align them.
   * @param yPred - Predictions in float32.
   * @param fromLogits - Given to a loss with an `activation`: whether `yPred` are logits, whatever the options say.
   * @param labelWeights - Given to a loss with `binaryLabels`: a factor on the loss of each label, in the shape of `yTrue`.
   * @returns Values, [batch, ...].
   */
  abstract compute(
    yTrue: Tensor,
    yPred: Tensor,
    fromLogits?: boolean,
    labelWeights?: Tensor,
  ): Tensor;

  /**
   * Which per-sample values count: means leave the others out. By default all do.
   *
   * @param _values - What `compute` gave; not there where something else is measured, as `'accuracy'` is.
   * @returns `undefined`, or bool in the shape of the per-sample values.
   */
  mask(_yTrue: Tensor, _yPred: Tensor, _values?: Tensor): Tensor | undefined {
    return undefined;
  }

  /**
   * How one kernel can compute `compute` and `mask` from predictions (logits, where the loss reads those) and labels of these
   * shapes, if one can. A subclass with a `compute` or `mask` of its own says it again.
   *
   * @internal
   */
  rows(_yPred: number[], _yTrue: number[]): KernelSpec | undefined {
    return undefined;
  }

  /**
   * The losses that this one is the sum of: itself alone, unless it is made of others.
   *
   * @internal
   */
  addends(): readonly Loss[] {
    return [this];
  }

  /**
   * What a function gives for each of `addends`, added up.
   *
   * @internal
   */
  addUp(valueOf: (addend: Loss) => Tensor): Tensor {
    return valueOf(this);
  }

  /** The options as Keras saves them. */
  getConfig(): Config {
    const { defaults, extensions } = classOf(this);
    const saved = Object.entries(this.options).filter(
      ([option, value]) =>
        !extensions.includes(option) ||
        value !== (defaults as Readonly<Record<string, unknown>>)[option],
    );
    return {
      name: this.name,
      reduction: this.reduction,
      ...optionsToConfig(Object.fromEntries(saved)),
    };
  }

  /** {@inheritDoc LossClass.fromConfig} */
  static fromConfig<L extends Loss>(this: new (options?: never) => L, config: Config): L {
    return new this(configToOptions(config) as never);
  }

  /** {@inheritDoc LossClass.check} */
  static check(_who: string, _options: object): void {
    // By default all values are fine.
  }

  /** {@inheritDoc LossClass.valuesShape} */
  static valuesShape(
    _who: string,
    _options: object,
    _yTrue: number[],
    _yPred: number[],
  ): number[] | undefined {
    return undefined;
  }
}
// A loss object is a function: it has `bind`, `call` and `apply`.
Object.setPrototypeOf(Loss.prototype, Function.prototype);
Object.defineProperty(Loss.prototype, LOSS, { value: true });

/** The class of a loss object, with what it says about itself. */
export function classOf(loss: Loss): LossClass {
  return (loss as unknown as { constructor: LossClass }).constructor;
}

/** The activation whose logits `compute` of the loss can read. */
export function activationOf(loss: Loss): string | undefined {
  const owner = ownerOf(classOf(loss), 'compute');
  return Object.hasOwn(owner, 'activation') ? owner.activation : undefined;
}

/** Whether `compute` of the loss, or of one that it is the sum of, takes a weight for each label. */
export function takesLabelWeights(loss: Loss): boolean {
  return loss.addends().some((addend) => {
    const owner = ownerOf(classOf(addend), 'compute');
    return Object.hasOwn(owner, 'binaryLabels') && owner.binaryLabels;
  });
}

/** The one of its addends that says what a metric means: the first that does, or else the first. */
export function addendWith(loss: Loss, metric: 'accuracy' | 'crossentropy'): Loss {
  const addends = loss.addends();
  const [first = loss] = addends;
  return addends.find((addend) => classOf(addend)[metric] !== undefined) ?? first;
}

/** The very class that wrote a method: one below it may know nothing of logits and weights of labels. */
export function ownerOf(lossClass: LossClass, method: string): LossClass {
  let owner = lossClass;
  while (!Object.hasOwn(owner.prototype as object, method)) {
    owner = Object.getPrototypeOf(owner) as LossClass;
  }
  return owner;
}

/** Whether a loss reads its predictions as logits: `'auto'` is decided by `model.compile` alone. */
export function readsLogits(loss: Loss): boolean {
  const { fromLogits } = loss.options as { fromLogits?: FromLogits };
  if (fromLogits === 'auto') {
    throw new TypeError(
      `${classOf(loss).className}: fromLogits must be true or false outside of model.compile, where 'auto' follows the ` +
        `activation of the output. Received: "auto".`,
    );
  }
  return fromLogits === true;
}

/** An activation that makes probabilities, along an axis. */
export interface ActivationKind {
  readonly name: string;
  readonly axis: number;
}

/** Whether a loss over probabilities can read what went into the activation that made them. */
export function readsInputOf(loss: Loss, activation: ActivationKind, rank: number): boolean {
  if (activation.name !== activationOf(loss)) return false;
  const { axis } = loss.options as { axis?: number };
  const along = (index: number) => (index < 0 ? index + rank : index);
  // The input of a softmax says nothing of another softmax, along another axis.
  return activation.name !== 'softmax' || along(axis ?? -1) === along(activation.axis);
}

/** The options of a loss object with defaults filled in, after all checks. */
function readOptions(who: string, lossClass: LossClass, options: object) {
  const { reduction, name, ...rest } = withDefaults(who, options, {
    reduction: 'sum_over_batch_size',
    name: toSnakeCase(lossClass.className),
    ...lossClass.defaults,
  });
  assertOneOf(who, 'reduction', reduction, REDUCTIONS);
  if (typeof name !== 'string') {
    throw new TypeError(violation(who, 'name must be a string', name));
  }
  lossClass.check(who, rest);
  return { reduction, name, own: frozen(rest) };
}

/** A copy that nobody can change, neither here nor through an array that the caller keeps. */
function frozen(options: object): object {
  const copies = Object.entries(options).map(([name, value]: [string, unknown]) => [
    name,
    Array.isArray(value) ? Object.freeze([...(value as unknown[])]) : value,
  ]);
  return Object.freeze(Object.fromEntries(copies)) as object;
}

/** The function form of a loss: per-sample values, without weights and reduction. */
export function lossValues(
  lossClass: LossClass,
  yTrue: Input,
  yPred: Input,
  options: object,
): Tensor {
  const who = toFunctionName(lossClass.className);
  lossClass.check(who, withDefaults(who, options, lossClass.defaults));
  const loss = new lossClass(options as never);
  const call = { who, align: lossClass.broadcasts };
  return tidy(() => {
    const checked = check(loss, yTrue, yPred, call);
    return fused(loss, checked, call, 'none') ?? compute(loss, checked, call).values;
  });
}

/** A call of a loss. */
export interface Call extends Weighting {
  /** Whose error texts these are. */
  readonly who: string;
  /** Whether labels and predictions whose ranks differ by a last axis of 1 are aligned first. */
  readonly align: boolean;
}

/** How a loss is called beside labels and predictions. */
export interface Weighting {
  /** Whose error texts these are: by default the class's. */
  readonly who?: string;
  /** Weights of the per-sample values. */
  readonly sampleWeight?: Input | undefined;
  /** A factor on the loss of each label, for a loss that {@link takesLabelWeights}. */
  readonly labelWeights?: Tensor | undefined;
  /** Sees per-sample values whose shape nobody knew, before they are weighed, and may throw. */
  readonly checkValues?: (values: Tensor, weights: Tensor | undefined) => void;
  /** What `yPred` is, if that is known better than from the options. */
  readonly fromLogits?: boolean | undefined;
}

/** The inputs of a loss after all checks, before any kernel ran. */
export interface Checked {
  readonly labels: Tensor;
  readonly output: Tensor;
  readonly labelsShape: number[];
  readonly outputShape: number[];
  /** The shape of the per-sample values, if it is known. */
  readonly shape: number[] | undefined;
  readonly fromLogits: boolean | undefined;
  readonly weights: Tensor | undefined;
  readonly labelWeights: Tensor | undefined;
}

/** The loss as one kernel computes it, or `undefined` where none does. */
export type FusedLoss = (
  loss: Loss,
  checked: Checked,
  call: Call,
  reduction: Reduction,
) => Tensor | undefined;

let fused: FusedLoss = () => undefined;

/** Kernels bring {@link FusedLoss} with them: a bundle without kernels does not hold it. */
export function useFusedLoss(given: FusedLoss): void {
  fused = given;
}

function check(loss: Loss, yTrue: Input, yPred: Input, call: Call): Checked {
  const { who } = call;
  const labels = toTensor(who, 'yTrue', yTrue);
  const given = toTensor(who, 'yPred', yPred);
  const logits = call.fromLogits === undefined ? logitsOf(loss, given) : undefined;
  const output = logits ?? given;
  const { verbatim } = classOf(loss);
  const [labelsShape, outputShape] =
    call.align && !verbatim ? alignRanks(labels.shape, output.shape) : [labels.shape, output.shape];
  const shape = classOf(loss).valuesShape(who, loss.options, labelsShape, outputShape);
  const labelWeights = call.labelWeights && withShape(call.labelWeights, labelsShape);
  const weights =
    call.sampleWeight === undefined ? undefined : toTensor(who, 'sampleWeight', call.sampleWeight);
  if (weights && shape) assertWeighs(who, shape, weights.shape);
  const fromLogits = logits === undefined ? call.fromLogits : true;
  return { labels, output, labelsShape, outputShape, shape, fromLogits, weights, labelWeights };
}

/** `compute` and `mask` of the loss. */
function compute(loss: Loss, checked: Checked, { who, checkValues }: Call) {
  const { labels, output, labelsShape, outputShape, fromLogits, shape, weights, labelWeights } =
    checked;
  const { verbatim } = classOf(loss);
  const y = withShape(verbatim ? labels : toFloat(labels), labelsShape);
  const p = withShape(verbatim ? output : toFloat(output), outputShape);
  const values: Tensor = loss.compute(y, p, fromLogits, labelWeights);
  if (!((values as unknown) instanceof Tensor)) {
    throw new TypeError(violation(who, 'compute must return a tensor', values));
  }
  if (shape === undefined) checkValues?.(values, weights);
  return {
    // The caller owns the result; a loss that returns its input would hand out the caller's own tensor.
    values: values === labels || values === output ? clone(values) : values,
    mask: loss.mask(y, p, values),
    weights,
    labelWeights,
  };
}

/** What the probabilities were made from, where a gradient is recorded and the loss can read it. */
function logitsOf(loss: Loss, output: Tensor): Tensor | undefined {
  const { fromLogits } = loss.options as { fromLogits?: FromLogits };
  if (fromLogits !== false) return undefined;
  const made = preActivation(output);
  return made && readsInputOf(loss, made.activation, output.rank) ? made.input : undefined;
}

/** Per-sample values without weights, and which of them count. */
export function maskedValues(
  loss: Loss,
  yTrue: Input,
  yPred: Input,
  weighting: Weighting,
): { values: Tensor; mask: Tensor | undefined } {
  const call = callOf(loss, weighting);
  return compute(loss, check(loss, yTrue, yPred, call), call);
}

/** Per-sample values times their weights, before the reduction, and the weights. */
export function weightedValues(
  loss: Loss,
  yTrue: Input,
  yPred: Input,
  weighting: Weighting = {},
): { values: Tensor; weights: Tensor | undefined } {
  const call = callOf(loss, weighting);
  return weighted(loss, check(loss, yTrue, yPred, call), call, loss.reduction);
}

function weighted(
  loss: Loss,
  checked: Checked,
  call: Call,
  reduction: Reduction,
): { values: Tensor; weights: Tensor | undefined } {
  const { who } = call;
  const { values, mask, weights: given, labelWeights } = compute(loss, checked, call);
  // Without other weights the mask is the weights, and a weighted mean is the mean of what counts.
  const unweighted = given === undefined && labelWeights === undefined;
  const isMean = reduction === 'mean_with_sample_weight' && unweighted;
  const counts = mask && maskWeights(mask, isMean ? 'mean' : reduction);
  const weights = counts && given ? weigh(who, counts, given) : (counts ?? given);
  const weighed = weights === undefined ? values : weigh(who, values, weights);
  return { values: weighed, weights: totalWeights(who, loss, weights, labelWeights) };
}

/** The loss by its formula. */
export function composed(loss: Loss, checked: Checked, call: Call, reduction: Reduction): Tensor {
  const { values, weights } = weighted(loss, checked, call, reduction);
  return reduce(values, weights, reduction);
}

/** What a mean over the weights divides by: the weights of samples, times the mean weight of their labels. */
function totalWeights(
  who: string,
  loss: Loss,
  weights: Tensor | undefined,
  labelWeights: Tensor | undefined,
): Tensor | undefined {
  if (labelWeights === undefined) return weights && toFloat(weights);
  if (loss.reduction !== 'mean_with_sample_weight') return weights;
  const { axis } = loss.options as { axis: Axis };
  const perSample = meanOver(labelWeights, resolveAxes(who, axis, labelWeights.shape));
  return weights === undefined ? perSample : weigh(who, perSample, weights);
}

/** The loss, weighted and reduced. */
export function weightedLoss(
  loss: Loss,
  yTrue: Input,
  yPred: Input,
  weighting: Weighting = {},
): Tensor {
  const call = callOf(loss, weighting);
  const run = () => {
    const checked = check(loss, yTrue, yPred, call);
    const value = fused(loss, checked, call, loss.reduction);
    return value ?? tidy(() => composed(loss, checked, call, loss.reduction));
  };
  // Where all is a tensor already, nothing is made that would have to be tidied up, and a scope costs a third of the rest.
  return [yTrue, yPred].every((input) => input instanceof Tensor) &&
    weighting.sampleWeight === undefined &&
    weighting.labelWeights === undefined
    ? run()
    : tidy(run);
}

function callOf(loss: Loss, weighting: Weighting): Call {
  return { who: classOf(loss).className, align: true, ...weighting };
}
