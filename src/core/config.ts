import { unknownName, violation } from './errors.js';

/** Options as Keras saves them: names in snake_case, values as in JSON. */
export type Config = Record<string, unknown>;

/** `fromLogits` → `from_logits`, `BinaryCrossentropy` → `binary_crossentropy`. */
export function toSnakeCase(name: string): string {
  return name
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** `from_logits` → `fromLogits`. */
function toCamelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `BinaryCrossentropy` → `binaryCrossentropy`. */
export function toFunctionName(className: string): string {
  return toCamelCase(toSnakeCase(className));
}

/** Options as Keras saves them. */
export function optionsToConfig(options: Readonly<Record<string, unknown>>): Config {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      toSnakeCase(name),
      Array.isArray(value) ? [...(value as unknown[])] : value,
    ]),
  );
}

/**
 * A saved config as options. Reads Keras 3 and Keras 2: the latter's reduction `'auto'` is the default one, and its
 * `fn` repeats the class name. `dtype` is Keras's alone: TensorFlow.js computes in float32.
 */
export function configToOptions(config: Config): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(config)) {
    if (name === 'fn' || name === 'dtype') continue;
    options[toCamelCase(name)] =
      name === 'reduction' && value === 'auto' ? 'sum_over_batch_size' : value;
  }
  return options;
}

/** The options with defaults filled in. `undefined` counts as not given; a name that is not in `defaults` is an error. */
export function withDefaults<T extends object>(who: string, options: object, defaults: T): T {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw new TypeError(violation(who, 'options must be an object', options));
  }
  const result = { ...defaults } as Record<string, unknown>;
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    if (!Object.hasOwn(defaults, name))
      throw unknownName(who, 'option', name, Object.keys(defaults));
    if (value !== undefined) result[name] = value;
  }
  return result as T;
}
