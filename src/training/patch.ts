/** A change to an object that can be made, taken back, and made again. Doing either twice changes nothing. */
export interface Patch {
  apply(): void;
  remove(): void;
}

/** A method of an object that is only known by name. */
export type Method = (this: never, ...args: never[]) => unknown;

/** Makes a new method of the one that it replaces. */
export type Replacement<M extends Method = Method> = (original: M) => M;

interface Replaced {
  readonly method: Method;
  /** The property before, if the object itself had it. */
  readonly before: PropertyDescriptor | undefined;
  /** While this is `false`, the new method only calls the old one. */
  active: boolean;
  /** The method that somebody else had put in the place of ours when it was taken back. */
  wrapper?: Method | undefined;
}

/**
 * Replaces one method of an object. Somebody else may have wrapped our method by the time it is taken back: then the wrapper
 * stays, and our method, which it still calls, does nothing of its own until the patch is applied again.
 *
 * @param isExempt - Tells which objects keep the original method, although they inherit ours.
 */
export function methodPatch(
  owner: object,
  name: string,
  replacement: Replacement,
  isExempt: (target: object) => boolean = () => false,
): Patch {
  const methods = owner as Record<string, Method>;
  let replaced: Replaced | undefined;
  return {
    apply() {
      if (replaced?.active === true) return;
      const current = methods[name];
      // Our method may still be there: inside of somebody's wrapper, or alone after that wrapper was taken away.
      const isThere = current === replaced?.method || current === replaced?.wrapper;
      if (replaced && isThere) replaced.active = true;
      else replaced = replace(owner, name, replacement, isExempt);
    },
    remove() {
      if (replaced?.active !== true) return;
      replaced.active = false;
      const { method, before } = replaced;
      if (methods[name] !== method) replaced.wrapper = methods[name];
      else if (before) Object.defineProperty(owner, name, before);
      else Reflect.deleteProperty(owner, name);
    },
  };
}

function replace(
  owner: object,
  name: string,
  replacement: Replacement,
  isExempt: (target: object) => boolean,
): Replaced {
  const original = Reflect.get(owner, name) as Method;
  const own = replacement(original);
  const replaced: Replaced = {
    method(this: object, ...args: never[]): unknown {
      const method = replaced.active && !isExempt(this) ? own : original;
      return method.apply(this as never, args);
    },
    before: Object.getOwnPropertyDescriptor(owner, name),
    active: true,
  };
  Object.defineProperty(owner, name, {
    configurable: true,
    writable: true,
    enumerable: false,
    ...replaced.before,
    value: replaced.method,
  });
  return replaced;
}
