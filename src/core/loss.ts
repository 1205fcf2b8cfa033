import type { Tensor } from '@tensorflow/tfjs-core';

import { callable } from './callable.js';
import { assertOneOf } from './checks.js';
import {
  configToOptions,
  optionsToConfig,
  toSnakeCase,
  withDefaults,
  type Config,
} from './config.js';
import { classOf, type LabelForm, type Reads } from './description.js';
import { violation } from './errors.js';
import { evaluate } from './evaluate.js';
import type { Input } from './inputs.js';
import { OURS } from './ours.js';
import { REDUCTIONS, type Reduction } from './reduction.js';

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

/** Whether the value is a loss object, of this copy of the package or another. What `bind` made of one is not. */
export function isLoss(value: unknown): value is Loss {
  return typeof value === 'function' && Object.hasOwn(value, OURS);
}

/** Whether the value is a loss class, of this copy of the package or another. */
export function isLossClass(value: unknown): value is LossClass {
  return (
    typeof value === 'function' && value.prototype instanceof Object && OURS in value.prototype
  );
}

/** A class of losses: `Loss` or a subclass of it. */
export type LossClass = Omit<typeof Loss, 'prototype' | 'fromConfig'> & {
  /** Makes a loss object with these options. */
  new (options?: never): Loss;
  /** Makes the loss object whose `getConfig` gave the config. */
  fromConfig(config: Config): Loss;
};

/** Calls the loss: weighted and reduced. */
export interface Loss<Options extends object = object> {
  /**
   * Computes the loss of labels and predictions: one value per sample, times `sampleWeight`, then reduced.
   *
   * @param yTrue - Labels.
   * @param yPred - Predictions.
   * @param sampleWeight - Weights of the per-sample values: their shape, their first axes ([batch] on [batch, time]), or
   * a shape that broadcasts. A weight of 0 excludes its sample, even where its loss is NaN or infinite (its gradient must be
   * finite, unless the loss is one of this package).
   * @returns The loss: a scalar, or per-sample values for the reduction `'none'`. Cross-entropies are in nats. TypeScript takes
   * it for the tensor type that is expected of it: a scalar in `optimizer.minimize`, say.
   * @throws {@link ShapeError} if the shapes do not fit.
   * @throws TypeError if an input is disposed or not numeric.
   */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as TF.js's own losses have it
  <Result extends Tensor = Tensor>(yTrue: Input, yPred: Input, sampleWeight?: Input | null): Result;
  /** Name in logs and saved configs. */
  readonly name: string;
  /** How weighted per-sample values become one loss: see {@link LossOptions}. */
  readonly reduction: Reduction;
  /** All options of the loss, with defaults filled in. */
  readonly options: Readonly<Required<Options>>;
}

/**
 * Base class of all losses. An object of it is a function: `loss(yTrue, yPred, sampleWeight)`.
 *
 * A subclass gives `className`, `defaults` and `compute`, and says in `labels` and `reads` what `model.compile` cannot know.
 * Weights, reduction, `getConfig()`, `fromConfig()`, lookup by name and `model.compile` then work by themselves.
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
  /** Name of the class in saved configs, and the name that the loss is found by. It survives minifiers. */
  static readonly className: string = '';
  /** Other names that the loss is found by. Default: none. */
  static readonly aliases: readonly string[] = [];
  /** All options with their defaults. What is not listed here is not an option. Default: none. */
  static readonly defaults: object = {};
  /**
   * The form of the labels. Class weights, `'accuracy'` and `'crossentropy'` in `model.compile` follow from it; without it they
   * follow the shapes, as in Keras.
   *
   * - `'binary'`: each entry is a yes or no of its own;
   * - `'oneHot'`: one entry per class, which sum to 1;
   * - `'index'`: class indices, which lack the class axis of the predictions.
   */
  declare static readonly labels?: LabelForm;
  /**
   * What the predictions come out of: a `'sigmoid'`, a `'softmax'`, or neither, where they are `'logits'`. `model.compile` then
   * warns of a model that ends in something else. An option `fromLogits: true` says that they are logits all the same.
   */
  declare static readonly reads?: Reads;
  // Fields of built-in losses: description.ts says what they mean.
  /** @internal */
  declare static readonly extensions?: readonly string[];
  /** @internal */
  declare static readonly verbatim?: boolean;
  /** @internal */
  declare static readonly broadcasts?: boolean;
  /** @internal */
  declare static readonly weighsLabels?: boolean;
  /** @internal */
  declare static readonly composite?: boolean;
  /** @internal */
  declare static readonly negatedMetric?: boolean;

  /**
   * Makes a loss object.
   *
   * @param options - Those of the loss, and {@link LossOptions}. What is left out has its default.
   */
  constructor(options: Options & LossOptions = {} as Options & LossOptions) {
    const lossClass = new.target as unknown as LossClass;
    assertComplete(lossClass);
    const { reduction, name, own } = readOptions(lossClass, options);
    const loss: Loss<Options> = callable(
      lossClass.prototype as object,
      (yTrue: Input, yPred: Input, sampleWeight?: Input | null): Tensor =>
        loss.sumOverTerms((term) =>
          evaluate(term, { yTrue, yPred, sampleWeight: sampleWeight ?? undefined }),
        ),
      { name, reduction, options: own, [OURS]: true },
    ) as unknown as Loss<Options>;
    return loss;
  }

  /**
   * Computes the loss per sample: what weights apply to and reductions sum up.
   *
   * @param yTrue - Labels in float32, of the rank of `yPred` where Keras's rules allow to align them.
   * @param yPred - Predictions in float32.
   * @returns Values, [batch, ...].
   */
  abstract compute(yTrue: Tensor, yPred: Tensor): Tensor;

  /**
   * Which per-sample values count: means leave the others out. By default all do.
   *
   * @param values - What `compute` gave; not there where something else is measured, as `'accuracy'` is.
   * @returns `undefined`, or bool in the shape of the per-sample values.
   * @internal
   */
  mask?(yTrue: Tensor, yPred: Tensor, values?: Tensor): Tensor | undefined;

  /**
   * The losses that this one is the sum of: itself alone, unless it is made of others.
   *
   * @internal
   */
  terms(): readonly Loss[] {
    return [this];
  }

  /**
   * Adds up what a function gives for each of the terms.
   *
   * @internal
   */
  sumOverTerms(valueOf: (term: Loss) => Tensor): Tensor {
    return valueOf(this);
  }

  /** Gives the options as Keras saves them. */
  getConfig(): Config {
    const { defaults, extensions } = classOf(this);
    const saved = Object.entries(this.options).filter(
      ([option, value]) =>
        !extensions?.includes(option) ||
        value !== (defaults as Readonly<Record<string, unknown>>)[option],
    );
    return {
      name: this.name,
      reduction: this.reduction,
      ...optionsToConfig(Object.fromEntries(saved)),
    };
  }

  /**
   * Makes the loss object whose `getConfig` gave the config. Reads the configs of Keras 3 and Keras 2.
   *
   * @param config - Options in snake_case.
   */
  static fromConfig<L extends Loss>(this: new (options?: never) => L, config: Config): L {
    return new this(configToOptions(config) as never);
  }

  /**
   * Throws where an option has a value that it must not have. Called when a loss object is made; by default all values are fine.
   *
   * @param _who - The function or class that the error text names.
   * @param _options - All options of the loss, with defaults filled in.
   */
  static check(_who: string, _options: object): void {
    // By default all values are fine.
  }
}
// A loss object is a function: it has `bind`, `call` and `apply`.
Object.setPrototypeOf(Loss.prototype, Function.prototype);
Object.defineProperty(Loss.prototype, OURS, { value: true });

/** Throws unless a class has all that a loss needs. */
function assertComplete(lossClass: LossClass): void {
  const { name, prototype } = lossClass as unknown as { name: string; prototype: Loss };
  const { compute, call } = prototype as Partial<Loss> & { readonly call: unknown };
  let missing = '';
  // A loss object is a function, whose `call` is something else.
  if (!compute || call !== Function.prototype.call) missing = 'compute(yTrue, yPred), not call';
  if (!Object.hasOwn(lossClass, 'className') || lossClass.className === '') {
    missing = 'a static className of its own';
  }
  if (missing === '') return;
  throw new TypeError(`Loss: a class must give ${missing}. Received: class ${name} without one.`);
}

/** The options of a loss object with defaults filled in, after all checks. */
function readOptions(lossClass: LossClass, options: object) {
  const { className: who, defaults } = lossClass;
  const { reduction, name, ...rest } = withDefaults(who, options, {
    reduction: 'sum_over_batch_size',
    name: toSnakeCase(who),
    ...defaults,
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
