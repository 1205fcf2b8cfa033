import * as tf from '@tensorflow/tfjs';

import { createLoss, lossNamed, type Activation } from '../losses.js';
import { givenOptions } from '../options.js';
import type { Settings } from '../settings.js';
import { VARIANTS, type VariantId } from '../variants.js';

/** Loss of one answer and its gradient, where the model gives this logit. */
export interface CurvePoint {
  readonly variant: VariantId;
  readonly logit: number;
  readonly loss: number;
  readonly gradient: number;
}

const LOGITS = Array.from({ length: 321 }, (_, i) => i / 4 - 40);

/**
 * What each variant makes of logits from −40 to 40, computed by the packages themselves. Of many classes, the logit is that of
 * the true class, and those of the others are 0.
 *
 * @param answer - Which answer is the true one, 0 or 1, where there are two.
 */
export async function lossCurves(
  settings: Settings,
  { activation, units }: { activation: Activation; units: number },
  answer: number,
): Promise<CurvePoint[]> {
  const hasIndices = lossNamed(settings.loss).labels === 'index';
  const options = givenOptions(settings.loss, settings.options);
  const rows = LOGITS.map((logit) => [logit, ...Array<number>(units - 1).fill(0)]);
  const one = units === 1 ? [answer] : [1, ...Array<number>(units - 1).fill(0)];
  const dense = tf.tensor2d(LOGITS.map(() => one));
  const labels = hasIndices ? tf.zeros([LOGITS.length, 1]) : dense;

  const plain = createLoss(settings.loss, { ...options, reduction: 'none' });
  const fromLogits = createLoss(settings.loss, {
    ...options,
    reduction: 'none',
    fromLogits: true,
  });
  const activate = activation === 'sigmoid' ? tf.sigmoid<tf.Tensor> : tf.softmax<tf.Tensor>;
  // What `compile` knows by this name in TensorFlow.js alone.
  const tfjs =
    activation === 'sigmoid' ? tf.metrics.binaryCrossentropy : tf.metrics.categoricalCrossentropy;
  const values: Record<VariantId, (logits: tf.Tensor) => tf.Tensor> = {
    activation: (logits) => plain(labels, activate(logits)),
    logits: (logits) => fromLogits(labels, logits),
    tfjs: (logits) => tfjs(dense, activate(logits)),
  };

  const curves = await Promise.all(
    VARIANTS.map(async ({ id }) => {
      const { value, grad } = tf.tidy(() =>
        tf.valueAndGrad((logits) => values[id](logits))(tf.tensor2d(rows), tf.ones([rows.length])),
      );
      const [losses, gradients] = await Promise.all([value.data(), grad.data()]);
      tf.dispose([value, grad]);
      return LOGITS.map((logit, i) => ({
        variant: id,
        logit,
        loss: losses[i] ?? NaN,
        gradient: gradients[i * units] ?? NaN,
      }));
    }),
  );
  tf.dispose([dense, labels]);
  return curves.flat();
}
