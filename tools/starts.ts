/**
 * Draws docs/starts.svg, the picture of the README: its model trained from eight starts, by the loss that takes its logits for
 * probabilities and by the one that reads them.
 */
import { writeFileSync } from 'node:fs';

import * as tf from '@tensorflow/tfjs';
import { BinaryCrossentropy, type LossIdentifier } from 'tfjs-losses';

const EPOCHS = 40;
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const [WIDTH, HEIGHT, LEFT, TOP] = [320, 180, 44, 40];
const GAP = 56;

/** The accuracy after each epoch. */
async function accuracies(loss: LossIdentifier, seed: number): Promise<number[]> {
  const x = tf.randomUniform([300, 2], 0, 1, 'float32', 1);
  const [a, b] = tf.split(x, 2, 1);
  const kernelInitializer = tf.initializers.glorotNormal({ seed });
  const layer = tf.layers.dense({ units: 1, inputShape: [2], kernelInitializer });
  const model = tf.sequential({ layers: [layer] });
  model.compile({ optimizer: tf.train.adam(0.05), loss, metrics: ['accuracy'] });
  const { history } = await model.fit(x, tf.greater(a!, b!), {
    epochs: EPOCHS,
    shuffle: false,
    verbose: 0,
  });
  return history.acc as number[];
}

function panel(index: number, title: string, runs: number[][]): string {
  const left = LEFT + index * (WIDTH + GAP);
  const x = (epoch: number) => left + (WIDTH * epoch) / (EPOCHS - 1);
  const y = (accuracy: number) => TOP + HEIGHT * (1 - accuracy);
  const lines = runs.map((run) => {
    const points = run.map((accuracy, epoch) => `${x(epoch).toFixed(1)},${y(accuracy).toFixed(1)}`);
    return `<polyline class="run" points="${points.join(' ')}"/>`;
  });
  const grid = [0, 0.5, 1].map(
    (tick) =>
      `<path class="grid" d="M${left} ${y(tick)}h${WIDTH}"/>` +
      `<text x="${left - 6}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
  );
  const learnt = runs.filter((run) => run.at(-1)! > 0.9).length;
  return [
    `<text class="title" x="${left}" y="18">${title}</text>`,
    ...grid,
    ...lines,
    `<text x="${left + WIDTH}" y="${TOP + HEIGHT + 18}" text-anchor="end">` +
      `${EPOCHS} epochs: ${learnt} of ${runs.length} starts learn</text>`,
  ].join('\n');
}

console.warn = () => undefined;
const logits = new BinaryCrossentropy({ fromLogits: true });
const panels = [
  ["loss: 'binaryCrossentropy', no sigmoid", 'binaryCrossentropy'],
  ['new BinaryCrossentropy({ fromLogits: true })', logits],
] as const;
const drawn: string[] = [];
for (const [title, loss] of panels) {
  const runs: number[][] = [];
  for (const seed of SEEDS) runs.push(await accuracies(loss, seed));
  drawn.push(panel(drawn.length, title, runs));
}
const width = LEFT + 2 * WIDTH + GAP + 12;
const height = TOP + HEIGHT + 30;
writeFileSync(
  'docs/starts.svg',
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>Accuracy by epoch, from eight starts</title>
<style>
  text { font: 12px system-ui, sans-serif; fill: #57606a; }
  .title { font: 600 12px ui-monospace, monospace; fill: #1f2328; }
  .grid { stroke: #d0d7de; }
  .run { fill: none; stroke: #0969da; stroke-width: 2; stroke-opacity: 0.6; }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1; }
    .title { fill: #f0f6fc; }
    .grid { stroke: #3d444d; }
    .run { stroke: #4493f8; }
  }
</style>
${drawn.join('\n')}
</svg>
`,
);
console.log('docs/starts.svg is written.');
