import { add, clone, dispose, keep, Tensor, tidy, type Scalar } from '@tensorflow/tfjs-core';

import { divideNoNan } from '../../core/op.js';
import type { Step } from '../tfjs.js';

/** A number that a step reports beside the total loss. */
export interface Reported {
  readonly value: Scalar;
  /** Its numerator and denominator, if it is a mean over weights. */
  readonly sums?: Sums;
}

interface Sums {
  readonly values: Scalar;
  readonly weights: Scalar;
}

/**
 * The means over weights of all batches of an epoch. TensorFlow.js takes the mean of what batches report, however much the
 * samples of each batch weigh. Keras divides the sum over all batches by the sum of all weights, and so does this class.
 */
export class EpochMeans {
  /** Sums by position in what steps report after the total loss. `undefined` while no epoch runs. */
  private sums: (Sums | undefined)[] | undefined;

  /** Begins an epoch. */
  begin(): void {
    this.end();
    this.sums = [];
  }

  /** Adds a batch to the epoch. Outside of an epoch it does nothing. */
  add(reported: readonly Reported[]): void {
    const before = this.sums;
    if (before === undefined) return;
    this.sums = reported.map(({ sums }, index) => sums && total(before[index], sums));
    for (const sums of before) dispose({ ...sums });
  }

  /** Ends the epoch, and disposes its sums. */
  end(): void {
    for (const sums of this.sums ?? []) dispose({ ...sums });
    this.sums = undefined;
  }

  /** Replaces those of TensorFlow.js's means that are means over weights. */
  correct(means: Scalar[]): Scalar[] {
    return means.map((mean, index) => {
      const sums = this.sums?.[index - 1];
      if (sums === undefined) return mean;
      mean.dispose();
      return divideNoNan(sums.values, sums.weights) as Scalar;
    });
  }

  /** Writes the means over weights into logs, under the names of what steps report. */
  write(logs: Record<string, unknown>, names: readonly string[]): void {
    for (const [index, sums] of (this.sums ?? []).entries()) {
      const name = names[index + 1];
      if (sums === undefined || name === undefined) continue;
      const before = logs[name];
      if (before instanceof Tensor) before.dispose();
      logs[name] = keep(divideNoNan(sums.values, sums.weights));
    }
  }
}

function total(before: Sums | undefined, sums: Sums): Sums {
  const sumOf = (a: Scalar | undefined, b: Scalar) =>
    keep(a === undefined ? clone(b) : add<Scalar>(a, b));
  return tidy(() => ({
    values: sumOf(before?.values, sums.values),
    weights: sumOf(before?.weights, sums.weights),
  }));
}

/** A step with the means over the batches that it runs on. Each step has its own, since two evaluations may run at once. */
interface StepWithMeans extends Step {
  readonly means: EpochMeans;
}

/** Gives a step its means. */
export function withMeans(step: Step, means: EpochMeans): StepWithMeans {
  return Object.assign(step, { means });
}

/** The means of a step, if it has any: steps of TensorFlow.js have none. */
export function meansOf(step: Step | undefined): EpochMeans | undefined {
  return (step as Partial<StepWithMeans> | undefined)?.means;
}
