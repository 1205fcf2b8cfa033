import type { Run } from '../training/train.js';
import { VARIANTS, type VariantId } from '../variants.js';
import { percent } from './format.js';

/** What a training showed, in words. */
export function verdict(run: Run): string {
  const { steps, totalSteps, blindSteps, settings } = run;
  const [ours, theirs] = [accuracy(run, 'logits'), accuracy(run, 'tfjs')];
  const ended =
    steps < totalSteps ? `Stopped after ${steps} of ${totalSteps} steps.` : 'Training is done.';
  if (steps > 0 && blindSteps.tfjs === steps) {
    return (
      `${ended} TensorFlow.js’s own loss never moved: its gradient was exactly 0 in each of ${steps} steps, ` +
      `and ${percent(theirs)} of its answers are right. The other two are at ${percent(ours)}.`
    );
  }
  const blind =
    blindSteps.tfjs > 0
      ? ` TensorFlow.js’s own had a gradient of exactly 0 in ${blindSteps.tfjs} of ${steps} steps.`
      : '';
  const alike =
    settings.start === 0 && Math.abs(ours - theirs) < 0.03
      ? ' From a fair start the three hardly differ: try the start that is sure and wrong.'
      : '';
  const results = VARIANTS.map(
    ({ id, title }) => `${title(run.dataset.activation)}: ${percent(accuracy(run, id))}`,
  );
  return `${ended} Right answers: ${results.join('; ')}.${blind}${alike}`;
}

function accuracy({ measurements }: Run, id: VariantId): number {
  return measurements.findLast(({ variant }) => variant === id)?.accuracy ?? NaN;
}
