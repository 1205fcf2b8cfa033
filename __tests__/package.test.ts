import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  readFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { installPacked } from './support/packed.js';

/** Whether there is a Chromium to open pages with. */
declare const __CHROMIUM__: boolean;
/** Whether all is tested: `npm run test:all`. */
declare const __ALL__: boolean;

const root = join(__dirname, '..');
/** A project of a user, with the packed package installed. */
const project = mkdtempSync(join(tmpdir(), 'tfjs-losses-'));

const run = (file: string, ...args: string[]) =>
  execFileSync(file, args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** What a program of the user prints. */
function node(name: string, code: string): unknown {
  writeFileSync(join(project, name), code);
  return JSON.parse(run(process.execPath, name));
}

beforeAll(() => {
  installPacked(project, '@tensorflow', '@types', 'typescript');
});

afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

/** How many losses there are: one export line for each. */
const losses = readFileSync(join(root, 'src/losses/index.ts'), 'utf8').match(/^export/gm)!.length;

const known = '[[0, 1], [0, 0]], [[-18.6, 0.51], [2.94, -12.8]]';

describe('the packed package', () => {
  it('loads as an ES module', () => {
    const loss = node(
      'esm.mjs',
      `import * as tf from '@tensorflow/tfjs';
       import { BinaryCrossentropy, listLosses } from 'tfjs-losses';
       const loss = new BinaryCrossentropy({ fromLogits: true })(${known});
       console.log(JSON.stringify([loss.arraySync(), listLosses().length, typeof tf.sequential]));`,
    );
    expect(loss).toEqual([expect.closeTo(0.865458, 5), losses, 'function']);
  });

  it('loads as CommonJS', () => {
    const loss = node(
      'cjs.cjs',
      `require('@tensorflow/tfjs');
       const { BinaryCrossentropy } = require('tfjs-losses');
       console.log(JSON.stringify(new BinaryCrossentropy({ fromLogits: true })(${known}).arraySync()));`,
    );
    expect(loss).toEqual(expect.closeTo(0.865458, 5));
  });

  it('is one when it is loaded twice: registry, model.compile and loss objects', () => {
    const result = node(
      'twice.mjs',
      `import { createRequire } from 'node:module';
       import * as tf from '@tensorflow/tfjs';
       import * as esm from 'tfjs-losses';
       const cjs = createRequire(import.meta.url)('tfjs-losses');
       cjs.registerLoss('mine', (yTrue) => yTrue);
       const loss = new cjs.BinaryCrossentropy({ fromLogits: true });
       const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'zeros' })] });
       model.compile({ optimizer: 'sgd', loss, metrics: ['accuracy'] });
       const [value] = model.evaluate(tf.ones([2, 1]), tf.ones([2, 1]));
       console.log(JSON.stringify([
         esm.listLosses().includes('mine'), esm.getLoss(loss) === loss, esm.getLoss('bce') instanceof esm.BinaryCrossentropy, esm.serializeLoss(loss).config.from_logits, value.arraySync(),
         await model.trainOnBatch(tf.ones([2, 1]), tf.ones([2, 1]), { sampleWeight: [1, 3] }),
       ]));`,
    );
    // Logits of 0 are not above the threshold.
    const weighted = [expect.closeTo(2 * Math.LN2, 5), 0];
    expect(result).toEqual([true, true, true, true, expect.closeTo(Math.LN2, 5), weighted]);
  });

  it('tfjs-losses/pure changes nothing until register()', () => {
    const result = node(
      'pure.mjs',
      `import * as tf from '@tensorflow/tfjs';
       const before = tf.LayersModel.prototype.compile;
       const { listLosses, register, unregister } = await import('tfjs-losses/pure');
       const steps = [[listLosses().length, tf.LayersModel.prototype.compile === before]];
       register(tf);
       steps.push([listLosses().length, tf.LayersModel.prototype.compile === before]);
       unregister();
       steps.push([listLosses().length, tf.LayersModel.prototype.compile === before]);
       console.log(JSON.stringify(steps));`,
    );
    expect(result).toEqual([
      [0, true],
      [losses, false],
      [0, true],
    ]);
  });

  it('tfjs-losses/pure works where @tensorflow/tfjs-layers is not installed', () => {
    const bare = mkdtempSync(join(tmpdir(), 'tfjs-losses-'));
    const modules = join(bare, 'node_modules');
    cpSync(join(project, 'node_modules/tfjs-losses'), join(modules, 'tfjs-losses'), {
      recursive: true,
    });
    mkdirSync(join(modules, '@tensorflow'));
    for (const name of ['tfjs-core', 'tfjs-backend-cpu']) {
      const found = join(root, 'node_modules/@tensorflow', name);
      symlinkSync(found, join(modules, '@tensorflow', name));
    }
    const code = `
      import { BinaryCrossentropy, getLoss, register } from 'tfjs-losses/pure';
      register();
      let said;
      try { new BinaryCrossentropy()([[1]], [[0.5]]); } catch ({ message }) { said = message; }
      await import('@tensorflow/tfjs-backend-cpu');
      const missing = await import('tfjs-losses').catch((error) => error.code);
      const loss = new BinaryCrossentropy({ fromLogits: true })(${known});
      console.log(JSON.stringify([missing, loss.arraySync(), getLoss('bce').name, said]));`;
    writeFileSync(join(bare, 'bare.mjs'), code);
    const printed = execFileSync(process.execPath, ['bare.mjs'], {
      cwd: bare,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    rmSync(bare, { recursive: true, force: true });
    expect(JSON.parse(printed)).toEqual([
      'ERR_MODULE_NOT_FOUND',
      expect.closeTo(0.865458, 5),
      'binary_crossentropy',
      "BinaryCrossentropy: TensorFlow.js has no backend. Add import '@tensorflow/tfjs'.",
    ]);
  });

  it.each([
    ['esm/pure.js', 'es2020'],
    ['esm/index.js', 'es2020'],
    ['cjs/pure.js', 'es2020'],
    ['cjs/index.js', 'es2020'],
    ['tfjs-losses.min.js', 'es2021'],
  ])('has no syntax above that of its year but fields of classes: %s, %s', async (file, target) => {
    const code = readFileSync(join(project, 'node_modules/tfjs-losses/dist', file), 'utf8');
    const { transform } = await import('esbuild');
    const fields = { 'class-field': true, 'class-static-field': true };
    const { code: lowered } = await transform(code, { target, supported: fields });
    const { code: same } = await transform(code, { target: 'esnext' });
    expect(lowered).toBe(same);
    // React Native's preset does not know it, though it is of ES2020.
    expect(code).not.toMatch(/export\s*\*\s*as\b/);
  });

  it('has types for strict users, without an error of its own', () => {
    const use = `
      import * as tf from '@tensorflow/tfjs';
      import { BinaryCrossentropy, binaryCrossentropy, Loss, registerLoss, type Reduction } from 'tfjs-losses';
      const bce: Loss = new BinaryCrossentropy({ fromLogits: true, posWeight: [1, 2] });
      const value: tf.Tensor = bce([[1]], tf.zeros([1, 1]), [1]);
      declare const model: tf.LayersModel;
      model.compile({ optimizer: 'adam', loss: bce, metrics: ['accuracy'] });
      model.compile({ optimizer: 'adam', loss: binaryCrossentropy });
      declare const stack: tf.Sequential;
      for (const each of [model, stack]) {
        each.compile({ optimizer: 'adam', loss: ['bce', bce], lossWeights: [1, 2], weightedMetrics: ['acc'] });
        each.compile({ optimizer: 'adam', loss: { a: 'bce', b: bce }, lossWeights: { a: 2 } });
      }
      const weights = { sampleWeight: [tf.ones([1]), null], classWeight: [{ 0: 1, 1: 2 }, null] };
      const trained: Promise<number | number[]> = model.trainOnBatch(value, value, weights);
      const fitted: Promise<tf.History> = stack.fit(value, [value, value], { epochs: 2, ...weights });
      const scalars = model.evaluate(value, [value, value], { sampleWeight: { a: [1] } });
      // @ts-expect-error unknown option
      model.compile({ optimizer: 'adam', loss: bce, lossWeight: 1 });
      const reduction: Reduction = 'none';
      class Mine extends Loss<{ power?: number }> {
        static override readonly className = 'Mine';
        static override readonly defaults = { power: 2 };
        override compute(yTrue: tf.Tensor, yPred: tf.Tensor): tf.Tensor {
          return tf.pow(tf.sub(yTrue, yPred), this.options.power);
        }
      }
      registerLoss(Mine);
      class Heir extends BinaryCrossentropy {
        static override readonly className = 'Heir';
      }
      new Heir({ fromLogits: true });
      const scalar: tf.Scalar = bce([[1]], [[0]]);
      new Mine({ power: 3, reduction });
      // @ts-expect-error unknown option
      new BinaryCrossentropy({ fromLogit: true });
      // @ts-expect-error unknown reduction
      new BinaryCrossentropy({ reduction: 'average' });
      export { value, scalar, trained, fitted, scalars };`;
    writeFileSync(join(project, 'use.mts'), use);
    writeFileSync(join(project, 'use.cts'), use);
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          exactOptionalPropertyTypes: true,
          module: 'NodeNext',
          target: 'ES2022',
          noEmit: true,
          skipLibCheck: false,
          types: ['node'],
        },
        files: ['use.mts', 'use.cts'],
      }),
    );
    let errors = '';
    try {
      run(process.execPath, 'node_modules/typescript/bin/tsc', '--pretty', 'false');
    } catch (error) {
      errors = (error as { stdout: string }).stdout;
    }
    // TensorFlow.js's own declarations have errors; they are not ours to mend.
    const ours = errors.split('\n').filter((line) => /^(use\.|.*tfjs-losses)/.test(line));
    expect(ours).toEqual([]);
  });
});

/** What a program of a user exports from here, and what it prints that imports from the bundle of that. */
const BUNDLED = {
  'one loss of tfjs-losses/pure adds less than 6.5 kB': {
    code: `export { BinaryCrossentropy } from 'tfjs-losses/pure';`,
    program: `
      import '@tensorflow/tfjs';
      import { BinaryCrossentropy } from './out.mjs';
      const loss = new BinaryCrossentropy({ fromLogits: true });
      console.log(JSON.stringify(loss(${known}).arraySync()));`,
    limit: 6500,
    prints: expect.closeTo(0.865458, 5) as unknown,
  },
  'everything adds less than 60 kB, and registers': {
    code: `export * from 'tfjs-losses';`,
    program: `
      import * as tf from '@tensorflow/tfjs';
      import './out.mjs';
      const layer = tf.layers.dense({ units: 1, inputShape: [1], kernelInitializer: 'zeros' });
      const model = tf.sequential({ layers: [layer] });
      model.compile({ optimizer: 'sgd', loss: 'binary_focal_crossentropy' });
      const value = model.evaluate(tf.ones([2, 1]), tf.ones([2, 1]));
      console.log(JSON.stringify(value.arraySync() > 0));`,
    limit: 60_000,
    prints: true as unknown,
  },
};

// Both drop what nobody uses in the same way; vite takes longer.
describe.each(__ALL__ ? ['esbuild', 'vite'] : ['esbuild'])('in a bundle by %s', (bundler) => {
  const titles = Object.keys(BUNDLED) as (keyof typeof BUNDLED)[];
  const folders = new Map(titles.map((title) => [title, '']));
  /** The bytes after gzip that each adds to a bundle of TensorFlow.js. */
  let bytes: number[];

  // All in one process, with one bundle of TensorFlow.js alone.
  beforeAll(() => {
    for (const title of titles) {
      const folder = mkdtempSync(join(project, 'bundle-'));
      folders.set(title, folder);
      writeFileSync(join(folder, 'in.js'), BUNDLED[title].code);
      writeFileSync(join(folder, 'program.mjs'), BUNDLED[title].program);
    }
    const tool = join(root, '__tests__/support/bundle.js');
    bytes = JSON.parse(run(process.execPath, tool, bundler, ...folders.values())) as number[];
  });

  it.each(titles)('%s', (title) => {
    const { limit, prints } = BUNDLED[title];
    expect(bytes[titles.indexOf(title)]).toBeLessThan(limit);
    const printed = run(process.execPath, join(folders.get(title)!, 'program.mjs'));
    expect(JSON.parse(printed)).toEqual(prints);
  });
});

// jest.config.js looks for Chromium, and says so where there is none.
(__CHROMIUM__ ? describe : describe.skip)('in a web page, by script tags', () => {
  const STRICT = "script-src 'self'";
  const TF = '/node_modules/@tensorflow/tfjs/dist';
  const LOSSES = '/node_modules/tfjs-losses/dist/tfjs-losses.min.js';
  const TRAINING = '/__tests__/support/training_page.js';

  const trainingPages = [
    ['tf.es2017.min.js', 'cpu', STRICT],
    ['tf.es2017.min.js', 'webgl', STRICT],
    // This script of TensorFlow.js calls `Function`.
    ['tf.min.js', 'cpu', `${STRICT} 'unsafe-eval'`],
  ] as const;

  /** What each page says, by its path. */
  const said = new Map<string, { result: unknown; errors: string[] }>();

  // All in one browser, as it takes seconds to start.
  beforeAll(() => {
    const page = (policy: string, ...scripts: string[]) => {
      const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
      const tags = scripts.map((src) => `<script src="${src}"></script>`);
      return `<!doctype html>${meta}${tags.join('')}`;
    };
    const core = '/node_modules/@tensorflow/tfjs-core/dist/tf-core.es2017.min.js';
    const pages = new Map([
      ...trainingPages.map(([script, backend, policy]): [string, string] => [
        `${script}.html?${backend}`,
        page(policy, `${TF}/${script}`, LOSSES, TRAINING),
      ]),
      ['guide.html', guidePage()],
      ['alone.html', page(STRICT, LOSSES)],
      // The policy stops TensorFlow.js half-way.
      ['stopped.html', page(STRICT, `${TF}/tf.min.js`, LOSSES)],
      ['core.html', page(STRICT, core, LOSSES)],
    ]);
    for (const [path, html] of pages) writeFileSync(join(project, path.split('?')[0]!), html);
    const open = join(root, 'tools/web_page.js');
    const printed = run(process.execPath, open, ...pages.keys(), '--', project, root);
    const all = JSON.parse(printed) as { result: unknown; errors: string[] }[];
    [...pages.keys()].forEach((path, index) => said.set(path, all[index]!));
  });

  /** The page that docs/install.md shows, with local scripts. */
  function guidePage(): string {
    const guide = readFileSync(join(root, 'docs/install.md'), 'utf8');
    const html = /```html\n([^`]+`[^`]+`[^`]+)```/.exec(guide)![1]!;
    const local = html
      .replace(/https:\S+tf.es2017.min.js/, `${TF}/tf.es2017.min.js`)
      .replace(/https:\S+tfjs-losses@[\d.]+/, LOSSES);
    expect(local).not.toContain('https:');
    // The script ends before the training does.
    const wait = `new Promise((resolve) => setInterval(() => {
      const { innerText } = document.body;
      if (innerText.includes('accuracy')) resolve(innerText);
    }, 50))`;
    return `${local}<script>result = ${wait}</script>`;
  }

  it.each(trainingPages)('computes losses and trains: %s, %s, %s', (script, backend, policy) => {
    expect(said.get(`${script}.html?${backend}`)).toEqual({
      errors: [],
      result: {
        mayEval: policy !== STRICT,
        backend,
        value: expect.closeTo(0.865458, 5),
        // (σ(x) − y) / 4
        gradient: [
          [expect.closeTo(2.0896e-9, 12), expect.closeTo(-0.0938, 4)],
          [expect.closeTo(0.2374, 4), expect.closeTo(6.9e-7, 8)],
        ],
        byObject: [true, 1],
        byName: [true, 1],
      },
    });
  });

  it('runs what docs/install.md shows', () => {
    expect(said.get('guide.html')).toEqual({
      errors: [],
      result: expect.stringMatching(/^accuracy 1, loss 0\.\d\d$/),
    });
  });

  it('says what is missing without TensorFlow.js', () => {
    const missing =
      'tfjs-losses: TensorFlow.js must be loaded first: its tf.es2017.min.js, in a script tag before this one. ' +
      "(Its tf.min.js needs a Content-Security-Policy that allows 'unsafe-eval'.)";
    expect(said.get('alone.html')!.errors).toEqual([missing]);
    expect(said.get('stopped.html')!.errors).toEqual([
      expect.stringContaining('Evaluating a string'),
      missing,
    ]);
  });

  it('says what is missing with the core of TensorFlow.js alone', () => {
    expect(said.get('core.html')!.errors).toEqual([
      'tfjs-losses: TensorFlow.js was loaded without its layers: add its tf-layers.min.js, in a script tag before this one.',
    ]);
  });
});
