import { add, clone, dispose, keep, Tensor, tidy, type Scalar } from '@tensorflow/tfjs-core';
import type { CustomCallback, CustomCallbackArgs, LayersModel } from '@tensorflow/tfjs-layers';

import { divideNoNan } from '../../core/op.js';
import { hidden, type Step } from '../tfjs.js';
import type { Plan } from '../plan.js';

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

  /** Puts the means into logs, by the names of what is reported. */
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

/** The means of each step that `fit` or `evaluate` runs. */
const meansOfSteps = new WeakMap<Step, EpochMeans>();

/** Gives a step means of its own, which begin when somebody asks for them. */
export function setMeans(step: Step, means: EpochMeans): Step {
  meansOfSteps.set(step, means);
  return step;
}

/** The means of a step, if it is one of ours. */
export function meansOf(step: Step | undefined): EpochMeans | undefined {
  return step && meansOfSteps.get(step);
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

/** The user's callbacks, after one that puts the means over the whole epoch into the logs; and what ends them. */
export function withEpochMeans(
  model: LayersModel,
  plan: Plan,
  { callbacks, yieldEvery }: CallbackArgs,
): { callbacks: unknown; end: () => void } {
  const CallbackClass = Callback;
  const hasMetrics = plan.outputs.some(({ metrics }) => metrics.length > 0);
  if (!plan.ours || CallbackClass === undefined || !hasMetrics) {
    return { callbacks, end: () => undefined };
  }
  let means: EpochMeans | undefined;
  // Methods, not options: TF.js would read all logs back for these.
  class EpochMeansCallback extends CallbackClass {
    override onTrainBegin(): Promise<void> {
      means = plan.trained;
      return Promise.resolve();
    }
    override onEpochBegin(): Promise<void> {
      means?.begin();
      return Promise.resolve();
    }
    override onEpochEnd(_epoch: number, logs: object = {}): Promise<void> {
      means?.write(logs as Record<string, unknown>, hidden(model).getDedupedMetricsNames());
      return Promise.resolve();
    }
  }
  // Without callbacks TF.js has one that yields to others now and then.
  const given = [callbacks ?? {}].flat() as (object | CustomCallbackArgs)[];
  return {
    callbacks: [
      new EpochMeansCallback({}, 'never'),
      ...given.map((callback) =>
        'setParams' in callback ? callback : new CallbackClass(callback, yieldEvery),
      ),
    ],
    end: () => means?.end(),
  };
}
