/**
 * Prints how far losses and gradients are from exactly rounded results, ours on each backend beside TensorFlow.js's own and
 * other frameworks', and puts the tables into docs/numerics.md. The figures of the other frameworks are in the files that
 * tools/precision makes by running them.
 */
import { readFileSync, writeFileSync } from 'node:fs';

import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import {
  binaryFocalCrossentropy,
  getLoss,
  sigmoidCrossEntropyWithLogits,
  softmaxCrossEntropyWithLogits,
  unregister,
} from 'tfjs-losses';

import focal from '../__tests__/losses/binary_focal_crossentropy.mpmath.json' with { type: 'json' };
import numbers from '../__tests__/losses/number_losses.mpmath.json' with { type: 'json' };
import sigmoid from '../__tests__/ops/sigmoid_cross_entropy_with_logits.mpmath.json' with { type: 'json' };
import softmax from '../__tests__/ops/softmax_cross_entropy_with_logits.mpmath.json' with { type: 'json' };
import { ulpDistance, ulpsOfLargest } from '../__tests__/support/ulp.js';
import { whyNoTfjsNode } from './tfjs_node.js';

const DOCUMENT = new URL('../docs/numerics.md', import.meta.url);
const SMALLEST_NORMAL = 2 ** -126;

/** A loss of labels and logits, summed or not. */
type Op = (labels: tf.Tensor, logits: tf.Tensor) => tf.Tensor;

/** An op on some inputs, and what it should give. */
interface Case {
  op: Op;
  labels: tf.TensorLike;
  logits: tf.TensorLike;
  value: number[];
  gradient: number[];
}

/** Pairs of what an op gives and what is exact, over all cases. */
interface Pairs {
  value: [got: number, exact: number][];
  gradient: [got: number, exact: number][];
}

function run(cases: Case[]): Pairs {
  const pairs: Pairs = { value: [], gradient: [] };
  for (const { op, labels, logits, ...exact } of cases) {
    tf.tidy(() => {
      const [y, x] = [tf.tensor(labels), tf.tensor(logits)];
      const value = op(y, x).dataSync();
      const gradient = tf
        .grad((z) => tf.sum(op(y, z)))(x)
        .dataSync();
      pairs.value.push(...pair(value, exact.value));
      pairs.gradient.push(...pair(gradient, exact.gradient));
    });
  }
  return pairs;
}

/** Results that are 0 or normal numbers: most backends and frameworks flush smaller ones to 0. */
function pair(got: ArrayLike<number>, exact: number[]): [number, number][] {
  return exact
    .map((value, i): [number, number] => [got[i] ?? NaN, Math.fround(value)])
    .filter(([, value]) => value === 0 || Math.abs(value) >= SMALLEST_NORMAL);
}

function ulp(pairs: [number, number][]): number {
  return Math.max(...pairs.map(([got, exact]) => ulpDistance(got, exact)));
}

function absolute(pairs: [number, number][]): number {
  return Math.max(...pairs.map(([got, exact]) => Math.abs(got - exact)));
}

/** A number of ulp as the tables show it; `null` is NaN or infinity. */
function shown(value: number | null): string {
  if (value === null || value === Infinity) return 'NaN';
  return value < 1000 ? String(value) : value.toExponential(0);
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [head, head.map(() => '---'), ...rows].map(line).join('\n');
}

const isHard = (label: number) => label === 0 || label === 1;

function sigmoidRow(name: string, op: Op): string[] {
  const cases = precisionCases(op, sigmoid);
  const of = (matches: (label: number) => boolean) =>
    run(cases.filter(({ label }) => matches(label)));
  const [zero, one] = [of((label) => label === 0), of((label) => label === 1)];
  const soft = of((label) => !isHard(label));
  return [
    name,
    ...[zero.value, one.value, soft.value, zero.gradient, one.gradient].map((pairs) =>
      shown(ulp(pairs)),
    ),
    absolute(soft.gradient).toExponential(1),
  ];
}

/** One case per label of a file that lists values and gradients by label. */
function precisionCases(
  op: Op,
  { logits, labels, value, gradient }: Omit<typeof sigmoid, 'peers' | 'source' | 'note'>,
): (Case & { label: number })[] {
  return labels.map((label, i) => ({
    op,
    label,
    labels: logits.map(() => label),
    logits,
    value: value[i] ?? [],
    gradient: gradient[i] ?? [],
  }));
}

function softmaxRow(name: string, op: Op): string[] {
  const of = (kind: string) =>
    run(
      softmax.rows
        .filter((row) => row.kind === kind && row.logits.every((x) => typeof x === 'number'))
        .map(({ labels, logits, value, gradient }) => ({
          op,
          labels: [labels],
          logits: [logits as number[]],
          value: [value],
          gradient,
        })),
    );
  const [hard, soft] = [of('hard'), of('soft')];
  return [
    name,
    shown(ulp(hard.value)),
    shown(ulp(hard.gradient)),
    relative(soft.value).toExponential(1),
    absolute(soft.gradient).toExponential(1),
  ];
}

function relative(pairs: [number, number][]): number {
  return Math.max(
    ...pairs.map(([got, exact]) =>
      exact === 0 ? Math.abs(got) : Math.abs(got - exact) / Math.abs(exact),
    ),
  );
}

function focalRow(name: string, op: (gamma: number) => Op): string[] {
  const results = focal.gammas.map((gamma, i) => {
    const file = { ...focal, value: focal.value[i] ?? [], gradient: focal.gradient[i] ?? [] };
    return run(precisionCases(op(gamma), file).filter(({ label }) => isHard(label)));
  });
  return [
    name,
    ...results.map(({ value, gradient }) => `${shown(ulp(value))}, ${shown(ulp(gradient))}`),
  ];
}

/** The ops, by the name of the loss, give one value per row. */
function numbersRow(name: string, ops: ReadonlyMap<string, Op>): string[] {
  const figures = numbers.cases.map(({ loss, labels, predictions, ...exact }) =>
    tf.tidy(() => {
      const op = ops.get(loss);
      if (op === undefined) throw new Error(`${name} has no ${loss}.`);
      const [y, p] = [tf.tensor2d(labels), tf.tensor2d(predictions)];
      const value = op(y, p).dataSync();
      const gradient = tf
        .grad((x) => tf.sum(op(y, x)))(p)
        .dataSync();
      return [
        ulpsOfLargest(value, Float32Array.from(exact.value), 1),
        ulpsOfLargest(gradient, Float32Array.from(exact.gradient.flat()), p.shape[1]),
      ].map((ulps) => Math.max(...ulps));
    }),
  );
  return [name, ...figures.map(shownPair)];
}

/** Figures of value and gradient, where there are any. */
function shownPair(figures: (number | null)[] | null): string {
  return figures?.map(shown).join(', ') ?? '–';
}

/** The functions behind TensorFlow.js's own names, which it does not export. */
function lossOfLayers(loss: string): Op {
  const inputs = tf.input({ shape: [1] });
  const outputs = tf.layers.dense({ units: 1 }).apply(inputs) as tf.SymbolicTensor;
  const model = tf.model({ inputs, outputs });
  model.compile({ optimizer: 'sgd', loss });
  const [found] = model.lossFunctions;
  if (found === undefined) throw new Error(`TensorFlow.js has no loss ${loss}.`);
  return found;
}

/** What TensorFlow.js calls the losses of numbers. */
const NAMES = {
  LogCosh: 'logcosh',
  KLDivergence: 'kullbackLeiblerDivergence',
  MeanSquaredLogarithmicError: 'meanSquaredLogarithmicError',
  CosineSimilarity: 'cosineProximity',
};

const ours = new Map(
  Object.keys(NAMES).map((loss) => [
    loss,
    getLoss({ class_name: loss, config: { reduction: 'none' } }),
  ]),
);
const none = tf.Reduction.NONE;
const sigmoidRows: string[][] = [];
const softmaxRows: string[][] = [];
const focalRows: string[][] = [];
const numbersRows: string[][] = [];

const reason = whyNoTfjsNode();
if (reason === undefined) await import(['@tensorflow', 'tfjs-node'].join('/'));
else console.log(`tensorflow: not measured, ${reason}`);

const backends = ['cpu', 'wasm', ...(reason === undefined ? ['tensorflow'] : [])];
for (const backend of backends) {
  await tf.setBackend(backend);
  const name = `**tfjs-losses, ${backend}**`;
  sigmoidRows.push(sigmoidRow(name, sigmoidCrossEntropyWithLogits));
  softmaxRows.push(softmaxRow(name, softmaxCrossEntropyWithLogits));
  focalRows.push(
    focalRow(
      name,
      (gamma) => (labels, logits) =>
        binaryFocalCrossentropy(labels, logits, { gamma, fromLogits: true, axis: [] }),
    ),
  );
  numbersRows.push(numbersRow(name, ours));
}
await tf.setBackend('cpu');
sigmoidRows.push(
  sigmoidRow('`tf.losses.sigmoidCrossEntropy`, cpu', (labels, logits) =>
    tf.losses.sigmoidCrossEntropy(labels, logits, undefined, 0, none),
  ),
  // One unit per row: its mean over the last axis changes nothing.
  sigmoidRow("`'binaryCrossentropy'` of TensorFlow.js on σ(x), cpu", (labels, logits) =>
    tf.metrics.binaryCrossentropy(tf.expandDims(labels, 1), tf.sigmoid(tf.expandDims(logits, 1))),
  ),
  ...sigmoid.peers.map(({ name, version, value, gradient }) => [
    `${name} ${version}`,
    ...[value['0'], value['1'], value.soft, gradient['0'], gradient['1']].map(shown),
    gradient.softAbsolute.toExponential(1),
  ]),
);
softmaxRows.push(
  softmaxRow('`tf.losses.softmaxCrossEntropy`, cpu', (labels, logits) =>
    tf.losses.softmaxCrossEntropy(labels, logits, undefined, 0, none),
  ),
  ...softmax.peers.map(({ name, version, value, gradient }) => [
    `${name} ${version}`,
    shown(value.ulp),
    shown(gradient.ulp),
    value.softRelative.toExponential(1),
    gradient.softAbsolute.toExponential(1),
  ]),
);
focalRows.push(
  ...focal.peers.map(({ name, version, value, gradient }) => [
    `${name} ${version}`,
    ...focal.gammas.map(
      (_, i) => `${shown(value.ulp[i] ?? null)}, ${shown(gradient.ulp[i] ?? null)}`,
    ),
  ]),
);

// Last, as without kernels the formulas run, and without our names TensorFlow.js's mean its own losses.
unregister();
for (const backend of backends) {
  await tf.setBackend(backend);
  numbersRows.push(numbersRow(`**tfjs-losses, formulas, ${backend}**`, ours));
}
await tf.setBackend('cpu');
const theirs = new Map(Object.entries(NAMES).map(([loss, name]) => [loss, lossOfLayers(name)]));
numbersRows.push(
  numbersRow('TensorFlow.js, cpu', theirs),
  ...numbers.peers.map(({ name, version, ulp }) => [`${name} ${version}`, ...ulp.map(shownPair)]),
);

const tables: Record<string, string> = {
  sigmoid: table(
    [
      '',
      'value, y = 0',
      'value, y = 1',
      'value, soft y',
      'gradient, y = 0',
      'gradient, y = 1',
      'gradient, soft y (absolute)',
    ],
    sigmoidRows,
  ),
  softmax: table(
    [
      '',
      'value, one-hot',
      'gradient, one-hot',
      'value, soft (relative)',
      'gradient, soft (absolute)',
    ],
    softmaxRows,
  ),
  focal: table(['', ...focal.gammas.map((gamma) => `gamma ${gamma}`)], focalRows),
  numbers: table(['', ...numbers.cases.map(({ title }) => title)], numbersRows),
};

let text = readFileSync(DOCUMENT, 'utf8');
for (const [name, content] of Object.entries(tables)) {
  console.log(`\n${name}\n\n${content}`);
  const place = new RegExp(`(<!-- ${name} -->)[^]*?(<!-- end -->)`);
  if (!place.test(text)) throw new Error(`docs/numerics.md has no place for the table ${name}.`);
  text = text.replace(place, `$1\n\n${content}\n\n$2`);
}
writeFileSync(DOCUMENT, text);
