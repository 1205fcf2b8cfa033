/** The loss on tensors and arrays, without a model: every option, every reduction, weights and gradients. */
import * as tf from '@tensorflow/tfjs';
import {
  binaryCrossentropy,
  BinaryCrossentropy,
  getLoss,
  listLosses,
  ops,
  serializeLoss,
  sigmoidCrossEntropyWithLogits,
  weightedCrossEntropyWithLogits,
  type Reduction,
} from 'tfjs-losses';

import { useFastestBackend } from './support/backend.js';

const labels = [
  [0, 1],
  [0, 0],
];
const probabilities = [
  [0.6, 0.4],
  [0.4, 0.6],
];
const logits = [
  [-18.6, 0.51],
  [2.94, -12.8],
];

export async function main(): Promise<void> {
  await useFastestBackend();
  // Every result is a tensor that its caller owns; `tidy` disposes all that are made here.
  tf.tidy(() => {
    heading('The function: one value per sample');
    show('from probabilities', binaryCrossentropy(labels, probabilities));
    show('from logits', binaryCrossentropy(labels, logits, { fromLogits: true }));

    heading('The loss object: weighted and reduced');
    const bce = new BinaryCrossentropy({ fromLogits: true });
    show('mean over the batch', bce(labels, logits));
    show('sampleWeight [0.8, 0.2]', bce(labels, logits, [0.8, 0.2]));

    heading('reduction, with sampleWeight [3, 1]');
    const reductions: Reduction[] = [
      'sum_over_batch_size',
      'mean',
      'sum',
      'mean_with_sample_weight',
      'none',
      null,
    ];
    for (const reduction of reductions) {
      show(String(reduction), new BinaryCrossentropy({ reduction })(labels, probabilities, [3, 1]));
    }

    heading('Options');
    show('labelSmoothing: 0.2', binaryCrossentropy(labels, probabilities, { labelSmoothing: 0.2 }));
    show('posWeight: 3', binaryCrossentropy(labels, probabilities, { posWeight: 3 }));
    show('posWeight: [1, 5]', binaryCrossentropy(labels, probabilities, { posWeight: [1, 5] }));
    show('axis: 0', binaryCrossentropy(labels, probabilities, { axis: 0 }));
    show('axis: null', binaryCrossentropy(labels, probabilities, { axis: null }));
    const clipped = [[1, 1, 1]];
    show('clipped, Keras 3', binaryCrossentropy(clipped, [[1, 1, 0]]));
    show("compat: 'keras2'", binaryCrossentropy(clipped, [[1, 1, 0]], { compat: 'keras2' }));

    heading('Labels of any numeric dtype, in tensors or arrays');
    show('int32', bce(tf.tensor2d(labels, [2, 2], 'int32'), logits));
    show('bool', bce(tf.tensor2d(labels, [2, 2], 'bool'), logits));
    show('typed arrays', bce(new Int32Array([0, 1, 0, 0]), new Float32Array(logits.flat())));

    heading('Element by element');
    show('sigmoidCrossEntropyWithLogits', sigmoidCrossEntropyWithLogits(labels, logits));
    show('weightedCrossEntropyWithLogits', weightedCrossEntropyWithLogits(labels, logits, 3));
    show('ops.binaryCrossentropy', ops.binaryCrossentropy(labels, probabilities));

    heading('Gradients, exact where a sigmoid is rounded to 0 or 1');
    const [wrong, right] = [tf.tensor1d([1e4, 40]), tf.tensor1d([-40, -80])];
    const slope = tf.grad((x) =>
      tf.sum(binaryCrossentropy([0, 0], x, { fromLogits: true, axis: [] })),
    );
    show('wrong by 1e4 and 40', slope(wrong));
    show('right by 40 and 80', slope(right));

    heading('Names and saved configs');
    console.log(`  ${listLosses().join(', ')}`);
    console.log(`  name: ${new BinaryCrossentropy({ name: 'spam' }).name}, by default ${bce.name}`);
    show("getLoss('bce')", getLoss('bce')(labels, probabilities));
    console.log(`  ${JSON.stringify(serializeLoss(bce))}`);
  });
}

function heading(text: string): void {
  console.log(`\n${text}`);
}

function show(what: string, result: tf.Tensor): void {
  const values = Array.from(result.dataSync(), (value) => Number(value.toPrecision(6)));
  const shape = `[${result.shape.join(', ')}]`;
  console.log(`  ${what.padEnd(32)} ${shape.padEnd(7)} ${values.join('  ')}`);
}
