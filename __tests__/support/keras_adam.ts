import * as tf from '@tensorflow/tfjs';

/**
 * Adam by Keras's rule, which adds epsilon before the correction of the bias, not after it as TF.js's own:
 *
 *     w ← w − rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε)
 */
export class KerasAdam extends tf.Optimizer {
  static className = 'KerasAdam';
  private step = 0;
  private readonly moments = new Map<string, { m: tf.Variable; v: tf.Variable }>();

  constructor(
    private readonly rate: number,
    private readonly beta1 = 0.9,
    private readonly beta2 = 0.999,
    private readonly epsilon = 1e-7,
  ) {
    super();
  }

  override applyGradients(
    gradients: tf.NamedTensorMap | { name: string; tensor: tf.Tensor }[],
  ): void {
    this.step++;
    const correction = Math.sqrt(1 - this.beta2 ** this.step) / (1 - this.beta1 ** this.step);
    const named = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(gradients);
    for (const [name, gradient] of named) {
      const weight = tf.engine().registeredVariables[name]!;
      const { m, v } = this.momentsOf(name, weight);
      tf.tidy(() => {
        m.assign(m.add(gradient.sub(m).mul(1 - this.beta1)));
        v.assign(
          v.add(
            gradient
              .square()
              .sub(v)
              .mul(1 - this.beta2),
          ),
        );
        const change = m.mul(this.rate * correction).div(v.sqrt().add(this.epsilon));
        weight.assign(weight.sub(change));
      });
    }
  }

  private momentsOf(name: string, weight: tf.Variable) {
    const zeros = () => tf.tidy(() => tf.zerosLike(weight).variable(false));
    const moments = this.moments.get(name) ?? { m: zeros(), v: zeros() };
    this.moments.set(name, moments);
    return moments;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { learningRate: this.rate };
  }
}
