/** Ops and kernels meet in these names alone. */

/** The name under which TF.js knows an op of this package. */
export function kernelName(op: string): string {
  return `TfjsLosses${op}`;
}

/** Backends whose tensors can be read at once, without waiting for a device. */
export const READABLE = ['cpu', 'wasm', 'tensorflow'];
