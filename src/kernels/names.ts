/** Ops and kernels meet in these names alone. */

/** What the names of all ops of this package begin with. */
export const PREFIX = 'TfjsLosses';

/** The name under which TF.js knows an op of this package. */
export function kernelName(op: string): string {
  return `${PREFIX}${op}`;
}

/** Backends whose tensors can be read at once, without waiting for a device. */
export const READABLE = ['cpu', 'wasm', 'tensorflow'];
