/**
 * Turns a function into an object of a class: its prototype is the class's, and its fields are hidden, so that it is
 * still a plain function to everyone who looks (TF.js takes an object with visible fields for a dict of outputs).
 *
 * Extending `Function` would do the same, but its constructor compiles a string, which a Content-Security-Policy forbids.
 */
export function callable<F extends (...args: never[]) => unknown, Fields extends { name: string }>(
  prototype: object,
  call: F,
  fields: Fields,
): F & Readonly<Fields> {
  for (const key of Reflect.ownKeys(fields)) {
    const value: unknown = fields[key as keyof Fields];
    Object.defineProperty(call, key, { value, configurable: true });
  }
  return Object.setPrototypeOf(call, prototype) as F & Readonly<Fields>;
}
