import {
  argMax,
  cast,
  clone,
  gather,
  greaterEqual,
  less,
  logicalAnd,
  reshape,
  round,
  Tensor,
  tensor1d,
  where,
  zeros,
} from '@tensorflow/tfjs-core';

import { resolveAxis } from '../../core/checks.js';
import { formatShape, formatValue, ShapeError } from '../../core/errors.js';
import { toFloat, toTensor, type Input } from '../../core/inputs.js';
import { classOf } from '../../core/description.js';
import type { Loss } from '../../core/loss.js';
import type { ClassWeight, GivenWeights } from '../arguments.js';
import { hasBinaryLabels, termWithLabels } from '../label_form.js';
import { byOutput, entryAt, isDict, isNothing } from '../per_output.js';
import type { OutputPlan, OutputWeights } from '../plan.js';

/** Whether any weights are given. */
export function hasWeights({ sampleWeight, classWeight }: GivenWeights): boolean {
  return !isNothing(sampleWeight) || !isNothing(classWeight);
}

/**
 * The weights of all outputs as tensors that can be sliced along with the targets: first one of sample weights for each output,
 * then one of class weights for each. A tensor of int32 says that there are none.
 */
export function weightTensors(
  outputs: readonly OutputPlan[],
  targets: readonly Tensor[],
  shapes: readonly (readonly (number | null)[])[],
  given: GivenWeights,
): Tensor[] {
  const names = outputs.map(({ name }) => name);
  const samples = sampleWeightByOutput(given.sampleWeight, names);
  const classes = classWeightByOutput(given.classWeight, names);
  const perSample = targets.map((target, index) => {
    const weights = samples[index];
    return isNothing(weights)
      ? noWeights(target)
      : sampleWeights(entryAt(names, index), weights, target);
  });
  const perClass = targets.map((target, index) => {
    const weights = classes[index];
    const shape = (shapes[index] ?? []).map((size) => size ?? -1);
    const loss = outputs[index]?.chooseLoss?.(target.shape, shape);
    return isNothing(weights) || loss === undefined
      ? noWeights(target)
      : classWeights(entryAt(names, index), weights, loss, target, shape);
  });
  return [...perSample, ...perClass];
}

/** The weights of each output, read from the tensors that `weightTensors` made. */
export function readWeights(tensors: readonly (Tensor | null)[], outputs: number): OutputWeights[] {
  const weights = (index: number): Tensor | undefined =>
    tensors[index]?.dtype === 'float32' ? tensors[index] : undefined;
  return Array.from({ length: outputs }, (_, index) => ({
    sampleWeight: weights(index),
    classWeight: weights(index + outputs),
  }));
}

function noWeights(target: Tensor): Tensor {
  return zeros([target.shape[0]], 'int32');
}

/** The sample weights of each output. One tensor is for all outputs, as in Keras. */
function sampleWeightByOutput(
  given: GivenWeights['sampleWeight'],
  outputs: readonly string[],
): (Input | null | undefined)[] {
  if (isNothing(given)) return outputs.map(() => null);
  const isOne =
    given instanceof Tensor ||
    ArrayBuffer.isView(given) ||
    (Array.isArray(given) && !isListOfWeights(given, outputs.length));
  if (isOne) return outputs.map(() => given as Input);
  if (typeof given !== 'object') {
    throw new TypeError(
      `sampleWeight must be a tensor or an array, or a list or dict of them by output. ` +
        `Received: ${formatValue(given)}.`,
    );
  }
  return byOutput('sampleWeight', given as Readonly<Record<string, Input | null>>, outputs);
}

function isListOfWeights(given: readonly unknown[], outputs: number): boolean {
  const isTensor = (entry: unknown) => entry instanceof Tensor || ArrayBuffer.isView(entry);
  if (given.some((entry) => isTensor(entry) || isNothing(entry))) return true;
  return outputs > 1 && given.some((entry) => typeof entry === 'object');
}

function sampleWeights(output: string, given: Input, target: Tensor): Tensor {
  const weights = toTensor('model', `sampleWeight of output '${output}'`, given);
  if (weights.shape[0] !== target.shape[0]) {
    throw new ShapeError(
      `sampleWeight of output '${output}' must have one entry per sample. ` +
        `Received: sampleWeight ${formatShape(weights.shape)} for ${target.shape[0]} samples.`,
    );
  }
  // TensorFlow.js disposes what it is given here, but the caller's own tensor must stay.
  return weights.dtype === 'float32' ? clone(weights) : toFloat(weights);
}

function classWeightByOutput(
  given: GivenWeights['classWeight'],
  outputs: readonly string[],
): (ClassWeight | null | undefined)[] {
  if (isNothing(given)) return outputs.map(() => null);
  const entries: readonly unknown[] = isDict(given) ? Object.values(given) : [];
  if (entries.length > 0 && !entries.some((entry) => typeof entry === 'object')) {
    if (outputs.length === 1) return [given as ClassWeight];
    throw new TypeError(
      `classWeight must be a list or dict of class weights by output, since the model has several ` +
        `(${outputs.join(', ')}). Received: ${formatValue(given)}.`,
    );
  }
  if (typeof given !== 'object') {
    throw new TypeError(
      `classWeight must be a dict from class index to weight. Received: ${formatValue(given)}.`,
    );
  }
  return byOutput('classWeight', given as Readonly<Record<string, ClassWeight | null>>, outputs);
}

/** The largest class index that float32 labels can tell from its neighbour. */
const LARGEST_CLASS = 2 ** 24;

/**
 * The weights of the classes that the labels name. What a label's class is, the loss says: each yes or no of its own, the
 * index itself, or else the largest entry, as in Keras.
 */
function classWeights(
  output: string,
  weights: ClassWeight,
  loss: Loss,
  yTrue: Tensor,
  yPred: number[],
): Tensor {
  const who = `classWeight of output '${output}'`;
  if (!isDict(weights)) {
    throw new TypeError(
      `${who} must be a dict from class index to weight, such as { 0: 1, 1: 5 }. Received: ${formatValue(weights)}.`,
    );
  }
  const entries = Object.entries(weights).map(
    ([index, weight]) => [Number(index), weight] as const,
  );
  for (const [index, weight] of entries) {
    if (!Number.isInteger(index) || index < 0 || index > LARGEST_CLASS) {
      throw new RangeError(
        `${who} must be given by class index. Received: ${formatValue(weights)}.`,
      );
    }
    if (!Number.isFinite(weight)) {
      throw new RangeError(`${who} must be finite numbers. Received: ${formatValue(weights)}.`);
    }
  }
  const classes = Math.max(-1, ...entries.map(([index]) => index)) + 1;
  const isBinary = hasBinaryLabels(loss);
  if (isBinary && classes > 2) {
    throw new RangeError(
      `${who} must be of the classes 0 and 1, which are the labels of ${classOf(loss).className}. To weigh one label ` +
        `more than another, use the loss's classWeights. Received: ${formatValue(weights)}.`,
    );
  }
  // One more entry, for all classes that are not listed.
  const table = new Float32Array(classes + 1).fill(1);
  for (const [index, weight] of entries) table[index] = weight;
  const indices = isBinary ? roundToClass(yTrue) : classIndices(termWithLabels(loss), yTrue, yPred);
  const listed = logicalAnd(greaterEqual(indices, 0), less(indices, classes));
  const last = cast(tensor1d([classes]), 'int32');
  return gather(
    tensor1d(table),
    where(
      listed,
      indices,
      reshape(
        last,
        indices.shape.map(() => 1),
      ),
    ),
  );
}

function classIndices(loss: Loss, yTrue: Tensor, yPred: number[]): Tensor {
  const { axis } = loss.options as { axis?: unknown };
  const classAxis =
    typeof axis === 'number' && yTrue.rank === yPred.length
      ? resolveAxis(classOf(loss).className, axis, ['yTrue', yTrue.shape])
      : yTrue.rank - 1;
  // Indices may lack the axis of the classes.
  if (classOf(loss).labels === 'index' && yTrue.rank < yPred.length) return roundToClass(yTrue);
  if (yTrue.rank > 1 && yTrue.shape[classAxis] !== 1) return argMax(yTrue, classAxis);
  const shape =
    yTrue.rank > 1 ? yTrue.shape.filter((_, index) => index !== classAxis) : yTrue.shape;
  return reshape(roundToClass(yTrue), shape);
}

function roundToClass(yTrue: Tensor): Tensor {
  return yTrue.dtype === 'int32' ? yTrue : cast(round(toFloat(yTrue)), 'int32');
}
