import { add, clone, dispose, keep, tidy, type Scalar } from '@tensorflow/tfjs-core';
import type { CustomCallback, CustomCallbackArgs, LayersModel } from '@tensorflow/tfjs-layers';

import { divideNoNan } from '../core/op.js';
import { hidden } from './layers_internals.js';
import type { Plan } from './plan.js';

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
  /** By position among what is reported; the total loss comes before all of them. Nothing while nobody asks for means. */
  private sums: (Sums | undefined)[] | undefined;

  /** Begins anew. */
  begin(): void {
    this.end();
    this.sums = [];
  }

  /** Adds a batch. */
  add(reported: readonly Reported[]): void {
    const before = this.sums;
    if (before === undefined) return;
    this.sums = reported.map(({ sums }, index) => sums && total(before[index], sums));
    for (const sums of before) dispose({ ...sums });
  }

  /** Forgets all batches. */
  end(): void {
    for (const sums of this.sums ?? []) dispose({ ...sums });
    this.sums = undefined;
  }

  /** The means in the place of those that TF.js took of all that was reported. */
  correct(means: Scalar[]): Scalar[] {
    return means.map((mean, index) => {
      const sums = this.sums?.[index - 1];
      if (sums === undefined) return mean;
      mean.dispose();
      return divideNoNan(sums.values, sums.weights) as Scalar;
    });
  }

  /** The means by the names of what is reported, as numbers. */
  async read(names: readonly string[]): Promise<Record<string, number>> {
    const means: Record<string, number> = {};
    for (const [index, sums] of (this.sums ?? []).entries()) {
      const name = names[index + 1];
      if (sums === undefined || name === undefined) continue;
      const [[values = 0], [weights = 0]] = await Promise.all([
        sums.values.data(),
        sums.weights.data(),
      ]);
      means[name] = weights === 0 ? 0 : values / weights;
    }
    return means;
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
export function withEpochMeans(
  model: LayersModel,
  { outputs, trained }: Plan,
  { callbacks, yieldEvery }: CallbackArgs,
): unknown {
  const CallbackClass = Callback;
  if (CallbackClass === undefined || outputs.every(({ metrics }) => metrics.length === 0)) {
    return callbacks;
  }
  const ours = new CallbackClass(
    {
      onEpochBegin: () => {
        trained.begin();
      },
      onEpochEnd: async (_, logs) => {
        Object.assign(logs ?? {}, await trained.read(hidden(model).getDedupedMetricsNames()));
        trained.end();
      },
    },
    'never',
  );
  // Without callbacks TF.js has one that yields to others now and then.
  const given = [callbacks ?? {}].flat() as (object | CustomCallbackArgs)[];
  return [
    ours,
    ...given.map((callback) =>
      'setParams' in callback ? callback : new CallbackClass(callback, yieldEvery),
    ),
  ];
}
