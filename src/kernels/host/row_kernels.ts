/**
 * The functions that compute rows of numbers in one memory, in SIMD (simd/) or in float64 (float64_kernels.ts). They know nothing
 * of tensors. Each argument is an address in bytes, but for numbers of rows, options and factors.
 */
export interface RowKernels {
  /**
   * Sigmoid cross-entropy of rows, with y = labelScale · label + labelShift.
   *
   * @param positive - Weights of positive labels, one per entry of a row; or 0, which stands for "none" in all arguments.
   * @param posWeight - One weight for all positive labels, where `positive` is 0.
   * @param weights - One weight per row, or 0.
   * @param values - Where to write the losses of the rows, each one weighted and divided by `rowLength`; or 0.
   * @param gradient - Where to write the gradient, weighted and times `scale`; or 0.
   * @param scratch - `SCRATCH` free bytes.
   * @returns Σ over all rows of weight · (Σ loss over the row). SIMD returns NaN where something was not finite; then nothing that
   * it wrote is to be used.
   */
  sigmoid(
    logits: number,
    labels: number,
    positive: number,
    posWeight: number,
    weights: number,
    values: number,
    gradient: number,
    scratch: number,
    rows: number,
    rowLength: number,
    labelScale: number,
    labelShift: number,
    scale: number,
  ): number;
  /**
   * Softmax cross-entropy of rows, with y = labelScale · label + labelShift.
   *
   * @param labels - Numbers in the shape of the logits, or one class index per row (int32). A row with an index below 0 does not
   * count.
   * @param isSparse - 1 if labels are class indices, else 0.
   * @returns As above.
   */
  softmax(
    logits: number,
    labels: number,
    isSparse: number,
    weights: number,
    values: number,
    gradient: number,
    scratch: number,
    rows: number,
    rowLength: number,
    labelScale: number,
    labelShift: number,
    scale: number,
  ): number;
  /**
   * Losses that compare each label with its prediction, with y = labelScale · label + labelShift.
   *
   * @param kernel - The position of the kernel in ELEMENTWISE_KERNELS.
   * @param constant - See {@link ElementwiseSpec}.
   * @param valueScale - Factor on what is written to `values`: 1 / `rowLength` makes a mean of the sum over a row.
   * @returns As above.
   */
  pairs(
    kernel: number,
    predictions: number,
    labels: number,
    weights: number,
    values: number,
    gradient: number,
    rows: number,
    rowLength: number,
    labelScale: number,
    labelShift: number,
    constant: number,
    scale: number,
    valueScale: number,
  ): number;
}

/** The memory that row kernels compute in. Its buffer is another one after it has grown. */
export interface Memory {
  readonly buffer: ArrayBufferLike;
}

/**
 * How many bytes of scratch memory row kernels need. SIMD turns rows of up to 64 classes into columns, four rows at a time: 16
 * bytes per class for the logits, as many for the labels, and one column more of each.
 */
export const SCRATCH = 65 * 2 * 16;
