import { clone, Tensor, tidy } from '@tensorflow/tfjs-core';

import type { CheckedCall, LossCall } from './call.js';
import { resolveAxes, type Axis } from './checks.js';
import {
  classOf,
  decidingAuto,
  partsOf,
  readsLogits,
  type LossObject,
  type LossParts,
} from './description.js';
import { violation } from './errors.js';
import { fusedLoss } from './fused_loss.js';
import { alignRanks, toFloat, toTensor, withShape } from './inputs.js';
import { maskWeights, meanOver, reduce } from './reduction.js';
import { logitsBehind } from './trace.js';
import { assertWeighs, weigh } from './weighting.js';

/**
 * The loss of a call: convert → check → compute → weigh → reduce. One fused kernel does the last three where there is one for
 * the loss and the backend; elsewhere the formula does, with the same result.
 */
export function evaluate(loss: LossObject, call: LossCall): Tensor {
  const run = () => {
    const checked = check(loss, call);
    const formula = (again: CheckedCall) => reduced(loss, again);
    return fusedLoss(loss, checked, formula) ?? tidy(() => formula(checked));
  };
  const { yTrue, yPred, sampleWeight, labelWeights } = call;
  // Where the inputs are tensors, a fused kernel leaves nothing to tidy up, and a scope would cost a third of its time.
  const isTidy =
    yTrue instanceof Tensor &&
    yPred instanceof Tensor &&
    sampleWeight === undefined &&
    labelWeights === undefined;
  return isTidy ? run() : tidy(run);
}

/** The per-sample values without weights, and which of them count: `undefined` for all. */
export function valuesAndMask(
  loss: LossObject,
  call: LossCall,
): { values: Tensor; mask: Tensor | undefined } {
  return compute(loss, check(loss, call));
}

/** The predictions as a loss that reads probabilities computes with them: as their logits, where those can be found. */
export function readPredictions(
  loss: LossObject,
  yPred: Tensor,
): { yPred: Tensor; fromLogits: boolean } {
  if (readsLogits(loss)) return { yPred, fromLogits: true };
  const { reads } = classOf(loss);
  if (reads !== 'sigmoid' && reads !== 'softmax') return { yPred, fromLogits: false };
  const { axis } = loss.options as { axis?: Axis };
  const logits = logitsBehind(yPred, reads, typeof axis === 'number' ? axis : -1);
  return { yPred: logits ?? yPred, fromLogits: logits !== undefined };
}

/** `compute` of a loss that is made of parts, from its own predictions. */
export function computeFromParts(loss: LossParts, yTrue: Tensor, yPred: Tensor): Tensor {
  loss.valuesShape(classOf(loss).className, yTrue.shape, yPred.shape);
  const read = readPredictions(loss, yPred);
  return loss.values(yTrue, read.yPred, read.fromLogits);
}

function check(loss: LossObject, call: LossCall): CheckedCall {
  const { className, verbatim } = classOf(loss);
  const { who = className, align = true, reduction = loss.reduction } = call;
  const yTrue = toTensor(who, 'yTrue', call.yTrue);
  const given = toTensor(who, 'yPred', call.yPred);
  const parts = partsOf(loss);
  const { yPred, fromLogits } = parts
    ? decidingAuto(loss, call.fromLogits, () => readPredictions(loss, given))
    : { yPred: given, fromLogits: call.fromLogits };
  const [labelsShape, predictionsShape] =
    align && !verbatim ? alignRanks(yTrue.shape, yPred.shape) : [yTrue.shape, yPred.shape];
  const valuesShape = parts?.valuesShape(who, labelsShape, predictionsShape);
  const labelWeights = call.labelWeights && withShape(call.labelWeights, labelsShape);
  const sampleWeight =
    call.sampleWeight === undefined ? undefined : toTensor(who, 'sampleWeight', call.sampleWeight);
  if (sampleWeight && valuesShape) assertWeighs(who, valuesShape, sampleWeight.shape);
  const inputs = { yTrue, yPred, sampleWeight, labelWeights };
  const shapes = { labelsShape, predictionsShape, valuesShape };
  return { ...call, ...inputs, ...shapes, fromLogits, reduction, who };
}

function compute(loss: LossObject, checked: CheckedCall) {
  const { yTrue, yPred, labelsShape, predictionsShape, fromLogits, labelWeights, who } = checked;
  const { verbatim } = classOf(loss);
  const y = withShape(verbatim ? yTrue : toFloat(yTrue), labelsShape);
  const p = withShape(verbatim ? yPred : toFloat(yPred), predictionsShape);
  const parts = partsOf(loss);
  const values: Tensor = parts
    ? parts.values(y, p, fromLogits === true, labelWeights)
    : decidingAuto(loss, fromLogits, () => loss.compute(y, p));
  if (!((values as unknown) instanceof Tensor)) throw notATensor(who, values);
  if (checked.valuesShape === undefined) checked.checkValues?.(values, checked.sampleWeight);
  return {
    // The caller owns the result. A loss that returns its input would hand out the caller's own tensor.
    values: values === yTrue || values === yPred ? clone(values) : values,
    mask: loss.mask(y, p, values),
  };
}

function notATensor(who: string, values: unknown): TypeError {
  if (values instanceof Promise) {
    values.catch(() => undefined);
    return new TypeError(
      `${who}: compute must return a tensor, and so must not be async. Received: a promise.`,
    );
  }
  return new TypeError(violation(who, 'compute must return a tensor', values));
}

/** The loss by its formula. */
function reduced(loss: LossObject, checked: CheckedCall): Tensor {
  const { who, reduction, sampleWeight, labelWeights } = checked;
  const { values, mask } = compute(loss, checked);
  // Without other weights the mask is the weights, and a weighted mean is the mean of what counts.
  const isUnweighted = sampleWeight === undefined && labelWeights === undefined;
  const isMean = reduction === 'mean_with_sample_weight' && isUnweighted;
  const counts = mask && maskWeights(mask, isMean ? 'mean' : reduction);
  const weights =
    counts && sampleWeight ? weigh(who, counts, sampleWeight) : (counts ?? sampleWeight);
  const weighted = weights === undefined ? values : weigh(who, values, weights);
  return reduce(weighted, totalWeights(loss, checked, weights), reduction);
}

/** What a mean over the weights divides by: the weights of samples, times the mean weight of their labels. */
function totalWeights(
  loss: LossObject,
  { who, reduction, labelWeights }: CheckedCall,
  weights: Tensor | undefined,
): Tensor | undefined {
  if (labelWeights === undefined) return weights && toFloat(weights);
  if (reduction !== 'mean_with_sample_weight') return weights;
  const { axis } = loss.options as { axis: Axis };
  const perSample = meanOver(labelWeights, resolveAxes(who, axis, labelWeights.shape));
  return weights === undefined ? perSample : weigh(who, perSample, weights);
}
