import { tensor, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';

/** Numbers that a kernel is given beside its tensors. */
type Attrs = Readonly<Record<string, number>>;

/** A kernel under the name of its op. */
export interface Kernel {
  readonly op: string;
  /** Where it is faster than the formula. */
  readonly backends: readonly string[];
  readonly run: (inputs: Tensor[], attrs: Attrs) => TensorInfo;
}

/** A kernel that computes each element from the elements in its place: f(a, b, c). */
export function elementwiseKernel(
  op: string,
  backends: readonly string[],
  f: (a: number, b: number, c?: number) => number,
): Kernel {
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

/** How the rows along an axis lie in memory: row r, entry j is at start(r) + j · stride. */
export interface Rows {
  readonly count: number;
  readonly length: number;
  readonly stride: number;
  readonly start: (row: number) => number;
}

export function rowsOf(shape: readonly number[], axis: number): Rows {
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
