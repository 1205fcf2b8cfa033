import type { LossClass } from './core/loss.js';

/** A registered loss. */
interface Entry {
  readonly lossClass: LossClass;
  /** Whether it is one of this package, which `unregister()` takes back. */
  readonly builtIn: boolean;
}

/** What all copies of this package in one program share, ESM and CommonJS. */
interface Shared {
  /** Losses by name, in the one spelling that all spellings are folded to. */
  readonly losses: Map<string, Entry>;
  /** Losses by their plain function. */
  readonly functions: Map<object, Entry>;
  /** Takes the `model.compile` integration back, by the prototype of the models that have it. */
  readonly restoreTraining: Map<object, () => void>;
}

const KEY = Symbol.for('tfjs-losses');

/** The shared state, made at first use. */
export function shared(): Shared {
  const scope = globalThis as unknown as Record<symbol, Shared | undefined>;
  return (scope[KEY] ??= { losses: new Map(), functions: new Map(), restoreTraining: new Map() });
}
