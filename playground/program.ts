import type { Dataset } from './data/dataset.js';
import { lossNamed, tfjsNameOf } from './losses.js';
import { givenOptions } from './options.js';
import { BATCH_SIZE, type Settings } from './settings.js';

/** Whether Node has the backend; else the program needs a page. */
export function runsInNode(backend: string): boolean {
  return ['cpu', 'wasm'].includes(backend);
}

/** A program that trains what the page trains, with the same numbers, in plain JavaScript. */
export function program(dataset: Dataset, settings: Settings): string {
  const { activation } = dataset;
  const { loss, optimizer, learningRate, epochs, backend } = settings;
  const options = givenOptions(loss, settings.options);
  const compile = (model: string, loss: string) =>
    `${model}.compile({ optimizer: tf.train.${optimizer}(${learningRate}), loss: ${loss}, metrics: ['accuracy'] });`;
  return `${imports(loss, backend)}

${dataset.units === 1 ? tumours(dataset) : digits(dataset, settings)}

// The last layer gives probabilities (${activation}) or logits (linear).
${model(dataset, settings)}

// Our loss with a final ${activation}: it finds the logits by itself.
const with${capital(activation)} = createModel('${activation}');
${compile(`with${capital(activation)}`, `new ${loss}(${literal(options)})`)}

// Our loss from logits.
const fromLogits = createModel('linear');
${compile('fromLogits', `new ${loss}(${literal({ ...options, fromLogits: true })})`)}

// TensorFlow.js's own loss, as it is without this package.
unregister();
const own = createModel('${activation}');
${compile('own', `'${tfjsNameOf(lossNamed(loss))}'`)}
register(tf);

for (const [name, model] of Object.entries({ with${capital(activation)}, fromLogits, own })) {
  await model.fit(training.xs, training.ys, { batchSize: ${BATCH_SIZE}, epochs: ${epochs}, shuffle: false, verbose: 0 });
  const [loss, accuracy] = model.evaluate(validation.xs, validation.ys);
  console.log(name, 'loss', (await loss.data())[0], 'accuracy', (await accuracy.data())[0]);
}
`;
}

function imports(loss: string, backend: string): string {
  const packages = packagesOf(backend);
  const [, ...backendPackages] = packages;
  const place = runsInNode(backend)
    ? 'For Node, as train.mjs: node train.mjs'
    : 'For a web page, by a bundler such as Vite: Node has no such backend.';
  return `// npm install ${[...packages, 'tfjs-losses'].join(' ')}
// ${place}
import * as tf from '@tensorflow/tfjs';
${backendPackages.map((name) => `import '${name}';\n`).join('')}import { ${loss}, register, unregister } from 'tfjs-losses';

// Unasked, TensorFlow.js may go on with another backend.
const found = tf.findBackendFactory('${backend}') !== null;
if (!found || !(await tf.setBackend('${backend}'))) {
  throw new Error('The backend ${backend} does not start here. What it needs stands above.');
}`;
}

/** The packages that the program takes, apart from this one. */
function packagesOf(backend: string): string[] {
  const own = ['wasm', 'webgpu'].includes(backend) ? [`@tensorflow/tfjs-backend-${backend}`] : [];
  return ['@tensorflow/tfjs', ...own];
}

function tumours({ url }: Dataset): string {
  return `// A line of names; then 569 tumours: 30 measurements, and 0 for malignant or 1 for benign.
const response = await fetch('${absolute(url)}');
const [, ...lines] = (await response.text()).trim().split('\\n');
const rows = tf.tensor2d(lines.map((line) => line.split(',').map(Number)));
const [size, columns] = rows.shape;
const end = Math.round(size * 0.8);
const { mean, variance } = tf.moments(rows.slice([0, 0], [end, columns - 1]), 0);
const samples = (begin, count) => ({
  xs: rows.slice([begin, 0], [count, columns - 1]).sub(mean).div(variance.sqrt()),
  ys: rows.slice([begin, columns - 1], [count, 1]),
});
// The first four fifths are for training.
const training = samples(0, end);
const validation = samples(end, size - end);`;
}

function digits({ url }: Dataset, { loss }: Settings): string {
  const labels = 'rows.slice([begin, columns - 1], [count, 1])';
  const ys =
    lossNamed(loss).labels === 'index'
      ? labels
      : `tf.oneHot(${labels}.flatten().toInt(), 10).toFloat()`;
  return `// 1,797 digits: 64 pixels from 0 to 16, then the digit.
const response = await fetch('${absolute(url)}');
const lines = (await response.text()).trim().split('\\n');
const rows = tf.tensor2d(lines.map((line) => line.split(',').map(Number)));
const [size, columns] = rows.shape;
const end = Math.round(size * 0.8);
const samples = (begin, count) => ({
  xs: rows.slice([begin, 0], [count, columns - 1]).div(16),
  ys: ${ys},
});
// The first four fifths are for training.
const training = samples(0, end);
const validation = samples(end, size - end);`;
}

function model({ hiddenUnits, units, saturatedBias }: Dataset, { start }: Settings): string {
  const saturate = `
  // Sure and wrong from the start.
  const [, output] = model.layers;
  const [kernel] = output.getWeights();
  output.setWeights([kernel, tf.tensor1d([${saturatedBias(start).join(', ')}])]);`;
  return `function createModel(activation) {
  const initializer = (seed) => tf.initializers.glorotUniform({ seed });
  const inputShape = [columns - 1];
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: ${hiddenUnits}, activation: 'relu', inputShape, kernelInitializer: initializer(1) }),
      tf.layers.dense({ units: ${units}, activation, kernelInitializer: initializer(2) }),
    ],
  });${start === 0 ? '' : saturate}
  return model;
}`;
}

/** The address of a file, for a program that runs elsewhere. */
function absolute(url: string): string {
  return new URL(url, document.baseURI).href;
}

/** Options as one writes them in a program; nothing where there are none. */
function literal(options: object): string {
  const entries = Object.entries(options).map(([name, value]) => `${name}: ${String(value)}`);
  return entries.length === 0 ? '' : `{ ${entries.join(', ')} }`;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
