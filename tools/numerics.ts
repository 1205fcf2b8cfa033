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
  sigmoidCrossEntropyWithLogits,
  softmaxCrossEntropyWithLogits,
} from 'tfjs-losses';

import focal from '../__tests__/losses/binary_focal_crossentropy.mpmath.json' with { type: 'json' };
import sigmoid from '../__tests__/ops/sigmoid_cross_entropy_with_logits.mpmath.json' with { type: 'json' };
import softmax from '../__tests__/ops/softmax_cross_entropy_with_logits.mpmath.json' with { type: 'json' };
import { ulpDistance } from '../__tests__/support/ulp.js';
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

function ulp(pairs: [number, number][]): number | null {
  const worst = Math.max(...pairs.map(([got, exact]) => ulpDistance(got, exact)));
  return Number.isFinite(worst) ? worst : null;
}

function absolute(pairs: [number, number][]): number {
  return Math.max(...pairs.map(([got, exact]) => Math.abs(got - exact)));
}

/** A number of ulp as the tables show it; `null` is NaN or infinity. */
function shown(value: number | null): string {
  if (value === null) return 'NaN';
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

const none = tf.Reduction.NONE;
const sigmoidRows: string[][] = [];
const softmaxRows: string[][] = [];
const focalRows: string[][] = [];

const reason = whyNoTfjsNode();
if (reason === undefined) await import(['@tensorflow', 'tfjs-node'].join('/'));
else console.log(`tensorflow: not measured, ${reason}`);

for (const backend of ['cpu', 'wasm', ...(reason === undefined ? ['tensorflow'] : [])]) {
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
};

let text = readFileSync(DOCUMENT, 'utf8');
for (const [name, content] of Object.entries(tables)) {
  console.log(`\n${name}\n\n${content}`);
  const place = new RegExp(`(<!-- ${name} -->)[^]*?(<!-- end -->)`);
  if (!place.test(text)) throw new Error(`docs/numerics.md has no place for the table ${name}.`);
  text = text.replace(place, `$1\n\n${content}\n\n$2`);
}
writeFileSync(DOCUMENT, text);
