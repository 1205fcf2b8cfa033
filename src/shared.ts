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
  /** What changes all models, by their prototype. `register()` applies it, and `unregister()` removes it. */
  readonly training: Map<object, { apply(): void; remove(): void }>;
  /** The models that `compile` gave methods of their own. */
  readonly attached: WeakSet<object>;
  /** Whether the names of built-in losses outlive `unregister()`: models that `compile` compiled need them. */
  keepsNames: boolean;
}

const KEY = Symbol.for('tfjs-losses');

/** The shared state, made at first use. */
export function shared(): Shared {
  const scope = globalThis as unknown as Record<symbol, Shared | undefined>;
  return (scope[KEY] ??= {
    losses: new Map(),
    functions: new Map(),
    training: new Map(),
    attached: new WeakSet(),
    keepsNames: false,
  });
}
