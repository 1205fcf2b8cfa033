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
import { alignRanks, mismatch, sameShape, toFloat } from '../../core/inputs.js';
import { classOf, takesLabelWeights, weightedLoss, type Loss } from '../../core/loss.js';
import { divideNoNan } from '../../core/op.js';
import { weigh } from '../../core/weighting.js';
import { entryAt } from '../per_output.js';
import type { OutputBatch, OutputMetric, OutputPlan, OutputWeights, Plan } from '../plan.js';
import { hidden, type Data, type Step } from '../tfjs.js';
import { disposeBesideBatch, readBatch } from '../weights/carried.js';
import type { EpochMeans, Reported } from './epoch_means.js';
import { predictionsFor } from './predictions.js';
import { recordingLogits } from './recovered_logits.js';

/** The step that trains a model on one batch. */
export function trainStep(model: LayersModel, plan: Plan, means: EpochMeans): Step {
  return step(plan, (data) => {
    const reported: Reported[] = [];
    const cost = (): Scalar => {
      const measured = measure(model, plan, data, true);
      reported.push(...measured.reported.map(keepReported));
      return measured.total;
    };
    const variables = hidden(model).collectedTrainableWeights.map((weight) => weight.read());
    const total = model.optimizer.minimize(cost, true, variables);
    means.add(reported);
    for (const { sums } of reported) dispose({ ...sums });
    return [total ?? scalar(0), ...reported.map(({ value }) => value)];
  });
}

/** The step that measures a model on one batch. */
export function testStep(model: LayersModel, plan: Plan, means: EpochMeans): Step {
  return step(plan, (data) =>
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

function step({ outputs }: Plan, run: Step): Step {
  const activations = outputs
    .map(({ activation }) => activation)
    .filter((activation) => activation !== undefined)
    // A linear activation returns what it is given.
    .filter(({ name }) => name !== 'linear');
  return (data) => {
    try {
      return recordingLogits(activations, () => run(data));
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
    const value = batch.loss.addUp((addend) => lossOf(batch, addend)) as Scalar;
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

/** A loss on the batch, which may be one of several that the output's loss adds up. */
function lossOf(batch: OutputBatch, loss: Loss): Scalar {
  const { name, yTrue, sampleWeight, classWeight } = batch;
  const { yPred, fromLogits } = predictionsFor(batch, loss);
  const who = `${classOf(loss).className} of output '${name}'`;
  // A sum of losses of which one takes weights of labels: the others take their mean.
  const isPerLabel = batch.loss !== undefined && takesLabelWeights(batch.loss);
  assertShapes(who, loss, batch, isPerLabel ? undefined : classWeight);
  const weights = takesLabelWeights(loss)
    ? { sampleWeight, labelWeights: classWeight }
    : { sampleWeight: weightsOfSamples(who, batch) };
  const value = weightedLoss(loss, yTrue, yPred, {
    ...weights,
    who,
    fromLogits,
    checkValues: assertPerSample(who),
  });
  // What is not reduced is trained on its mean.
  return value.rank === 0 ? (value as Scalar) : mean<Scalar>(value);
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
  const values = lossClass.valuesShape(who, loss.options, labels, output);
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
  const weights = counts && given ? weigh(who, counts, given) : (counts ?? given);
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
  const perLabel = classWeight && loss && takesLabelWeights(loss) && classWeight.rank > 1;
  const byClass = perLabel ? mean(classWeight, -1) : classWeight;
  return byClass && sampleWeight ? weigh(who, byClass, sampleWeight) : (byClass ?? sampleWeight);
}
