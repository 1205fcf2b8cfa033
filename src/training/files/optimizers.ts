import {
  Optimizer,
  serialization,
  train,
  type NamedTensorMap,
  type Scalar,
} from '@tensorflow/tfjs-core';

import type { Config } from '../../core/config.js';
import { formatValue } from '../../core/errors.js';

/** An optimizer that was read from a file, and what TensorFlow.js lacks of it. */
export interface ReadOptimizer {
  readonly optimizer: Optimizer;
  readonly problems: readonly string[];
}

type NamedTensor = Awaited<ReturnType<Optimizer['getWeights']>>[number];

/** Gives a number of an optimizer's config, or a default if the file has none. */
type Numbers = (name: string, fallback: number) => number;

/** Those of Keras's optimizers that TensorFlow.js has, too, with Keras's defaults. */
const KERAS: Readonly<Record<string, (number: Numbers, config: Config) => Optimizer>> = {
  sgd: (number, { nesterov }) => {
    const [rate, momentum] = [number('learning_rate', 0.01), number('momentum', 0)];
    return momentum === 0 ? train.sgd(rate) : train.momentum(rate, momentum, nesterov === true);
  },
  adam: (number) =>
    train.adam(
      number('learning_rate', 0.001),
      number('beta_1', 0.9),
      number('beta_2', 0.999),
      number('epsilon', 1e-7),
    ),
  adamax: (number) =>
    train.adamax(
      number('learning_rate', 0.001),
      number('beta_1', 0.9),
      number('beta_2', 0.999),
      number('epsilon', 1e-7),
      0,
    ),
  rmsprop: (number, { centered }) =>
    train.rmsprop(
      number('learning_rate', 0.001),
      number('rho', 0.9),
      number('momentum', 0),
      number('epsilon', 1e-7),
      centered === true,
    ),
  adagrad: (number) =>
    train.adagrad(number('learning_rate', 0.001), number('initial_accumulator_value', 0.1)),
  adadelta: (number) =>
    train.adadelta(number('learning_rate', 0.001), number('rho', 0.95), number('epsilon', 1e-7)),
};

/** Options of Keras's optimizers that TensorFlow.js lacks. */
const LOST: readonly string[] = [
  'weight_decay',
  'clipnorm',
  'global_clipnorm',
  'clipvalue',
  'use_ema',
  'amsgrad',
  'gradient_accumulation_steps',
  'loss_scale_factor',
  'decay',
];

/** Reads an optimizer that Keras or TensorFlow.js has saved: a name, or a class with its config. */
export function readOptimizer(saved: unknown): ReadOptimizer {
  if (typeof saved === 'string') return readOptimizer({ class_name: saved, config: {} });
  if (typeof saved !== 'object' || saved === null) {
    return { optimizer: new UnreadOptimizer(saved), problems: ['no optimizer is in the file'] };
  }
  const { class_name: className, config: given } = saved as Partial<Config>;
  const config = (given ?? {}) as Config;
  // Keras puts the package of a class before its name.
  const name = String(className).split('>').at(-1) ?? '';
  const key = name.toLowerCase();
  const make = Object.hasOwn(KERAS, key) ? KERAS[key] : undefined;
  const isKeras = make !== undefined && !('learningRate' in config);
  if (isKeras) return readKeras(name, config, make);
  return (
    readRegistered(name, config) ?? {
      optimizer: new UnreadOptimizer(saved),
      problems: [`optimizer ${formatValue(className)} is not known here`],
    }
  );
}

/** Reads an optimizer of TensorFlow.js, or one that a user has registered there. */
function readRegistered(name: string, config: Config): ReadOptimizer | undefined {
  const { classNameMap } = serialization.SerializationMap.getMap();
  const registered = Object.hasOwn(classNameMap, name) ? classNameMap[name] : undefined;
  if (registered === undefined) return undefined;
  try {
    const [optimizerClass, fromConfig] = registered;
    const optimizer = fromConfig(optimizerClass, config as never) as unknown;
    return optimizer instanceof Optimizer ? { optimizer, problems: [] } : undefined;
  } catch {
    return undefined;
  }
}

function readKeras(
  name: string,
  config: Config,
  make: (number: Numbers, config: Config) => Optimizer,
): ReadOptimizer {
  const { lr, learning_rate: given = lr } = config;
  const schedule = scheduleOf(given);
  const rate = schedule === undefined ? given : schedule.initialRate;
  const numbers = { ...config, learning_rate: rate };
  const number: Numbers = (key, fallback) => {
    const value = (numbers as Config)[key];
    return typeof value === 'number' ? value : fallback;
  };
  const isUsed = (value: unknown) =>
    value !== null && value !== undefined && value !== false && value !== 0;
  const lost = LOST.filter((key) => isUsed(config[key])).map(
    (key) => `optimizer ${name}: ${key} ${formatValue(config[key])}`,
  );
  return {
    optimizer: make(number, config),
    problems:
      schedule === undefined
        ? lost
        : [...lost, `optimizer ${name}: the schedule ${schedule.name} of its learning rate`],
  };
}

/** A schedule of learning rates. TensorFlow.js has none, so the rate stays what it is at the beginning. */
function scheduleOf(rate: unknown): { name: string; initialRate: unknown } | undefined {
  if (typeof rate !== 'object' || rate === null) return undefined;
  const { class_name: name, config } = rate as { class_name?: unknown; config?: Config };
  return { name: String(name), initialRate: config?.initial_learning_rate };
}

/** Takes the place of an optimizer that cannot be read, so that the model can be loaded and evaluated. */
class UnreadOptimizer extends Optimizer {
  static readonly className = 'UnreadOptimizer';

  constructor(private readonly saved: unknown) {
    super();
  }

  override minimize(): Scalar | null {
    throw new TypeError(
      `The model was saved without an optimizer that TensorFlow.js has. Before training, call model.compile again ` +
        `with an optimizer, and with the loss, lossWeights, metrics and weightedMetrics that the model was compiled with. ` +
        `Received: ${formatValue(this.saved)}.`,
    );
  }

  override applyGradients(_gradients: NamedTensorMap | NamedTensor[]): void {
    this.minimize();
  }

  override setWeights(_weights: NamedTensor[]): Promise<void> {
    return Promise.resolve();
  }

  override getWeights(): Promise<NamedTensor[]> {
    return Promise.resolve([]);
  }

  override getConfig(): serialization.ConfigDict {
    const { config } = (this.saved ?? {}) as { config?: serialization.ConfigDict };
    return config ?? {};
  }

  override getClassName(): string {
    const { class_name: className } = (this.saved ?? {}) as { class_name?: string };
    return className ?? UnreadOptimizer.className;
  }
}
