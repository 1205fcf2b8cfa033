import type { LayersModel } from '@tensorflow/tfjs-layers';

import { activationOf, classOf, isLoss, type Loss } from '../../core/loss.js';
import { warn } from '../../core/warn.js';
import { crossentropyByShapes } from './metrics.js';
import type { OutputPlan, Plan } from '../plan.js';

/** Warns of what is allowed and hardly meant: one warning for the whole model. */
export function warnOfMismatches(model: LayersModel, losses: readonly unknown[], plan: Plan): void {
  const untrained = plan.outputs.filter(({ chooseLoss }) => chooseLoss === undefined);
  const warnings = [
    ...(untrained.length === 0
      ? []
      : [
          `No loss is given for ${untrained.map(({ name }) => `output '${name}'`).join(', ')}: ` +
            `it is not trained.`,
        ]),
    ...plan.outputs.flatMap((output, index) => {
      const shape = model.outputs[index]?.shape ?? [];
      const sizes = shape.map((size) => size ?? -1);
      const given = losses[index];
      const loss = given === crossentropyByShapes ? crossentropyByShapes(sizes, sizes) : given;
      if (!isLoss(loss)) return [];
      return loss.addends().flatMap((addend) => mismatches(output, addend, shape));
    }),
  ];
  if (warnings.length > 0) warn([...new Set(warnings)].join('\n'));
}

function mismatches(
  { name, activation, readsLogits }: OutputPlan,
  loss: Loss,
  shape: readonly (number | null)[],
): string[] {
  const { className, logitsOnly } = classOf(loss);
  const expected = activationOf(loss);
  const fromLogits = readsLogits(loss);
  if (activation === undefined) return [];
  const givesProbabilities = ['sigmoid', 'softmax'].includes(activation.name);
  if (logitsOnly === true && givesProbabilities) {
    return [
      `Output '${name}' ends in a ${activation.name}, so it gives probabilities, and ${className} reads logits. ` +
        `Take the ${activation.name} away.`,
    ];
  }
  if (expected === undefined) return [];
  const { axis } = loss.options as { axis?: unknown };
  const units = shape.at(typeof axis === 'number' ? axis : -1);
  if (units === 1 && [activation.name, expected].includes('softmax')) {
    return [
      `Output '${name}' is one number, and a softmax makes it 1 whatever the model learns. ` +
        `Take a sigmoid and BinaryCrossentropy, or one unit per class.`,
    ];
  }
  if (fromLogits === true && givesProbabilities) {
    return [
      `Output '${name}' ends in a ${activation.name}, so it gives probabilities, and ${className} has fromLogits: true. ` +
        `Leave fromLogits out (the model is trained on the logits all the same), or take the ${activation.name} away.`,
    ];
  }
  if (fromLogits === false && activation.name === 'linear') {
    return [
      `Output '${name}' has no activation, so it gives logits, and ${className} reads probabilities. ` +
        `Give the loss fromLogits: true, or the layer activation: '${expected}'.`,
    ];
  }
  return [];
}
