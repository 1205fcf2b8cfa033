import { tensor, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';

/** The numbers that an op has beside its tensors. */
type Attrs = Readonly<Record<string, number>>;

/** The kernel of an op of src/ops. */
export interface OpKernel {
  readonly op: string;
  /** The backends on which it is faster than the formula. */
  readonly backends: readonly string[];
  readonly run: (inputs: Tensor[], attrs: Attrs) => TensorInfo;
}

/** A kernel that computes each element from the elements in the same place of its inputs: f(a, b, c). */
export function elementwiseKernel(
  op: string,
  backends: readonly string[],
  f: (a: number, b: number, c?: number) => number,
): OpKernel {
  return {
    op,
    backends,
    run: (inputs) => {
      const [a, b, c] = inputs.map((input) => input.dataSync());
      const { size, shape } = inputs[0]!;
      const out = new Float32Array(size);
      for (let i = 0; i < size; i++) out[i] = f(a![i]!, b![i]!, c?.[i]);
      return tensor(out, shape);
    },
  };
}

/** Where the rows along an axis lie in memory: entry j of a row is number start(row) + j · stride. */
export interface AxisRows {
  readonly count: number;
  readonly length: number;
  readonly stride: number;
  readonly start: (row: number) => number;
}

export function axisRows(shape: readonly number[], axis: number): AxisRows {
  const length = shape[axis] ?? 1;
  const stride = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  return {
    count: outer * stride,
    length,
    stride,
    start: (row) => Math.floor(row / stride) * stride * length + (row % stride),
  };
}
