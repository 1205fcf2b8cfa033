import { classOf } from '../core/description.js';
import type { Loss } from '../core/loss.js';

/** The term of a loss that says most about labels and predictions: `'accuracy'` and class weights follow it. */
export function termWithLabels(loss: Loss): Loss {
  const terms = loss.terms();
  const [first = loss] = terms;
  const withLabels = terms.filter((term) => classOf(term).labels !== undefined);
  return withLabels.find((term) => classOf(term).reads !== undefined) ?? withLabels[0] ?? first;
}

/** Whether a term of the loss reads each label as a yes or no of its own. */
export function hasBinaryLabels(loss: Loss): boolean {
  return loss.terms().some((term) => classOf(term).labels === 'binary');
}
