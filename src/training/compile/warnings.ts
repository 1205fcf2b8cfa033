import { losses as tfjsLosses } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

import { classOf } from '../../core/description.js';
import { isLoss, type Loss } from '../../core/loss.js';
import { unsavedOptions } from '../../core/unsaved.js';
import { warn } from '../../core/warn.js';
import { isPlainEntry, type LossEntry } from './losses.js';
import { lostLogits } from './lost_logits.js';
import { crossentropyByShapes } from './metrics.js';
import type { OutputPlan, Plan } from '../plan.js';

/** Warns of what is allowed and hardly meant: one warning for the whole model. */
export function warnOfMismatches(
  model: LayersModel,
  losses: readonly LossEntry[],
  plan: Plan,
): void {
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
      const given = losses[index] ?? null;
      if (isPlainEntry(given)) return doubleActivation(output, given.plain);
      const loss = given === crossentropyByShapes ? crossentropyByShapes(sizes, sizes) : given;
      if (!isLoss(loss)) return [];
      return loss.terms().flatMap((term) => warningsOf(output, term, shape));
    }),
  ];
  if (warnings.length > 0) warn([...new Set(warnings)].join('\n'));
}

function warningsOf(output: OutputPlan, loss: Loss, shape: readonly (number | null)[]): string[] {
  const mismatch = mismatchOf(output, loss, shape);
  return [...unsavedOptions(loss), ...(mismatch === undefined ? [] : [mismatch])];
}

/** Where the activation that an output ends in and what its loss reads do not fit together. */
function mismatchOf(
  { name, activation, readsLogits }: OutputPlan,
  loss: Loss,
  shape: readonly (number | null)[],
): string | undefined {
  const { className, reads, defaults } = classOf(loss);
  if (activation === undefined || reads === undefined) return undefined;
  const givesProbabilities = PROBABILITIES.includes(activation.name);
  const ends = `Output '${name}' ends in a ${activation.name}`;
  const gives = `${ends}, so it gives probabilities, and ${className}`;
  if (reads === 'logits') {
    return givesProbabilities
      ? `${gives} reads logits. Take the ${activation.name} away.`
      : undefined;
  }
  const { axis } = loss.options as { axis?: unknown };
  const classAxis = typeof axis === 'number' ? axis : -1;
  if (shape.at(classAxis) === 1 && [activation.name, reads].includes('softmax')) {
    return (
      `Output '${name}' is one number, and a softmax makes it 1 whatever the model learns. ` +
      `Take a sigmoid and BinaryCrossentropy, or one unit per class.`
    );
  }
  if (readsLogits(loss) === true) {
    return givesProbabilities
      ? `${gives} has fromLogits: true. Leave fromLogits out (the model is trained on the logits all the same), or take ` +
          `the ${activation.name} away.`
      : undefined;
  }
  if (activation.name === 'linear') {
    const advice =
      'fromLogits' in defaults
        ? `Write loss: new ${className}({ fromLogits: true }), or give`
        : 'Give';
    return (
      `Output '${name}' has no activation, so it gives logits, and ${className} reads probabilities. ` +
      `${advice} the layer activation: '${reads}'.`
    );
  }
  if (!PROBABILITIES.includes(activation.name)) {
    return (
      `${ends}, which does not give probabilities, and ${className} reads probabilities. ` +
      `Give the layer activation: '${reads}'.`
    );
  }
  if (activation.name === 'softmax' && reads === 'sigmoid') {
    return (
      `${ends}, whose units add up to 1, and ${className} reads each of them as a yes or no of its own. Where one class is ` +
      `right, write loss: 'categoricalCrossentropy'; where several may be, give the layer activation: 'sigmoid'.`
    );
  }
  if (activation.name !== 'softmax' && reads === 'softmax') {
    return (
      `${ends}, whose units do not add up to 1, and ${className} reads classes of which one is right. Give the layer ` +
      `activation: 'softmax'; where several may be right, write loss: 'binaryCrossentropy'.`
    );
  }
  return lostLogits(name, loss, activation, classAxis, shape);
}

/** The activations whose results are in [0, 1]. */
const PROBABILITIES = ['sigmoid', 'hardSigmoid', 'softmax'];

/** The losses of TensorFlow.js that read logits, and the activation that each has inside. */
const LOSSES_OF_LOGITS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [tfjsLosses.sigmoidCrossEntropy, 'sigmoid'],
  [tfjsLosses.softmaxCrossEntropy, 'softmax'],
]);

/** Where a loss of TensorFlow.js applies an activation to an output that has had one. */
function doubleActivation({ name, activation }: OutputPlan, loss: unknown): string[] {
  const inside = LOSSES_OF_LOGITS.get(loss);
  if (!inside || !activation || !PROBABILITIES.includes(activation.name)) return [];
  const ours = inside === 'sigmoid' ? 'binaryCrossentropy' : 'categoricalCrossentropy';
  return [
    `Output '${name}' ends in a ${activation.name}, and tf.losses.${inside}CrossEntropy reads logits: it applies a ` +
      `${inside} once more. Write loss: '${ours}', or take the ${activation.name} away.`,
  ];
}
