import { clone, Tensor, tidy } from '@tensorflow/tfjs-core';

import type { CheckedCall, LossCall } from './call.js';
import {
  classOf,
  partsOf,
  readsLogits,
  whereAutoIs,
  type LossObject,
  type LossParts,
} from './description.js';
import { violation } from './errors.js';
import type { fusedLoss } from './fused_loss.js';
import { alignRanks, toFloat, toTensor, withShape } from './inputs.js';
import { maskWeights, reduce } from './reduction.js';
import { logitsBehind } from './trace.js';
import { assertWeighs, combineWeights, weigh } from './weighting.js';

/**
 * The loss of a call: convert → check → compute → weigh → reduce. One fused kernel does the last three where there is one for
 * the loss and the backend; elsewhere the formula does, with the same result.
 */
export function evaluate(loss: LossObject, call: LossCall): Tensor {
  const run = () =>
    whereAutoIs(call.fromLogits, () => {
      const checked = check(loss, call);
      const formula = (again: CheckedCall) => reduced(loss, again);
      return fused?.(loss, checked, formula) ?? tidy(() => formula(checked));
    });
  const { yTrue, yPred, sampleWeight, labelWeights } = call;
  // Where the inputs are tensors, a fused kernel leaves nothing to tidy up, and a scope would cost a third of its time.
  const isTidy =
    yTrue instanceof Tensor &&
    yPred instanceof Tensor &&
    (sampleWeight ?? labelWeights) === undefined;
  return isTidy ? run() : tidy(run);
}

/** {@link fusedLoss}, once kernels are registered: a bundle without kernels does not hold it. */
let fused: typeof fusedLoss | undefined;

/** Makes {@link evaluate} use kernels, or not. */
export function useFusedLoss(given: typeof fusedLoss | undefined): void {
  fused = given;
}

/** The per-sample values without weights, and which of them count: `undefined` for all. */
export function valuesAndMask(
  loss: LossObject,
  call: LossCall,
): { values: Tensor; mask: Tensor | undefined } {
  return whereAutoIs(call.fromLogits, () => compute(loss, check(loss, call)));
}

/** The predictions as a loss that reads probabilities computes with them: as their logits, where those can be found. */
function readPredictions(loss: LossObject, yPred: Tensor): { yPred: Tensor; fromLogits: boolean } {
  // Losses of a softmax have one axis, if they have this option; for a sigmoid it does not matter.
  const { axis } = loss.options as { axis?: number };
  const logits = readsLogits(loss) ? yPred : logitsBehind(yPred, classOf(loss).reads, axis);
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
    ? readPredictions(loss, given)
    : { yPred: given, fromLogits: false };
  const shapes: [number[], number[]] =
    align && !verbatim ? alignRanks(yTrue.shape, yPred.shape) : [yTrue.shape, yPred.shape];
  const valuesShape = parts?.valuesShape(who, ...shapes);
  const sampleWeight =
    call.sampleWeight === undefined ? undefined : toTensor(who, 'sampleWeight', call.sampleWeight);
  if (sampleWeight && valuesShape) assertWeighs(who, valuesShape, sampleWeight.shape);
  return {
    ...call,
    yTrue,
    yPred,
    sampleWeight,
    shapes,
    valuesShape,
    fromLogits,
    reduction,
    who,
  };
}

function compute(loss: LossObject, checked: CheckedCall) {
  const { yTrue, yPred, shapes, fromLogits, labelWeights, who } = checked;
  const { verbatim } = classOf(loss);
  const y = withShape(verbatim ? yTrue : toFloat(yTrue), shapes[0]);
  const p = withShape(verbatim ? yPred : toFloat(yPred), shapes[1]);
  const parts = partsOf(loss);
  const values: Tensor = parts ? parts.values(y, p, fromLogits, labelWeights) : loss.compute(y, p);
  if (!((values as unknown) instanceof Tensor)) {
    throw new TypeError(violation(who, 'compute must return a tensor', values));
  }
  if (checked.valuesShape === undefined) checked.checkValues?.(values, checked.sampleWeight);
  return {
    // The caller owns the result. A loss that returns its input would hand out the caller's own tensor.
    values: values === yTrue || values === yPred ? clone(values) : values,
    mask: loss.mask?.(y, p, values),
  };
}

/** The loss by its formula. */
function reduced(loss: LossObject, checked: CheckedCall): Tensor {
  const { who, reduction, sampleWeight, labelWeights } = checked;
  const { values, mask } = compute(loss, checked);
  const counts = mask && maskWeights(mask, reduction, sampleWeight ?? labelWeights);
  const weights = combineWeights(who, counts, sampleWeight);
  const weighted = weights === undefined ? values : weigh(who, values, weights);
  return reduce(weighted, checked.totalWeights ?? (weights && toFloat(weights)), reduction);
}
