import type { Tensor } from '@tensorflow/tfjs-core';

import { toFunctionName, type Config } from './core/config.js';
import { formatValue, unknownName } from './core/errors.js';
import { classOf } from './core/description.js';
import { isLoss, isLossClass, Loss, type LossClass } from './core/loss.js';
import { unsavedParts } from './core/unsaved.js';
import { warn } from './core/warn.js';
import { shared } from './shared.js';

/** A loss as a plain function: per-sample values of labels and predictions. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** All that names a loss: an object, a class, a function, a name in any spelling, or a saved config. */
export type LossIdentifier = string | Loss | LossClass | LossFunction | SerializedLoss;

/** A loss object as Keras 3 saves it. Keras 2 wrote `class_name` and `config` alone. */
export interface SerializedLoss {
  /** The name of the class, or of a function. */
  class_name: string;
  /** What `getConfig()` gives, or the name of a function. */
  config: Config | string;
  /** Keras's module, for its own losses. */
  module?: string | null;
  /** Under which Keras knows a loss of a user. */
  registered_name?: string | null;
}

/**
 * Makes a loss known by name: to {@link getLoss}, to `model.compile`, and to a model that is loaded.
 *
 * @param lossClass - A subclass of `Loss`, found by its `className` and `aliases`.
 * @throws RangeError if the name belongs to a loss of this package.
 * @example
 * ```ts
 * registerLoss('meanCubedError', (yTrue, yPred) =>
 *   tf.mean(tf.pow(tf.abs(tf.sub(yTrue, yPred)), 3), -1),
 * );
 * getLoss('mean_cubed_error')([[1], [2]], [[3], [2]]); // ≈ 4
 * ```
 */
export function registerLoss(lossClass: LossClass): void;
/**
 * Makes a plain function known by name.
 *
 * @param name - Name of the loss, in any spelling.
 * @param loss - Gives per-sample values, [batch, ...].
 */
export function registerLoss(name: string, loss: LossFunction): void;
export function registerLoss(nameOrClass: string | LossClass, loss?: LossFunction): void {
  if (typeof nameOrClass === 'string') {
    if (typeof loss !== 'function' || nameOrClass === '') {
      throw new TypeError(
        `registerLoss: takes a class, or a name and a function. ` +
          `Received: ${formatValue(nameOrClass)} and ${formatValue(loss)}.`,
      );
    }
    add(lossFromFunction(nameOrClass, loss), { builtIn: false, functions: [loss] });
  } else {
    if (!isLossClass(nameOrClass)) {
      throw new TypeError(
        `registerLoss: takes a subclass of Loss, or a name and a function. ` +
          `Received: ${formatValue(nameOrClass)}.`,
      );
    }
    add(nameOrClass, { builtIn: false, functions: [] });
  }
}

/** Registers the losses of this package: each class, with the function of the same name. */
export function registerBuiltIns(exports: Readonly<Record<string, unknown>>): void {
  for (const value of Object.values(exports)) {
    if (!isLossClass(value)) continue;
    const plain = exports[toFunctionName(value.className)];
    add(value, { builtIn: true, functions: typeof plain === 'function' ? [plain] : [] });
  }
}

/** Forgets the losses of this package; those that users registered stay. */
export function unregisterBuiltIns(): void {
  const { losses, functions } = shared();
  for (const [key, entry] of losses) if (entry.builtIn) losses.delete(key);
  for (const [plain, entry] of functions) if (entry.builtIn) functions.delete(plain);
}

/**
 * The loss object for whatever names a loss.
 *
 * @param identifier - A loss object (returned as it is), a class, a function, any spelling of a name
 * (`'bce'`, `'binary_crossentropy'`, `'binaryCrossentropy'`, `'BinaryCrossentropy'`), or a saved config of Keras 3 or 2.
 * @throws RangeError if the name is unknown; the text offers the nearest one.
 * @example
 * ```ts
 * getLoss('bce')([[1]], [[0.5]]); // ≈ 0.6931
 * ```
 */
export function getLoss(identifier: LossIdentifier): Loss {
  if (typeof identifier === 'string') return new (named(identifier))();
  if (isLoss(identifier)) return identifier;
  if (isLossClass(identifier)) return new identifier();
  if (typeof identifier === 'function') return fromFunction(identifier);
  if (isSerializedLoss(identifier)) return deserializeLoss(identifier);
  throw new TypeError(
    `getLoss: takes a loss object, class, function, name or saved config. ` +
      `Received: ${formatValue(identifier)}.`,
  );
}

/** Whether {@link getLoss} finds a loss for the name or function without making one up. */
export function isKnownLoss(identifier: unknown): identifier is LossIdentifier {
  if (typeof identifier === 'string') return entryOf(identifier) !== undefined;
  if (typeof identifier !== 'function') return isSerializedLoss(identifier);
  return isLoss(identifier) || isLossClass(identifier) || shared().functions.has(identifier);
}

/**
 * Names of all losses, in the spelling of their functions. What is made of other losses has none.
 *
 * @example
 * ```ts
 * listLosses().includes('binaryCrossentropy'); // true
 * ```
 */
export function listLosses(): string[] {
  const classes = new Set([...shared().losses.values()].map((entry) => entry.lossClass));
  return [...classes]
    .filter(({ composite }) => !composite)
    .map(({ className }) => toFunctionName(className))
    .sort();
}

/**
 * A loss object as the JSON that Keras 3 saves. Warns of options and fields that the JSON cannot hold.
 *
 * @example
 * ```ts
 * serializeLoss(new BinaryCrossentropy({ fromLogits: true })).config.from_logits; // true
 * ```
 */
export function serializeLoss(loss: Loss): SerializedLoss & {
  /** What `getConfig()` gives. */
  config: Config;
} {
  if (!isLoss(loss)) {
    throw new TypeError(`serializeLoss: takes a loss object. Received: ${formatValue(loss)}.`);
  }
  const unsaved = unsavedParts(loss);
  if (unsaved.length > 0) warn(unsaved.join('\n'));
  const { className, composite } = classOf(loss);
  const entry = shared().losses.get(toKey(className));
  const builtIn = entry?.builtIn === true && entry.lossClass.className === className;
  const ofKeras = builtIn && !composite;
  return {
    module: ofKeras ? 'keras.losses' : null,
    // A function of the user may be called like one of ours, which must not be read in its place.
    class_name: entry?.builtIn === true && !builtIn ? `user>${className}` : className,
    config: loss.getConfig(),
    registered_name: ofKeras ? null : className,
  };
}

/**
 * The loss object of a saved config: Keras 3's, Keras 2's (`reduction: 'auto'`, `fn`), or a saved function's name.
 *
 * @throws RangeError if the class is unknown or the config has an unknown entry.
 * @example
 * ```ts
 * deserializeLoss({ class_name: 'BinaryCrossentropy', config: { from_logits: true } })([[1]], [[0]]); // ≈ 0.6931
 * ```
 */
export function deserializeLoss(serialized: SerializedLoss): Loss {
  if (!isSerializedLoss(serialized)) {
    throw new TypeError(
      `deserializeLoss: takes what serializeLoss gives. Received: ${formatValue(serialized)}.`,
    );
  }
  const { class_name: className, config } = serialized;
  // Keras saves a function as { class_name: 'function', config: its name }.
  if (typeof config === 'string') return new (named(config))();
  return named(className).fromConfig(config);
}

function named(name: string): LossClass {
  const entry = entryOf(name);
  if (entry !== undefined) return entry.lossClass;
  const names = listLosses();
  if (names.length === 0) {
    throw new RangeError(
      `getLoss: no loss is registered; import 'tfjs-losses' or call register(). Received: '${name}'.`,
    );
  }
  throw unknownName('getLoss', 'loss', name, names, lossAliases());
}

/** Other names of all losses. */
export function lossAliases(): string[] {
  return [...shared().losses.values()].flatMap(({ lossClass }) => lossClass.aliases);
}

/** What is known under a name. A name with a package is that of a user's loss, whatever ours are called. */
function entryOf(name: string) {
  const entry = shared().losses.get(toKey(name));
  return entry?.builtIn === true && name.includes('>') ? undefined : entry;
}

function fromFunction(loss: LossFunction): Loss {
  const entry = shared().functions.get(loss);
  return new (entry?.lossClass ?? lossFromFunction(loss.name === '' ? 'loss' : loss.name, loss))();
}

/** A class whose per-sample values come from a plain function. */
function lossFromFunction(name: string, loss: LossFunction): LossClass {
  return class extends Loss {
    static override readonly className = name;
    override compute(yTrue: Tensor, yPred: Tensor): Tensor {
      return loss(yTrue, yPred);
    }
  };
}

function add(
  lossClass: LossClass,
  { builtIn, functions }: { builtIn: boolean; functions: object[] },
): void {
  const { className } = lossClass;
  if (className === '') {
    throw new TypeError(`registerLoss: the class must have a static className. Received: none.`);
  }
  const entry = { lossClass, builtIn };
  // A subclass inherits the aliases of its parent, but they are not its names.
  const aliases = Object.hasOwn(lossClass, 'aliases') ? lossClass.aliases : [];
  const names = [className, ...aliases];
  const known = shared().losses;
  const taken = names.find((name) => known.get(toKey(name))?.builtIn === true);
  if (taken !== undefined && !builtIn) {
    throw new RangeError(
      `registerLoss: the name of a loss of tfjs-losses cannot be taken. Received: '${taken}'.`,
    );
  }
  // Another copy of this package may have been first: its classes stay.
  if (taken === undefined) for (const name of names) known.set(toKey(name), entry);
  for (const plain of functions) shared().functions.set(plain, entry);
}

/**
 * One key for all spellings: snake_case, camelCase and PascalCase differ in case and underscores alone. Keras saves the package
 * of a user's loss before its name: `my>MyLoss`.
 */
function toKey(name: string): string {
  return name.replace(/^.*>/, '').replaceAll('_', '').toLowerCase();
}

/** Whether the value looks like a loss object as Keras saves it. */
export function isSerializedLoss(value: unknown): value is SerializedLoss {
  if (!isObject(value)) return false;
  const { class_name: className, config } = value as Partial<Record<string, unknown>>;
  return typeof className === 'string' && (typeof config === 'string' || isObject(config));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
