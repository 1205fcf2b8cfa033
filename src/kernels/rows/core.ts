/** Computes rows of numbers that lie in one memory. All arguments but numbers of rows and factors are addresses in bytes. */
export interface Core {
  /**
   * Sigmoid cross-entropy of rows of yes/no labels, with y = labelScale · label + labelShift.
   *
   * @param positive - Weights of positive labels, one per entry of a row, or 0.
   * @param posWeight - The same for all entries, where `positive` is 0.
   * @param weights - Weights of the rows, or 0.
   * @param values - Where the loss of each row goes, weighted and divided by its length, or 0.
   * @param gradient - Where the gradient goes, weighted and times `scale`, or 0.
   * @param scratch - Room for `SCRATCH` bytes.
   * @returns Σ weight · Σ loss over a row. The SIMD core returns NaN where something was not finite: then nothing that it
   * wrote counts.
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
    length: number,
    labelScale: number,
    labelShift: number,
    scale: number,
  ): number;
  /**
   * Softmax cross-entropy of rows, with y = labelScale · label + labelShift.
   *
   * @param labels - Numbers in the shape of the logits, or class indices (int32), below 0 for rows that do not count.
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
    length: number,
    labelScale: number,
    labelShift: number,
    scale: number,
  ): number;
  /**
   * Losses that compare each label with its prediction, with y = labelScale · label + labelShift.
   *
   * @param op - Its place in ELEMENTWISE_KERNELS.
   * @param share - What the sum over a row is multiplied by for `values`.
   * @returns As above.
   */
  pairs(
    op: number,
    output: number,
    labels: number,
    weights: number,
    values: number,
    gradient: number,
    rows: number,
    length: number,
    labelScale: number,
    labelShift: number,
    parameter: number,
    scale: number,
    share: number,
  ): number;
}

/** The memory that a core works in; its buffer is another one after it has grown. */
export interface Memory {
  readonly buffer: ArrayBufferLike;
}

/** Bytes of scratch that a core needs: for rows of up to 64 classes, 16 for each logit and label and for one more. */
export const SCRATCH = 65 * 2 * 16;
