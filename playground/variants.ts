import type { Activation } from './losses.js';

/** One of the three models that are trained side by side. */
export interface Variant {
  readonly id: 'activation' | 'logits' | 'tfjs';
  /** Its name, where the output layer has this activation. */
  readonly title: (activation: Activation) => string;
  readonly description: (activation: Activation) => string;
  /** How its line is drawn, everywhere. The first two often coincide: a wide line with a dashed one on it shows both. */
  readonly line: { readonly stroke: string; readonly width: number; readonly dash?: string };
}

/** In the order in which they are drawn. */
export const VARIANTS: readonly Variant[] = [
  {
    id: 'activation',
    title: (activation) => `With final ${activation}`,
    description: (activation) =>
      `tfjs-losses; the model ends in a ${activation} and gives probabilities. The loss finds the logits behind them.`,
    line: { stroke: 'var(--with-activation)', width: 6 },
  },
  {
    id: 'logits',
    title: () => 'From logits',
    description: () =>
      'tfjs-losses; the model ends in a plain layer and gives logits. The loss is told: fromLogits.',
    line: { stroke: 'var(--from-logits)', width: 2, dash: '5 4' },
  },
  {
    id: 'tfjs',
    title: () => 'TensorFlow.js’s own',
    description: (activation) =>
      `TensorFlow.js as it is without this package; the model ends in a ${activation}.`,
    line: { stroke: 'var(--tfjs)', width: 2.5 },
  },
];

export type VariantId = Variant['id'];
