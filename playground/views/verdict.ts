import type { Run } from '../training/train.js';
import { VARIANTS, type VariantId } from '../variants.js';
import { percent, plural } from './format.js';

/** What a training showed, in words. */
export function verdict(run: Run): string {
  const { steps, totalSteps, dataset } = run;
  const results = VARIANTS.map(
    ({ id, title }) => `${title(dataset.activation)}: ${percent(accuracy(run, id))}`,
  );
  return [
    steps < totalSteps ? `Stopped after ${steps} of ${totalSteps} steps.` : 'Training is done.',
    blindness(run),
    `Right answers: ${results.join('; ')}.`,
    comparison(run),
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

/** How often TensorFlow.js’s own loss had no gradient. */
function blindness({ steps, blindSteps: { tfjs } }: Run): string {
  if (tfjs === 0) return '';
  return tfjs === steps
    ? `TensorFlow.js’s own loss never moved: its gradient was exactly 0 in each of ${plural(steps, 'step')}.`
    : `TensorFlow.js’s own loss had a gradient of exactly 0 in ${tfjs} of ${plural(steps, 'step')}.`;
}

/** What the reader may not expect. */
function comparison(run: Run): string {
  const ours = [accuracy(run, 'activation'), accuracy(run, 'logits')];
  const theirs = accuracy(run, 'tfjs');
  if (run.blindSteps.tfjs === run.steps) {
    return Math.max(...ours) <= theirs ? 'The other two are no better this time.' : '';
  }
  return run.settings.start === 0 && ours.every((share) => Math.abs(share - theirs) < 0.03)
    ? 'From a fair start the three hardly differ: try the start that is sure and wrong.'
    : '';
}

function accuracy({ measurements }: Run, id: VariantId): number {
  return measurements.findLast(({ variant }) => variant === id)?.accuracy ?? NaN;
}
