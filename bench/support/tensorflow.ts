import * as tf from '@tensorflow/tfjs';

/** What is used here of tfjs-node's backend. */
interface TensorflowBackend {
  /** Hands to TensorFlow what is still in JavaScript; private in the types. */
  getInputTensorIds(tensors: tf.Tensor[]): number[];
  binding: { executeOp(...parameters: unknown[]): unknown; TF_Version: string };
}

function tensorflowBackend(): TensorflowBackend | undefined {
  if (tf.getBackend() !== 'tensorflow') return undefined;
  return tf.backend() as unknown as TensorflowBackend;
}

/**
 * Brings tensors to where the current backend computes. cpu and wasm have them there when an op returns. TensorFlow has
 * computed what its own ops return, but a tensor that was made in JavaScript goes there only as input of its next op: this does
 * what that op would do, and nothing for a tensor that is there already.
 */
export function settle(tensors: tf.Tensor[]): void {
  tensorflowBackend()?.getInputTensorIds(tensors);
}

/** How many operations of TensorFlow itself a call runs; 0 on other backends. */
export function countTensorflowOps(call: () => void): number {
  const backend = tensorflowBackend();
  let count = 0;
  if (!backend) return count;
  const { binding } = backend;
  // The binding itself is read-only.
  backend.binding = Object.create(binding, {
    executeOp: {
      value: (...parameters: unknown[]) => {
        count += 1;
        return binding.executeOp(...parameters);
      },
    },
  }) as typeof binding;
  try {
    call();
  } finally {
    backend.binding = binding;
  }
  return count;
}

/** The version of libtensorflow behind tfjs-node, while that is the current backend. */
export function libtensorflowVersion(): string | undefined {
  return tensorflowBackend()?.binding.TF_Version;
}
