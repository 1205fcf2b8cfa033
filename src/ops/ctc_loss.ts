import {
  add,
  broadcastTo,
  concat,
  cumsum,
  equal,
  exp,
  expandDims,
  fill,
  greater,
  less,
  log,
  logicalAnd,
  matMul,
  max,
  maximum,
  minimum,
  mul,
  neg,
  notEqual,
  pad,
  range,
  reshape,
  reverse,
  slice,
  softmax,
  stack,
  sub,
  sum,
  tidy,
  unstack,
  where,
  zeros,
  zerosLike,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core';

import { isFloat16 } from '../core/float16.js';
import { toFloat } from '../core/inputs.js';
import { defineOp, multiplyNoNan } from '../core/op.js';
import { oneHot } from './class_labels.js';
import { negativeLogSoftmax } from './negative_log_softmax.js';

/**
 * What a sequence of labels costs, given logits for each step of time: Connectionist Temporal Classification. One value per
 * sample, which sums over all alignments of the labels with time.
 *
 *     loss    = −log Σ over alignments Π over time softmax(logits)[class of the alignment]
 *     dLogits = softmax(logits) − probability of the class at that time, given the labels
 *
 * An alignment is a path through states: blank, first label, blank, second label, …, blank. Each step of time stays, goes on by
 * one, or from a label to the next one, if that is another.
 *
 * Where there is no alignment, the loss is Infinity and its gradient 0. There is no gradient of second order.
 *
 * @param labels - Class indices [batch, labels], whole numbers in float32; zeros are left out wherever they stand.
 * @param logits - Logits [batch, time, classes]; class 0 is the blank.
 *
 * @internal
 */
export function ctcLoss(labels: Tensor, logits: Tensor): Tensor {
  return loss({})(labels, logits);
}

type Inputs = [labels: Tensor, logits: Tensor];

const loss = defineOp<Inputs, Record<string, never>>(
  'CtcLoss',
  ([labels, logits]) => {
    if (logits.size === 0) return lossOfNoTime(labels);
    const trellis = trellisOf(labels as Tensor2D, logits as Tensor3D);
    const { state, offsets } = walk(trellis);
    const total = likelihood(trellis, state, offsets);
    return where(isImpossible(total), fill(total.shape, Infinity), maximum(neg(total), 0));
  },
  [
    (_, [labels]) => zerosLike(labels),
    (dy, [labels, logits]) => {
      if (logits.size === 0) return zerosLike(logits);
      const perSample = broadcastTo(reshape(dy, [dy.size, 1, 1]), logits.shape);
      return multiplyNoNan(gradient({})(labels, logits), perSample);
    },
  ],
);

const gradient = defineOp<Inputs, Record<string, never>>(
  'CtcLossGradient',
  ([labels, logits]) => {
    const trellis = trellisOf(labels as Tensor2D, logits as Tensor3D);
    const [batch] = logits.shape as [number];
    const both = walk(thereAndBack(trellis), true);
    const visited = stack(both.states, 1);
    const there = slice(visited, 0, batch);
    const back = reverse(slice(visited, batch, batch), [1, 2]);
    // Both have paid for the step where they meet.
    const met = add(add(there, back), trellis.costs);
    const posterior = matMul(softmax(met), trellis.classes);
    const p = exp(neg(negativeLogSoftmax(logits, 2)));
    const difference = sub(p, posterior);
    // The differences of a step sum to 0: where p is nearly 1, and its digits are lost, the others know it.
    const isSure = greater(p, 0.5);
    const others = sum(where(isSure, zerosLike(p), difference), 2, true);
    const dLogits = where(isSure, broadcastTo(neg(others), p.shape), difference);
    const total = likelihood(
      trellis,
      slice(both.state, 0, batch),
      both.offsets.map((offset) => slice(offset, 0, batch)),
    );
    const impossible = broadcastTo(reshape(isImpossible(total), [batch, 1, 1]), p.shape);
    return where(impossible, zerosLike(p), dLogits);
  },
  [noSecondOrder, noSecondOrder],
);

function noSecondOrder(): never {
  throw new Error('CTC: there is no gradient of second order.');
}

/** Without a step of time only an empty sequence costs nothing. */
function lossOfNoTime(labels: Tensor): Tensor {
  const [batch, length] = labels.shape as [number, number];
  if (batch * length === 0) return zeros([batch]);
  const count = sum(toFloat(notEqual(labels, 0)), 1);
  return where(greater(count, 0), fill([batch], Infinity), zeros([batch]));
}

/** The states of each sample, and what it costs to be in them. */
interface Trellis {
  /** Log probability before time begins: 0 in the first state. [batch, states] */
  readonly start: Tensor2D;
  /** Where a path ends, as a mask. [batch, states] */
  readonly isLast: Tensor2D;
  /** 0 for states that may be entered past the one before them. [batch, states] */
  readonly skip: Tensor2D;
  /** −log probability of each state's class, [batch, time, states]. */
  readonly costs: Tensor3D;
  /** One-hot rows of each state's class, [batch, states, classes]. */
  readonly classes: Tensor3D;
}

/**
 * The logarithm of 0: far below what a path can cost, and small enough for sums of it. As a finite number it stays clear of
 * Infinity − Infinity.
 */
function never(): number {
  return isFloat16() ? -3e4 : -1e30;
}

function isImpossible(logLikelihood: Tensor): Tensor {
  return less(logLikelihood, 0.9 * never());
}

function trellisOf(labels: Tensor2D, logits: Tensor3D): Trellis {
  const packed = withoutZeros(labels);
  const [batch, length] = packed.shape;
  const between = reshape(stack([zerosLike(packed), packed], 2), [batch, 2 * length]);
  const states = pad(between, [
    [0, 0],
    [0, 1],
  ]) as Tensor2D;
  const size = 2 * length + 1;
  const twoBefore = slice(
    pad(states, [
      [0, 0],
      [2, 0],
    ]),
    [0, 0],
    [batch, size],
  );
  const isLabel = notEqual(states, 0);
  const places = broadcastTo(range(0, size, 1, 'float32'), [batch, size]);
  const last = mul(2, sum(toFloat(isLabel), 1, true));
  const classes = oneHot(states, { shape: [batch, size, logits.shape[2]] }, 2) as Tensor3D;
  const costs = minimum(negativeLogSoftmax(logits, 2), -never());
  const perState = matMul(costs, classes, false, true);
  const beyond = mul(toFloat(greater(places, last)), -never());
  return {
    start: orNever(equal<Tensor2D>(places, 0)),
    isLast: equal<Tensor2D>(places, last),
    skip: orNever(logicalAnd<Tensor2D>(isLabel, notEqual(states, twoBefore))),
    // No more than what never happens, or two of them would cancel.
    costs: minimum(add(perState, expandDims(beyond, 1)), -never()),
    classes,
  };
}

/** 0 where the condition holds, else the logarithm of 0. */
function orNever(condition: Tensor2D): Tensor2D {
  const { shape } = condition;
  return where<Tensor2D>(condition, zeros(shape), fill(shape, never()));
}

/** The labels that are not 0, in their order, moved to the front. */
function withoutZeros(labels: Tensor2D): Tensor2D {
  const [, length] = labels.shape;
  if (length === 0) return labels;
  const counts = toFloat(notEqual(labels, 0));
  const place = sub(cumsum(counts, 1), 1);
  const isPlace = equal(
    expandDims(place, 1),
    reshape(range(0, length, 1, 'float32'), [1, length, 1]),
  );
  return sum(mul(toFloat(isPlace), expandDims(labels, 1)), 2);
}

/** The trellis twice, one under the other: as it is, and from its end to its start, which is a walk of the same kind. */
function thereAndBack({ start, isLast, skip, costs, classes }: Trellis): Omit<Trellis, 'isLast'> {
  const [batch, size] = skip.shape;
  // Who may be entered past another one lies two places further on: backwards that is who may be left.
  const leave = slice(
    pad(
      skip,
      [
        [0, 0],
        [0, 2],
      ],
      never(),
    ),
    [0, 2],
    [batch, size],
  );
  return {
    start: concat([start, reverse(orNever(isLast), 1)]),
    skip: concat([skip, reverse(leave, 1)]),
    costs: concat([costs, reverse(costs, [1, 2])]),
    classes,
  };
}

/** What a walk leaves: log probabilities of the states, less the largest one of each step. */
interface Walk {
  /** The states at the end. */
  readonly state: Tensor2D;
  /** The states after each step, if asked for. */
  readonly states: Tensor2D[];
  /** What was the largest at each step, [batch, 1]. */
  readonly offsets: Tensor2D[];
}

/** Goes through time with all states at once. Where only differences are kept, float32 has digits for long sequences too. */
function walk(
  { start, skip, costs }: Pick<Trellis, 'start' | 'skip' | 'costs'>,
  keep = false,
): Walk {
  let state = start;
  const states: Tensor2D[] = [];
  const offsets: Tensor2D[] = [];
  for (const cost of unstack(costs, 1) as Tensor2D[]) {
    const [next, largest] = tidy((): [Tensor2D, Tensor2D] => {
      const entered = maximum(sub(enter(state, skip), cost), never());
      const most = max<Tensor2D>(entered, 1, true);
      return [sub(entered, most), most];
    });
    if (!keep && state !== start) state.dispose();
    state = next;
    offsets.push(largest);
    if (keep) states.push(next);
    cost.dispose();
  }
  return { state, states, offsets };
}

/** Log probabilities after one step, before its costs: log of the sum over the states that lead here. */
function enter(state: Tensor2D, skip: Tensor2D): Tensor2D {
  const { shape } = state;
  const before = pad(
    state,
    [
      [0, 0],
      [2, 0],
    ],
    never(),
  );
  const one = slice(before, [0, 1], shape);
  const two = add(slice(before, 0, shape), skip);
  const largest = maximum(maximum(state, one), two);
  const powers = [state, one, two].map((x) => exp(sub(x, largest)));
  return add(largest, log(powers.reduce((total, power) => add(total, power))));
}

/** The log probability of all paths that end where they should. */
function likelihood({ isLast, skip }: Trellis, state: Tensor2D, offsets: Tensor2D[]): Tensor {
  // A further step, which costs nothing, joins both states that may be the last.
  const ends = enter(state, skip);
  return add(sum(where(isLast, ends, zerosLike(ends)), 1), sum(concat(offsets, 1), 1));
}
