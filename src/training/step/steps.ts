import {
  add,
  dispose,
  keep,
  mean,
  mul,
  onesLike,
  scalar,
  sum,
  tidy,
  type Scalar,
  type Tensor,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

import { formatShape, ShapeError } from '../../core/errors.js';
import type { LossCall } from '../../core/call.js';
import { resolveAxes, type Axis } from '../../core/checks.js';
import { classOf, partsOf, weighsLabels } from '../../core/description.js';
import { evaluate } from '../../core/evaluate.js';
import { alignRanks, mismatch, sameShape, toFloat, withShape } from '../../core/inputs.js';
import type { Loss } from '../../core/loss.js';
import { divideNoNan } from '../../core/op.js';
import { meanOver } from '../../core/reduction.js';
import { disposeTape, tracing } from '../../core/watch.js';
import { combineWeights, weigh } from '../../core/weighting.js';
import { hasBinaryLabels } from '../label_form.js';
import { entryAt } from '../per_output.js';
import type { OutputBatch, OutputMetric, OutputPlan, OutputWeights, Plan } from '../plan.js';
import { hidden, type Data, type Step } from '../tfjs.js';
import { disposeBesideBatch, readBatch } from '../weights/carried.js';
import type { EpochMeans, Reported } from './epoch_means.js';

/** The step that trains a model on one batch. */
export function trainStep(model: LayersModel, plan: Plan, means: EpochMeans): Step {
  return step((data) => {
    const reported: Reported[] = [];
    let measuredTotal: Scalar | undefined;
    const cost = (): Scalar => {
      const measured = measure(model, plan, data, true);
      reported.push(...measured.reported.map(keepReported));
      measuredTotal = measured.total;
      return measuredTotal;
    };
    const variables = hidden(model).collectedTrainableWeights.map((weight) => weight.read());
    let total: Scalar | null;
    try {
      total = model.optimizer.minimize(cost, true, variables);
    } catch (error) {
      // Where the backward pass throws, TensorFlow.js has handed the total out of its scope already.
      dispose(measuredTotal ?? []);
      for (const { value, sums } of reported) dispose({ value, ...sums });
      throw error;
    }
    means.add(reported);
    for (const { sums } of reported) dispose({ ...sums });
    return [total ?? scalar(0), ...reported.map(({ value }) => value)];
  });
}

/** The step that measures a model on one batch. */
export function testStep(model: LayersModel, plan: Plan, means: EpochMeans): Step {
  return step((data) =>
    tidy(() => {
      const { total, reported } = measure(model, plan, data, false);
      means.add(reported);
      return [total, ...reported.map(({ value }) => value)];
    }),
  );
}

/** Keeps a number from being disposed with the scope that made it. */
function keepReported({ value, sums }: Reported): Reported {
  if (sums === undefined) return { value: keep(value) };
  return { value: keep(value), sums: { values: keep(sums.values), weights: keep(sums.weights) } };
}

function step(run: Step): Step {
  return (data) => {
    try {
      return tracing(() => run(data));
    } catch (error) {
      disposeTape();
      throw error;
    } finally {
      disposeBesideBatch(data);
    }
  };
}

/** The names of what both steps report, in the order in which they report it. */
export function reportedNames({ outputs }: Plan): string[] {
  const isOne = outputs.length === 1;
  const trained = outputs.filter(({ chooseLoss }) => chooseLoss !== undefined);
  return [
    'loss',
    ...(isOne ? [] : trained.map(({ name }) => `${name}_loss`)),
    ...inOrder(outputs).map(([{ name }, metric]) =>
      isOne ? metric.name : `${name}_${metric.name}`,
    ),
  ];
}

/** All metrics with their outputs, in the order of TensorFlow.js. */
function inOrder<Output extends { readonly metrics: readonly OutputMetric[] }>(
  outputs: readonly Output[],
): [Output, OutputMetric][] {
  return outputs.flatMap((output) =>
    output.metrics.map((metric): [Output, OutputMetric] => [output, metric]),
  );
}

/** The total loss of a batch, and all numbers that are reported beside it. */
function measure(
  model: LayersModel,
  plan: Plan,
  data: Data,
  training: boolean,
): { total: Scalar; reported: Reported[] } {
  const { outputs, usesOwnSteps } = plan;
  const { inputs, targets, weights: given } = readBatch(plan, model, data);
  // Class weights count in training alone, as in Keras.
  const weights = training ? given : given.map(({ sampleWeight }) => ({ sampleWeight }));
  const predicted = model.call(inputs, training ? { training } : {});
  const predictions = Array.isArray(predicted) ? predicted : [predicted];
  const batches = outputs.map((output, index) =>
    outputBatch(
      output,
      entryAt(targets, index),
      entryAt(predictions, index),
      entryAt(weights, index),
    ),
  );
  const trained = batches.flatMap((batch) => {
    if (batch.loss === undefined) return [];
    const value = batch.loss.sumOverTerms((term) => lossOf(batch, term)) as Scalar;
    return [{ value, factor: batch.lossWeight }];
  });
  if (trained.length === 0) {
    throw new TypeError('The model was compiled without a loss; call model.compile with one.');
  }
  const terms = [
    ...trained.map(({ value, factor }) => (factor === 1 ? value : mul<Scalar>(value, factor))),
    // The penalties of regularizers belong to the loss, in evaluation too, as in Keras. TensorFlow.js leaves them out there.
    ...(training || usesOwnSteps ? model.calculateLosses() : []),
  ];
  return {
    total: terms.reduce((total, term) => add<Scalar>(total, term)),
    reported: [
      ...(outputs.length === 1 ? [] : trained.map(({ value }) => ({ value }))),
      ...inOrder(batches).map(([batch, metric]) => metricOf(batch, metric)),
    ],
  };
}

function outputBatch(
  output: OutputPlan,
  yTrue: Tensor,
  yPred: Tensor,
  weights: OutputWeights,
): OutputBatch {
  const loss = output.chooseLoss?.(yTrue.shape, yPred.shape);
  return { ...output, ...weights, yTrue, yPred, loss };
}

/** A loss on the batch, which may be one term of the output's loss. */
function lossOf(batch: OutputBatch, loss: Loss): Scalar {
  const { name, yTrue, yPred, readsLogits, classWeight } = batch;
  const who = `${classOf(loss).className} of output '${name}'`;
  // In a sum of losses of which one has binary labels, the others weigh a sample by the mean over its labels.
  const isPerLabel = batch.loss !== undefined && hasBinaryLabels(batch.loss);
  assertShapes(who, loss, batch, isPerLabel ? undefined : classWeight);
  const weights = weighsLabels(loss)
    ? weightsOfLabels(who, loss, batch)
    : { sampleWeight: weightsOfSamples(who, batch) };
  const value = evaluate(loss, {
    yTrue,
    yPred,
    ...weights,
    who,
    fromLogits: readsLogits(loss),
    checkValues: assertPerSample(who),
  });
  // What is not reduced is trained on its mean.
  return value.rank === 0 ? (value as Scalar) : mean<Scalar>(value);
}

/** The weights of a loss that weighs labels, and what a weighted mean divides by: those of samples times the mean of their labels'. */
function weightsOfLabels(
  who: string,
  { options, reduction }: Loss,
  { sampleWeight, classWeight, yTrue, yPred }: OutputBatch,
): Pick<LossCall, 'sampleWeight' | 'labelWeights' | 'totalWeights'> {
  if (classWeight === undefined) return { sampleWeight };
  const [shape] = alignRanks(yTrue.shape, yPred.shape);
  const labelWeights = withShape(classWeight, shape);
  if (reduction !== 'mean_with_sample_weight') return { sampleWeight, labelWeights };
  const { axis } = options as { axis: Axis };
  const ofLabels = meanOver(labelWeights, resolveAxes(who, axis, shape));
  return { sampleWeight, labelWeights, totalWeights: combineWeights(who, ofLabels, sampleWeight) };
}

/** Throws where labels would broadcast, and where a loss has one value for labels of several classes that have weights. */
function assertShapes(
  who: string,
  loss: Loss,
  { yTrue, yPred }: OutputBatch,
  classWeight: Tensor | undefined,
): void {
  const lossClass = classOf(loss);
  const [labels, output] = lossClass.verbatim
    ? [yTrue.shape, yPred.shape]
    : alignRanks(yTrue.shape, yPred.shape);
  if (lossClass.broadcasts && !sameShape(labels, output)) {
    throw mismatch(
      `${who}: in training, labels must have the shape of the predictions.`,
      ['labels', yTrue.shape],
      ['predictions', yPred.shape],
    );
  }
  if (classWeight === undefined) return;
  const values = partsOf(loss)?.valuesShape(who, labels, output);
  if (values && values.length > 0 && classWeight.rank > values.length) {
    throw new ShapeError(
      `${who}: classWeight is for losses with a value for each label; weigh the samples. ` +
        `Received: labels ${formatShape(classWeight.shape)} and values ${formatShape(values)}.`,
    );
  }
}

/**
 * Throws if samples have weights and the loss gives a single number. This is for losses that do not say which shape their values
 * have: a loss whose options ask for a single number takes the mean of the weights, as in Keras.
 */
const assertPerSample =
  (who: string) =>
  (values: Tensor, weights: Tensor | undefined): void => {
    if (values.rank === 0 && (weights?.rank ?? 0) > 0) {
      throw new ShapeError(
        `${who}: a loss must give one value per sample where samples have weights. Received: a single number.`,
      );
    }
  };

function metricOf(batch: OutputBatch, metric: OutputMetric): Reported {
  const who = `metric '${metric.name}' of output '${batch.name}'`;
  const { values: measured, counts } = metric.measure(batch);
  const values = toFloat(measured);
  const given = metric.weighted ? weightsOfSamples('weightedMetrics', batch) : undefined;
  const weights = combineWeights(who, counts, given);
  if (weights === undefined) return { value: mean<Scalar>(values) };
  const sums = {
    values: sum<Scalar>(weigh(who, values, weights)),
    weights: sum<Scalar>(weigh(who, onesLike(values), weights)),
  };
  return { value: divideNoNan(sums.values, sums.weights) as Scalar, sums };
}

/** The weight of each sample. A sample whose labels have a weight each has their mean. */
function weightsOfSamples(
  who: string,
  { loss, sampleWeight, classWeight }: OutputBatch,
): Tensor | undefined {
  const perLabel = classWeight && loss && hasBinaryLabels(loss) && classWeight.rank > 1;
  const byClass = perLabel ? mean(classWeight, -1) : classWeight;
  return combineWeights(who, byClass, sampleWeight);
}
