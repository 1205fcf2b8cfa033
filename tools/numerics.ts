/**
 * Prints how far losses and gradients are from exactly rounded results, ours on each backend beside TensorFlow.js's own and
 * other frameworks', and puts the table into docs/numerics.md. The figures of the other frameworks are in the file that
 * tools/precision makes by running them.
 */
import { readFileSync, writeFileSync } from 'node:fs';

import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { sigmoidCrossEntropyWithLogits } from 'tfjs-losses/pure';

import { ulpDistance } from '../__tests__/support/ulp.js';
import { whyNoTfjsNode } from './tfjs_node.js';
import precision from '../__tests__/ops/sigmoid_cross_entropy_with_logits.mpmath.json' with { type: 'json' };

const DOCUMENT = new URL('../docs/numerics.md', import.meta.url);
const SMALLEST_NORMAL = 2 ** -126;

type Op = (labels: tf.Tensor, logits: tf.Tensor) => tf.Tensor;

/** Largest errors for one label: of the value in ulp, of the gradient in ulp and absolute. */
interface Errors {
  value: number;
  gradient: number;
  gradientAbsolute: number;
}

/** Errors of one op, for labels 0 and 1 and the worst soft one. */
type Row = [name: string, zero: Errors, one: Errors, soft: Errors];

function measure(name: string, op: Op): Row {
  const logits = Float32Array.from(precision.logits);
  const byLabel = precision.labels.map((label, index): { label: number; errors: Errors } => {
    const labels = tf.fill([logits.length], label);
    const x = tf.tensor1d(logits);
    const loss = op(labels, x).dataSync();
    const gradient = tf
      .grad((z) => tf.sum(op(labels, z)))(x)
      .dataSync();
    const exact = {
      value: Float32Array.from(precision.value[index] ?? []),
      gradient: Float32Array.from(precision.gradient[index] ?? []),
    };
    return {
      label,
      errors: {
        value: worst(exact.value, loss, ulpDistance),
        gradient: worst(exact.gradient, gradient, ulpDistance),
        gradientAbsolute: worst(exact.gradient, gradient, (a, b) => Math.abs(a - b)),
      },
    };
  });
  const of = (matches: (label: number) => boolean): Errors => {
    const errors = byLabel.filter(({ label }) => matches(label)).map((entry) => entry.errors);
    const largest = (key: keyof Errors) => Math.max(...errors.map((entry) => entry[key]));
    return {
      value: largest('value'),
      gradient: largest('gradient'),
      gradientAbsolute: largest('gradientAbsolute'),
    };
  };
  return [
    name,
    of((label) => label === 0),
    of((label) => label === 1),
    of((label) => label > 0 && label < 1),
  ];
}

/** The largest error over results that are 0 or normal numbers: most backends and frameworks flush smaller ones to 0. */
function worst(
  exact: Float32Array,
  got: ArrayLike<number>,
  error: (a: number, b: number) => number,
): number {
  const errors = Array.from(exact, (value, i) =>
    value === 0 || Math.abs(value) >= SMALLEST_NORMAL ? error(got[i] ?? NaN, value) : 0,
  );
  return Math.max(...errors.map((value) => (Number.isNaN(value) ? Infinity : value)));
}

function peerRows(): Row[] {
  return precision.peers.map(({ name, version, value, gradient }) => [
    `${name} ${version}`,
    { value: value['0'], gradient: gradient['0'], gradientAbsolute: NaN },
    { value: value['1'], gradient: gradient['1'], gradientAbsolute: NaN },
    { value: value.soft, gradient: NaN, gradientAbsolute: gradient.softAbsolute },
  ]);
}

async function backends(): Promise<string[]> {
  const reason = whyNoTfjsNode();
  if (reason === undefined) {
    await import(['@tensorflow', 'tfjs-node'].join('/'));
    return ['cpu', 'wasm', 'tensorflow'];
  }
  console.log(`tensorflow: not measured, ${reason}`);
  return ['cpu', 'wasm'];
}

function table(rows: Row[]): string {
  const ulp = (value: number) => (value < 1000 ? String(value) : value.toExponential(0));
  const lines = rows.map(([name, zero, one, soft]) =>
    [
      name,
      ulp(zero.value),
      ulp(one.value),
      ulp(soft.value),
      ulp(zero.gradient),
      ulp(one.gradient),
      soft.gradientAbsolute.toExponential(1),
    ].join(' | '),
  );
  return [
    '| | value, y = 0 | value, y = 1 | value, soft y | gradient, y = 0 | gradient, y = 1 | gradient, soft y (absolute) |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines.map((line) => `| ${line} |`),
  ].join('\n');
}

const rows: Row[] = [];
for (const backend of await backends()) {
  await tf.setBackend(backend);
  rows.push(measure(`**tfjs-losses, ${backend}**`, sigmoidCrossEntropyWithLogits));
}
await tf.setBackend('cpu');
const none = tf.Reduction.NONE;
rows.push(
  measure('`tf.losses.sigmoidCrossEntropy`, cpu', (labels, logits) =>
    tf.losses.sigmoidCrossEntropy(labels, logits, undefined, 0, none),
  ),
  // One unit per row: its mean over the last axis changes nothing.
  measure("`'binaryCrossentropy'` of TensorFlow.js on σ(x), cpu", (labels, logits) =>
    tf.metrics.binaryCrossentropy(tf.expandDims(labels, 1), tf.sigmoid(tf.expandDims(logits, 1))),
  ),
  ...peerRows(),
);

const text = table(rows);
console.log(text);
const [before, , after] = readFileSync(DOCUMENT, 'utf8').split(/(<!-- table -->[^]*<!-- end -->)/);
writeFileSync(DOCUMENT, `${before ?? ''}<!-- table -->\n\n${text}\n\n<!-- end -->${after ?? ''}`);
