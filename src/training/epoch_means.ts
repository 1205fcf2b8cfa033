import { add, clone, dispose, keep, tidy, type Scalar } from '@tensorflow/tfjs-core';
import type { CustomCallback, CustomCallbackArgs } from '@tensorflow/tfjs-layers';

import { divideNoNan } from '../core/op.js';
import type { Plan } from './plan.js';
import { reportedNames } from './steps.js';

/** A number that a step reports beside the total loss. */
export interface Reported {
  readonly value: Scalar;
  /** Its numerator and denominator, where it is a mean over weights. */
  readonly sums?: Sums;
}

interface Sums {
  readonly values: Scalar;
  readonly weights: Scalar;
}

/**
 * Means over weights, from all batches so far. TF.js takes the mean of what batches report, whatever the weights in each;
 * Keras divides the sum of all by the sum of all weights.
 */
export class EpochMeans {
  /** By position among what is reported; the total loss comes before all of them. */
  private sums: (Sums | undefined)[] = [];

  /** Adds a batch. */
  add(reported: readonly Reported[]): void {
    const before = this.sums;
    this.sums = reported.map(({ sums }, index) => sums && total(before[index], sums));
    before.forEach((sums) => {
      dispose({ ...sums });
    });
  }

  /** Forgets all batches. */
  clear(): void {
    this.sums.forEach((sums) => {
      dispose({ ...sums });
    });
    this.sums = [];
  }

  /** The means in the place of those that TF.js took of all that was reported, and forgets the batches. */
  correct(means: Scalar[]): Scalar[] {
    const corrected = means.map((mean, index) => {
      const sums = this.sums[index - 1];
      if (sums === undefined) return mean;
      mean.dispose();
      return divideNoNan(sums.values, sums.weights) as Scalar;
    });
    this.clear();
    return corrected;
  }

  /** The means by the names of what is reported, as numbers. */
  read(names: readonly string[]): Record<string, number> {
    const means = this.sums.flatMap((sums, index) => {
      if (sums === undefined) return [];
      const [values, weights] = [sums.values.dataSync()[0], sums.weights.dataSync()[0]];
      return [[names[index + 1], weights === 0 ? 0 : (values ?? 0) / (weights ?? 1)]] as const;
    });
    return Object.fromEntries(means) as Record<string, number>;
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

let Callback: typeof CustomCallback | undefined;

/** Takes TF.js's class of callbacks. */
export function rememberCallbacks(given: typeof CustomCallback | undefined): void {
  Callback = given;
}

/** The options of `fit` that its callbacks come from. */
export interface CallbackArgs {
  callbacks?: unknown;
  yieldEvery?: ConstructorParameters<typeof CustomCallback>[1];
}

/** The user's callbacks, after one that puts the means over the whole epoch into the logs. */
export function withEpochMeans(plan: Plan, { callbacks, yieldEvery }: CallbackArgs): unknown {
  const CallbackClass = Callback;
  if (CallbackClass === undefined || plan.outputs.every(({ metrics }) => metrics.length === 0)) {
    return callbacks;
  }
  const ours = new CallbackClass(
    {
      onEpochBegin: () => {
        plan.trained.clear();
      },
      onEpochEnd: (_, logs) => {
        Object.assign(logs ?? {}, plan.trained.read(reportedNames(plan)));
        plan.trained.clear();
      },
    },
    'never',
  );
  const given = [callbacks ?? []].flat() as (object | CustomCallbackArgs)[];
  return [
    ours,
    ...given.map((callback) =>
      'setParams' in callback ? callback : new CallbackClass(callback, yieldEvery),
    ),
  ];
}
