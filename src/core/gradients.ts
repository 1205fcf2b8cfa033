import {
  customGrad,
  div,
  equal,
  mul,
  neg,
  onesLike,
  square,
  where,
  type Tensor,
} from '@tensorflow/tfjs-core';

/** A function of tensors. */
export type Op<Inputs extends unknown[]> = (...inputs: Inputs) => Tensor;

/** Two tensors of one shape. */
type Pair = [x: Tensor, y: Tensor];

/**
 * A function with its gradient given instead of traced: `gradient(dy, ...inputs)` has one tensor per input. Gradients of
 * higher order exist where `gradient` has gradients itself.
 */
export function withGradient<Inputs extends (Tensor | undefined)[]>(
  value: Op<Inputs>,
  gradient: (dy: Tensor, ...inputs: Inputs) => Tensor[],
): Op<Inputs> {
  return (...inputs) => {
    const given = inputs.filter((input) => input !== undefined);
    return customGrad((...args) => {
      const save = args.pop() as (tensors: Tensor[]) => void;
      const tensors = args as Tensor[];
      save(tensors);
      return {
        value: value(...(tensors as Inputs)),
        gradFunc: (dy: Tensor, saved: Tensor[]) => gradient(dy, ...(saved as Inputs)),
      };
    })(...given);
  };
}

/**
 * An elementwise function of tensors of one shape, with its partial derivatives: `partials[i]` is ∂value/∂inputs[i], a
 * function of the same inputs.
 *
 * An element whose result nobody uses (its incoming gradient is 0) gets the gradient 0, even where the partial
 * derivative is NaN or infinite.
 */
export function elementwise<Inputs extends (Tensor | undefined)[]>(
  value: Op<Inputs>,
  ...partials: { [I in keyof Inputs]-?: Op<Inputs> }
): Op<Inputs> {
  return withGradient(value, (dy, ...inputs) =>
    partials.slice(0, inputs.length).map((partial) => multiplyNoNan(partial(...inputs), dy)),
  );
}

/** x · y, and 0 where y is 0, even if x is NaN or infinite there. */
export const multiplyNoNan: Op<Pair> = elementwise<Pair>(
  (x, y) => where(equal(y, 0), y, mul(x, y)),
  (_, y) => y,
  (x) => x,
);

/** x / y, and 0 where y is 0. */
export const divideNoNan: Op<Pair> = elementwise<Pair>(
  (x, y) => where(equal(y, 0), y, div(x, y)),
  (x, y) => divideNoNan(onesLike(x), y),
  (x, y) => neg(divideNoNan(x, square(y))),
);
