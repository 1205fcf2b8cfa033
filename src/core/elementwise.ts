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

/** A function of tensors of one shape, element by element. */
export type Elementwise<Inputs extends unknown[]> = (...inputs: Inputs) => Tensor;

/** Two of them. */
type Pair = [x: Tensor, y: Tensor];

/**
 * An elementwise function of tensors of one shape, with its partial derivatives given instead of traced: `partials[i]`
 * is ∂value/∂inputs[i], a function of the same inputs. Higher-order gradients exist where the partial derivatives have
 * gradients themselves.
 *
 * An element whose result nobody uses (its incoming gradient is 0) gets the gradient 0, even where the partial
 * derivative is NaN or infinite.
 */
export function elementwise<Inputs extends (Tensor | undefined)[]>(
  value: Elementwise<Inputs>,
  ...partials: { [I in keyof Inputs]-?: Elementwise<Inputs> }
): Elementwise<Inputs> {
  return (...inputs) => {
    const given = inputs.filter((input) => input !== undefined);
    return customGrad((...args) => {
      const save = args.pop() as (tensors: Tensor[]) => void;
      const tensors = args as Tensor[];
      save(tensors);
      return {
        value: value(...(tensors as Inputs)),
        gradFunc: (dy: Tensor, saved: Tensor[]) =>
          partials
            .slice(0, saved.length)
            .map((partial) => multiplyNoNan(partial(...(saved as Inputs)), dy)),
      };
    })(...given);
  };
}

/** x · y, and 0 where y is 0, even if x is NaN or infinite there. */
export const multiplyNoNan: Elementwise<Pair> = elementwise<Pair>(
  (x, y) => where(equal(y, 0), y, mul(x, y)),
  (_, y) => y,
  (x) => x,
);

/** x / y, and 0 where y is 0. */
export const divideNoNan: Elementwise<Pair> = elementwise<Pair>(
  (x, y) => where(equal(y, 0), y, div(x, y)),
  (x, y) => divideNoNan(onesLike(x), y),
  (x, y) => neg(divideNoNan(x, square(y))),
);
