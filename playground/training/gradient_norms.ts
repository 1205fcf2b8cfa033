import * as tf from '@tensorflow/tfjs';

/** The size of each gradient that an optimizer applies, since it was last asked for. */
export class GradientNorms {
  private norms: tf.Scalar[] = [];

  constructor(optimizer: tf.Optimizer) {
    const apply = optimizer.applyGradients.bind(optimizer);
    optimizer.applyGradients = (gradients: Parameters<tf.Optimizer['applyGradients']>[0]) => {
      const tensors = Array.isArray(gradients)
        ? gradients.map(({ tensor }) => tensor)
        : Object.values(gradients);
      this.norms.push(tf.keep(tf.tidy(() => norm(tensors))));
      apply(gradients);
    };
  }

  /** The norms, step by step; they are forgotten then. */
  async take(): Promise<number[]> {
    const { norms } = this;
    this.norms = [];
    if (norms.length === 0) return [];
    const stacked = tf.stack(norms);
    tf.dispose(norms);
    const values = Array.from(await stacked.data());
    stacked.dispose();
    return values;
  }
}

/** The length of all gradients as one vector. */
function norm(gradients: tf.Tensor[]): tf.Scalar {
  return tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));
}
