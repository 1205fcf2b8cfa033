import {
  div,
  engine,
  equal,
  getBackend,
  getGradient,
  getKernel,
  mul,
  neg,
  onesLike,
  registerGradient,
  registerKernel,
  tidy,
  where,
  zerosLike,
  type NamedTensorMap,
  type Tensor,
} from '@tensorflow/tfjs-core';

import { kernelName } from './kernel_contract.js';

/** A function of tensors. */
export type Op<Inputs extends unknown[]> = (...inputs: Inputs) => Tensor;

/** Numbers that an op is given beside its tensors. */
type Attrs = Readonly<Record<string, number>>;

/** Two tensors of one shape. */
type Pair = [x: Tensor, y: Tensor];

/** An op with attributes: give it those, then its inputs. */
type OpWithAttrs<Inputs extends unknown[], A extends Attrs> = (attrs: A) => Op<Inputs>;

/** The gradient with respect to one input, given that of the value. */
type Gradient<Inputs extends unknown[], A extends Attrs> = (
  dy: Tensor,
  inputs: Inputs,
  attrs: A,
) => Tensor;

/** One for each input. */
type Gradients<Inputs extends unknown[], A extends Attrs> = {
  [I in keyof Inputs]-?: Gradient<Inputs, A>;
};

/**
 * An op from its formula in TF.js operations, with its gradients given instead of traced. They are functions of the same
 * inputs, so gradients of higher order exist where these have gradients themselves; only those are computed that somebody
 * asks for.
 *
 * The op is a TF.js kernel by name: where a backend has a faster one under this name, that one runs instead of the formula.
 */
export function defineOp<Inputs extends (Tensor | undefined)[], A extends Attrs>(
  name: string,
  value: (inputs: Inputs, attrs: A) => Tensor,
  gradients: Gradients<Inputs, A>,
): OpWithAttrs<Inputs, A> {
  const kernel = kernelName(name);
  return (attrs) =>
    (...inputs) => {
      if ((getGradient(kernel) as unknown) === undefined) {
        registerGradient({
          kernelName: kernel,
          saveAllInputs: true,
          gradFunc: (dy, saved, given) =>
            Object.fromEntries(
              // As many as inputs were given: the last ones may be missing.
              gradients
                .slice(0, saved.length)
                .map((gradient: Gradient<Inputs, A>, i: number) => [
                  i,
                  () => gradient(dy as Tensor, saved as Inputs, given as unknown as A),
                ]),
            ),
        });
      }
      if ((getKernel(kernel, getBackend()) as unknown) === undefined) {
        registerKernel({
          kernelName: kernel,
          backendName: getBackend(),
          kernelFunc: ({ inputs: given, attrs: numbers }) =>
            tidy(() => value(Object.values(given) as Inputs, numbers as unknown as A)),
        });
      }
      // TF.js wants a map by name, and takes an array for one where all inputs are saved.
      const given = inputs.filter((input) => input !== undefined);
      return engine().runKernel(kernel, given as unknown as NamedTensorMap, attrs);
    };
}

/**
 * An elementwise op on tensors of one shape, with its partial derivatives: `partials[i]` is ∂value/∂inputs[i], a function of
 * the same inputs.
 *
 * An element whose result nobody uses (its incoming gradient is 0) gets the gradient 0, even where the partial
 * derivative is NaN or infinite.
 */
export function elementwise<
  Inputs extends (Tensor | undefined)[],
  A extends Attrs = Record<string, never>,
>(
  name: string,
  value: (inputs: Inputs, attrs: A) => Tensor,
  partials: { [I in keyof Inputs]-?: (inputs: Inputs, attrs: A) => Tensor },
): OpWithAttrs<Inputs, A> {
  const gradients = partials.map(
    (partial: (inputs: Inputs, attrs: A) => Tensor) => (dy: Tensor, inputs: Inputs, attrs: A) =>
      multiplyNoNan(partial(inputs, attrs), dy),
  );
  return defineOp(name, value, gradients as Gradients<Inputs, A>);
}

/** An op whose result does not change with its input, but in jumps: comparisons and roundings, of which TF.js has no gradient. */
export function steplike<A extends Attrs = Record<string, never>>(
  name: string,
  value: (x: Tensor, attrs: A) => Tensor,
): OpWithAttrs<[x: Tensor], A> {
  return defineOp<[x: Tensor], A>(name, ([x], attrs) => value(x, attrs), [
    (_, [x]) => zerosLike(x),
  ]);
}

/** x · y, and 0 where y is 0, even if x is NaN or infinite there. */
export const multiplyNoNan: Op<Pair> = elementwise<Pair>(
  'MultiplyNoNan',
  ([x, y]) => where(equal(y, 0), y, mul(x, y)),
  [([, y]) => y, ([x]) => x],
)({});

/** x / y, and 0 where y is 0. */
export const divideNoNan: Op<Pair> = elementwise<Pair>(
  'DivideNoNan',
  ([x, y]) => where(equal(y, 0), y, div(x, y)),
  [([x, y]) => divideNoNan(onesLike(x), y), ([x, y]) => neg(divideNoNan(divideNoNan(x, y), y))],
)({});
