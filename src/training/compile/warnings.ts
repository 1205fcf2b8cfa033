import type { LayersModel } from '@tensorflow/tfjs-layers';

import { classOf } from '../../core/description.js';
import { isLoss, type Loss } from '../../core/loss.js';
import { unsavedOptions } from '../../core/unsaved.js';
import { warn } from '../../core/warn.js';
import { lostLogits } from './lost_logits.js';
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
      return loss.terms().flatMap((term) => mismatches(output, term, shape));
    }),
  ];
  if (warnings.length > 0) warn([...new Set(warnings)].join('\n'));
}

function mismatches(
  { name, activation, readsLogits }: OutputPlan,
  loss: Loss,
  shape: readonly (number | null)[],
): string[] {
  const unsaved = unsavedOptions(loss);
  const { className, reads, defaults } = classOf(loss);
  const fromLogits = readsLogits(loss) === true;
  if (activation === undefined || reads === undefined) return unsaved;
  const { axis } = loss.options as { axis?: unknown };
  const classAxis = typeof axis === 'number' ? axis : -1;
  const text = (): string | undefined => {
    const givesProbabilities = ['sigmoid', 'softmax'].includes(activation.name);
    if (reads === 'logits') {
      if (!givesProbabilities) return undefined;
      return (
        `Output '${name}' ends in a ${activation.name}, so it gives probabilities, and ${className} reads logits. ` +
        `Take the ${activation.name} away.`
      );
    }
    if (shape.at(classAxis) === 1 && [activation.name, reads].includes('softmax')) {
      return (
        `Output '${name}' is one number, and a softmax makes it 1 whatever the model learns. ` +
        `Take a sigmoid and BinaryCrossentropy, or one unit per class.`
      );
    }
    if (fromLogits) {
      if (!givesProbabilities) return undefined;
      return (
        `Output '${name}' ends in a ${activation.name}, so it gives probabilities, and ${className} has fromLogits: true. ` +
        `Leave fromLogits out (the model is trained on the logits all the same), or take the ${activation.name} away.`
      );
    }
    if (activation.name === 'linear') {
      const advice = 'fromLogits' in defaults ? 'the loss fromLogits: true, or ' : '';
      return (
        `Output '${name}' has no activation, so it gives logits, and ${className} reads probabilities. ` +
        `Give ${advice}the layer activation: '${reads}'.`
      );
    }
    return lostLogits(name, loss, activation, classAxis, shape);
  };
  const warning = text();
  return warning === undefined ? unsaved : [...unsaved, warning];
}
