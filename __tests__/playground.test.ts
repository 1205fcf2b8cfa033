/// <reference lib="dom" />
/// <reference lib="es2023.array" />
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

import type { Run } from '../playground/training/train.js';
import { verdict } from '../playground/views/verdict.js';
import { launchChromium, serve, whyNoChromium } from '../tools/chromium.js';

const root = join(__dirname, '..');
const site = join(root, 'temp/site');
/** In the place of what `npm run docs` writes, whether that is there or not. */
const documentation = join(root, 'temp/documentation');
// Jest's NODE_ENV is 'test', which is not what a person gets.
const env = { ...process.env, NODE_ENV: 'production', DOCUMENTATION: documentation };
/** Runs Node and gives what it prints. Meanwhile this process goes on serving the page and its data. */
const node = async (args: string[], more: NodeJS.ProcessEnv = {}) =>
  (await promisify(execFile)(process.execPath, args, { cwd: root, env: { ...env, ...more } }))
    .stdout;
/** Builds the page into a folder. */
const build = (folder: string, more?: NodeJS.ProcessEnv) =>
  node(
    ['node_modules/vite/bin/vite.js', 'build', 'playground', '--outDir', folder, '--emptyOutDir'],
    more,
  );

/** Only what hangs is an error; a step ends before its test does, and says which it was. */
const TIMEOUT = 300_000;
jest.setTimeout(2 * TIMEOUT);

const reason = whyNoChromium();
if (reason !== undefined) console.error(`NOT TESTED: the playground, ${reason}`);

describe('the verdict', () => {
  const run = (accuracies: number[], blindSteps: number, start = 20) =>
    ({
      steps: 300,
      totalSteps: 300,
      dataset: { activation: 'softmax' },
      settings: { start },
      blindSteps: { activation: 0, logits: 0, tfjs: blindSteps },
      measurements: ['activation', 'logits', 'tfjs'].map((variant, at) => ({
        variant,
        accuracy: accuracies[at],
      })),
    }) as unknown as Run;

  it('names each result, for they may differ', () => {
    expect(verdict(run([0.71, 0.462, 0.092], 300))).toBe(
      'Training is done. TensorFlow.js’s own loss never moved: its gradient was exactly 0 in each of 300 steps. ' +
        'Right answers: With final softmax: 71.0 %; From logits: 46.2 %; TensorFlow.js’s own: 9.2 %.',
    );
  });

  it('does not praise ours where they learn nothing either', () => {
    expect(verdict(run([0.092, 0.092, 0.092], 300))).toMatch(
      /The other two are no better this time\.$/,
    );
    expect(verdict(run([0.71, 0.092, 0.092], 300))).not.toContain('no better');
  });

  it('says that a fair start makes them alike only if all three are', () => {
    expect(verdict(run([0.95, 0.96, 0.95], 0, 0))).toContain('the three hardly differ');
    expect(verdict(run([0.5, 0.96, 0.95], 0, 0))).not.toContain('hardly differ');
    expect(verdict(run([0.95, 0.96, 0.95], 7))).toMatch(/gradient of exactly 0 in 7 of 300 steps/);
  });
});

/** What a person does on the page, in Chromium. */
(reason === undefined ? describe : describe.skip)('the playground', () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serve>>;
  /** The page that the test opened last, and what its console complained about. */
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    mkdirSync(documentation, { recursive: true });
    writeFileSync(join(documentation, 'index.html'), '<title>tfjs-losses: documentation</title>');
    await build(site);
    server = await serve(site);
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
    server.close();
  });

  afterEach(async () => {
    await page.context().close();
    expect(complaints).toEqual([]);
  });

  async function open(
    options: BrowserContextOptions = {},
    prepare?: () => Promise<void>,
    url = server.url,
  ): Promise<void> {
    const permissions = ['clipboard-read', 'clipboard-write'];
    const context = await browser.newContext({ permissions, ...options });
    complaints = [];
    page = await context.newPage();
    page.setDefaultTimeout(TIMEOUT);
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    await prepare?.();
    await page.goto(url);
    await page.locator('button.primary, #app:text-matches("could not")').first().waitFor();
    await page.evaluate(() => document.fonts.ready);
  }

  const setting = (label: string) => page.getByLabel(label, { exact: true });

  /** Chooses settings by the words beside them: an entry of a list, or a number of a slider. */
  async function choose(settings: Record<string, string | number>): Promise<void> {
    await page.locator('.controls').evaluate((details) => {
      (details as HTMLDetailsElement).open = true;
    });
    for (const [label, value] of Object.entries(settings)) {
      if (typeof value === 'number') await page.getByLabel(label).fill(String(value));
      else await setting(label).selectOption(value);
    }
  }

  const status = () => page.getByRole('status').innerText();

  /** Presses Train and waits until it is done. */
  async function train(): Promise<string> {
    await page.getByRole('button', { name: 'Train' }).click();
    await page.locator('.status', { hasText: /^(Training is done|Training failed)/ }).waitFor();
    return status();
  }

  /** The line of a model in the table: its numbers as they are shown. */
  async function scores(variant: 'activation' | 'logits' | 'tfjs') {
    const cells = await page.locator(`[data-variant=${variant}] td`).allInnerTexts();
    const [loss = NaN, accuracy = NaN, gradient = NaN] = cells.map(parseFloat);
    return { loss, accuracy, gradient };
  }

  /** The code, by the button. */
  async function copied(): Promise<string> {
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const program = await page.evaluate(() => navigator.clipboard.readText());
    expect(program).toBe(await page.locator('.code code').textContent());
    return program;
  }

  /** What the code prints. */
  function runInNode(program: string): Promise<string> {
    mkdirSync(join(root, 'temp'), { recursive: true });
    writeFileSync(join(root, 'temp/copied.ts'), program);
    return node(['node_modules/tsx/dist/cli.mjs', 'temp/copied.ts']);
  }

  /** The lines of training, plot by plot, as what is drawn. */
  const lines = () =>
    page
      .locator('.results [stroke-linejoin] path')
      .evaluateAll((paths) => paths.map((path) => path.getAttribute('d') ?? ''));

  it('starts sure and wrong: ours recover, and TensorFlow.js’s own stays where it is', async () => {
    await open();
    expect(await train()).toMatch(
      /^Training is done\. TensorFlow\.js’s own loss never moved: its gradient was exactly 0 in each of 300 steps/,
    );
    const [activation, logits, tfjs] = [
      await scores('activation'),
      await scores('logits'),
      await scores('tfjs'),
    ];
    expect(activation).toEqual(logits);
    expect(logits.accuracy).toBeGreaterThan(88);
    expect(logits.loss).toBeLessThan(0.5);
    expect(tfjs.accuracy).toBeLessThan(30);
    expect(tfjs.gradient).toBe(0);
    expect(await page.locator('.confusion').count()).toBe(3);
  });

  it('from a fair start, all three learn', async () => {
    await open();
    await page.getByLabel('A fair start').check();
    await choose({ Epochs: '10' });
    expect(await train()).toContain('try the start that is sure and wrong');
    for (const variant of ['activation', 'logits', 'tfjs'] as const) {
      expect((await scores(variant)).accuracy).toBeGreaterThan(95);
    }
  });

  it('draws while it trains, stays responsive, and stops when asked', async () => {
    await open();
    await page.getByLabel('A fair start').check();
    await choose({ Epochs: '40' });
    await page.evaluate(() => {
      const watch = globalThis as unknown as { frames: number };
      watch.frames = 0;
      const tick = () => {
        watch.frames++;
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    });
    await page.getByRole('button', { name: 'Train' }).click();
    const points = async () => (await lines()).map((d) => d.split(/[ML]/).length);
    const progress = () =>
      page.locator('progress').evaluate((bar) => (bar as HTMLProgressElement).position);
    const reached = async (share: number) => {
      await page.waitForFunction(
        (least) => document.querySelector('progress')!.position >= least,
        share,
      );
      return points();
    };
    const early = await reached(0.1);
    const late = await reached(0.3);
    expect(early).toHaveLength(9);
    late.forEach((count, line) => {
      expect(count).toBeGreaterThan(early[line]!);
    });

    await page.getByRole('button', { name: 'Stop' }).click();
    await page.locator('.status', { hasText: 'Stopped after' }).waitFor();
    expect(await progress()).toBeLessThan(1);
    expect(await page.getByRole('button', { name: 'Train' }).isEnabled()).toBe(true);
    // A frame for each point that is measured, however fast the machine: in one a page draws, and hears what is pressed.
    const frames = await page.evaluate(() => (globalThis as unknown as { frames: number }).frames);
    expect(frames).toBeGreaterThanOrEqual(Math.max(...(await points())) - 1);
  });

  it('reads digits with every loss of the package that fits, and draws those that are misread', async () => {
    await open();
    await page.getByLabel('A fair start').check();
    await choose({ Data: 'digits', Epochs: '1' });
    // The data are loaded first.
    await setting('Loss').locator('option', { hasText: 'Sparse' }).waitFor({ state: 'attached' });
    const losses = await setting('Loss').locator('option').allInnerTexts();
    expect(losses).toEqual(
      expect.arrayContaining([
        'Categorical crossentropy',
        'Categorical focal crossentropy',
        'Sparse categorical crossentropy',
      ]),
    );
    for (const loss of losses) {
      await choose({ Loss: loss });
      await train();
      for (const variant of ['activation', 'logits', 'tfjs'] as const) {
        expect((await scores(variant)).accuracy).toBeGreaterThan(60);
      }
    }
    expect(await page.locator('.confusion').first().locator('tbody td').count()).toBe(100);
    expect(await page.getByRole('img', { name: 'A handwritten' }).count()).toBeGreaterThan(0);
  });

  it('digits too recover from a start that is sure and wrong', async () => {
    await open();
    await choose({ Data: 'digits', Epochs: '5' });
    expect(await train()).toContain('exactly 0 in each of 225 steps');
    expect((await scores('logits')).accuracy).toBeGreaterThan(75);
    expect((await scores('tfjs')).accuracy).toBeLessThan(15);
    const wrong = page.locator('article', {
      hasText: /Of the 3\d\d misread, here are the first 10/,
    });
    expect(await wrong.locator('.misread li').count()).toBe(10);
  });

  it.each(['wasm', 'cpu', 'webgl', 'webgpu'])('trains on %s', async (backend) => {
    await open();
    await choose({ Epochs: '1', Backend: backend });
    expect(await setting('Backend').inputValue()).toBe(backend);
    expect(await train()).toContain('exactly 0 in each of 15 steps');
    for (const variant of ['activation', 'logits'] as const) {
      const { loss, gradient } = await scores(variant);
      expect(loss).toBeLessThan(12);
      expect(gradient).toBeGreaterThan(1);
    }
  });

  it('clips TensorFlow.js’s own loss as a page does that starts on the backend', async () => {
    await open();
    await choose({ Epochs: '1', Backend: 'webgl' });
    await train();
    const epsilon = await page.evaluate(() =>
      (
        globalThis as unknown as { _tfengine: { backend: { epsilon(): number } } }
      )._tfengine.backend.epsilon(),
    );
    const { loss, accuracy } = await scores('tfjs');
    expect(loss).toBeCloseTo(-(1 - accuracy / 100) * Math.log(epsilon), 1);
    await choose({ Backend: 'cpu' });
    await train();
    expect((await scores('tfjs')).loss).toBeCloseTo(-(1 - accuracy / 100) * Math.log(1e-7), 1);
  });

  it('draws loss and gradient of the options that are chosen, and shades where there is none', async () => {
    await open();
    const why = page.getByRole('region', { name: 'Why a model can stand still' });
    expect(await why.innerText()).toContain('from −40 to about −16');
    const drawn = () =>
      why
        .locator('[stroke-linejoin] path')
        .evaluateAll((paths) => paths.map((path) => path.getAttribute('d')));
    const before = await drawn();
    await choose({ 'Label smoothing': 0.2 });
    await page.locator('.code', { hasText: 'labelSmoothing: 0.2' }).waitFor();
    await page.waitForFunction(
      (old) =>
        document
          .querySelector('[aria-labelledby=why] [stroke-linejoin] path')!
          .getAttribute('d') !== old,
      before[0],
    );
    const changed = (await drawn()).map((line, at) => line !== before[at]);
    // The losses of our two change; TensorFlow.js's own takes no options. Gradients get another scale.
    expect(changed.slice(0, 3)).toEqual([true, true, false]);
    expect(await page.locator('.code').innerText()).toContain(
      'new BinaryCrossentropy({ labelSmoothing: 0.2, fromLogits: true })',
    );
    await why.getByLabel('malignant').check();
    await page.locator('.lead', { hasText: 'from 16' }).waitFor();
  });

  it.each([
    { Data: 'breast_cancer', 'Label smoothing': 0.1, 'Weight of the yes': 2.5, Epochs: '10' },
    { Data: 'breast_cancer', Loss: 'BinaryFocalCrossentropy', Gamma: 1.5, Backend: 'wasm' },
    { Data: 'digits', Loss: 'SparseCategoricalCrossentropy', Optimizer: 'sgd', Epochs: '1' },
    { Data: 'digits', Loss: 'CategoricalFocalCrossentropy', Alpha: 0.5, Backend: 'wasm' },
  ])('the code that it copies gives the same results in Node: %j', async (settings) => {
    await open();
    await choose({ Backend: 'cpu', Epochs: '5', ...settings });
    await train();
    const printed = await runInNode(await copied());
    const results = [...printed.matchAll(/^\w+ loss (\S+) accuracy (\S+)$/gm)];
    expect(results).toHaveLength(3);
    for (const [at, variant] of (['activation', 'logits', 'tfjs'] as const).entries()) {
      const shown = await scores(variant);
      const [, loss, accuracy] = results[at]!.map(Number);
      expect(Math.abs(loss! - shown.loss)).toBeLessThan(loss! < 10 ? 0.002 : 0.06);
      expect(100 * accuracy!).toBeCloseTo(shown.accuracy, 0);
    }
  });

  it.each([
    ['cpu', 'npm install @tensorflow/tfjs tfjs-losses', 'run it in Node'],
    [
      'wasm',
      'npm install @tensorflow/tfjs @tensorflow/tfjs-backend-wasm tfjs-losses',
      'run it in Node',
    ],
    ['webgl', 'npm install @tensorflow/tfjs tfjs-losses', 'a web page'],
    [
      'webgpu',
      'npm install @tensorflow/tfjs @tensorflow/tfjs-backend-webgpu tfjs-losses',
      'a web page',
    ],
  ])('says what the code needs on %s', async (backend, packages, place) => {
    await open();
    await choose({ Backend: backend });
    await page.locator('.code', { hasText: `setBackend('${backend}')` }).waitFor();
    const code = page.getByRole('region', { name: 'The code for exactly this' });
    expect(await code.locator('.lead').innerText()).toContain(place);
    expect(await copied()).toContain(packages);
  });

  it.each(['webgl', 'webgpu'])('the code for %s fails in Node, and says why', async (backend) => {
    await open();
    await choose({ Backend: backend });
    await page.locator('.code', { hasText: `setBackend('${backend}')` }).waitFor();
    await expect(runInNode(await copied())).rejects.toThrow(
      `The backend ${backend} does not start here`,
    );
  });

  it('says that results belong to the settings before, also of another backend', async () => {
    await open();
    await choose({ Epochs: '1', Backend: 'cpu' });
    await train();
    const note = page.locator('.note', { hasText: 'the settings before' });
    expect(await note.count()).toBe(0);
    await choose({ Backend: 'wasm' });
    await note.waitFor();
    await choose({ Data: 'digits' });
    await page.locator('.code', { hasText: 'digits.csv' }).waitFor();
    expect(await page.locator('[data-variant=activation]').innerText()).toContain('sigmoid');
  });

  it('does not say that a loss keeps its slope where it fades by design', async () => {
    await open();
    const why = page.getByRole('region', { name: 'Why a model can stand still' });
    const says = (words: string) => why.locator('.lead', { hasText: words }).waitFor();
    await says('keeps its slope');
    await choose({ Data: 'digits' });
    for (const loss of await setting('Loss').locator('option').allInnerTexts()) {
      await choose({ Loss: loss });
      await says(loss.includes('generalized') ? 'fades there too, by design' : 'keeps its slope');
    }
  });

  it('says what went wrong where the data are missing', async () => {
    await open({}, async () => {
      await page.route('**/digits.csv', (route) => route.fulfill({ status: 404 }));
    });
    await page
      .getByText(/could not start: Error: The data \S+digits\.csv did not load: 404/)
      .waitFor();
    // The browser says so too.
    expect(complaints.splice(0)).toEqual([expect.stringContaining('404')]);
  });

  it('selects the code where it may not copy it', async () => {
    await open({ permissions: [] }, async () => {
      // As it is without HTTPS.
      await page.addInitScript(() => {
        Object.defineProperty(navigator, 'clipboard', { value: undefined });
      });
    });
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Ctrl+C' }).waitFor();
    expect(await page.evaluate(() => String(getSelection()))).toBe(
      (await page.locator('.code code').innerText()).trimEnd(),
    );
  });

  it('shows all live curves beside the buttons in a low window', async () => {
    await open({ viewport: { width: 1366, height: 650 } });
    await page.locator('.starts').evaluate((starts) => {
      starts.scrollIntoView();
    });
    for (const part of ['.launch button', '.results plot-figure']) {
      for (const element of await page.locator(part).all()) {
        const { y, height } = (await element.boundingBox())!;
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y + height).toBeLessThanOrEqual(650);
      }
    }
  });

  it('asks for alpha only where it does something', async () => {
    await open();
    await choose({ Loss: 'BinaryFocalCrossentropy' });
    const balance = setting('Balance by alpha');
    await balance.waitFor();
    expect(await page.locator('#alpha').count()).toBe(0);
    await balance.check();
    await page.locator('#alpha').fill('0.9');
    const balanced = page.locator('.code', { hasText: 'applyClassBalancing: true, alpha: 0.9' });
    await balanced.waitFor();
    await balance.uncheck();
    await page.locator('#alpha').waitFor({ state: 'detached' });
    expect(await page.locator('.code').innerText()).not.toContain('alpha');
  });

  it('leaves the settings open or shut as they are, whatever becomes of the window', async () => {
    await open({ viewport: { width: 1200, height: 800 } });
    await page.setViewportSize({ width: 700, height: 800 });
    await page.getByLabel('A fair start').check();
    await page.locator('.how-sure').waitFor({ state: 'detached' });
    expect(await page.locator('.controls').getAttribute('open')).not.toBeNull();
  });

  it.each([
    [2, '1 in 8.'],
    [20, '1 in 485 million.'],
    [40, '1 in 10¹⁷.'],
  ])('says how sure it is, %i logits off', async (start, chance) => {
    await open();
    await page.getByLabel('How sure is it?').fill(String(start));
    await page.locator('#how-sure-text', { hasText: `${start} logits off` }).waitFor();
    expect(await page.locator('#how-sure-text').innerText()).toContain(chance);
  });

  it('leaves no tensor behind', async () => {
    await open();
    await choose({ Epochs: '5' });
    interface Engine {
      _tfengine: { state: { numTensors: number } };
    }
    const tensors = () =>
      page.evaluate(() => (globalThis as unknown as Engine)._tfengine.state.numTensors);
    await train();
    const before = await tensors();
    await page.getByLabel('A fair start').check();
    await train();
    // What the first training says may still stand there while the second one runs.
    await page.waitForFunction(
      (count) => (globalThis as unknown as Engine)._tfengine.state.numTensors === count,
      before,
    );
    expect(await tensors()).toBe(before);
  });

  it('can be used with the keyboard alone, and shows where one is', async () => {
    await open();
    await choose({ Epochs: '5' });
    const focus = async (matches: string) => {
      for (let presses = 0; presses < 40; presses++) {
        await page.keyboard.press('Tab');
        const { found, outlined } = await page.evaluate((selector) => {
          const element = document.activeElement!;
          const outlines = [element, element.closest('.card')].map((one) =>
            one === null ? 'none' : getComputedStyle(one).outlineStyle,
          );
          return {
            found: element.matches(selector),
            // Between its last element and its first one Tab leaves the page.
            outlined: element === document.body || outlines.some((style) => style === 'solid'),
          };
        }, matches);
        expect(outlined).toBe(true);
        if (found) return;
      }
      throw new Error(`Tab never reaches ${matches}.`);
    };
    await focus('[name=start]');
    await page.keyboard.press('ArrowDown');
    expect(await page.getByLabel('A fair start').isChecked()).toBe(true);
    await page.keyboard.press('ArrowUp');
    await focus('#how-sure');
    await page.keyboard.press('ArrowRight');
    await focus('button.primary');
    await page.keyboard.press('Enter');
    await page.locator('.status', { hasText: 'Training is done' }).waitFor();
    for (const stop of ['summary', '#dataset', '#backend', '[name=answer]', 'pre', 'a']) {
      await focus(stop);
    }
  });

  it('names every control, and tells a screen reader how it goes', async () => {
    await open();
    const nameless = await page
      .locator('input, select, button, progress, pre')
      .evaluateAll((elements) =>
        elements
          .filter((element) => {
            const labels = (element as Partial<HTMLInputElement>).labels?.length ?? 0;
            const name = element.ariaLabel ?? element.textContent;
            return labels === 0 && name.trim() === '';
          })
          .map((element) => element.outerHTML),
      );
    expect(nameless).toEqual([]);
    expect(await page.getByRole('status').count()).toBe(1);
    // Live curves and those of the loss; a name is for elements that may have one.
    expect(await page.getByRole('img', { name: /epoch|logit/ }).count()).toBe(5);
    expect(await page.locator('svg [aria-label]').count()).toBe(0);
    expect(await page.locator('h1').count()).toBe(1);
  });

  it.each([360, 320])('fits on a phone, %i pixels wide', async (width) => {
    await open({ viewport: { width, height: 740 }, hasTouch: true, isMobile: true });
    const overflow = () =>
      page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
    expect(await overflow()).toBe(0);
    for (const dataset of ['breast_cancer', 'digits']) {
      await choose({ Data: dataset, Epochs: '1' });
      await train();
      expect(await overflow()).toBe(0);
    }
  });

  it.each(['light', 'dark'] as const)('is legible in a %s theme', async (colorScheme) => {
    await open({ colorScheme });
    await choose({ Epochs: '1' });
    await train();
    const contrasts = await page.evaluate(() => {
      const canvas = document
        .createElement('canvas')
        .getContext('2d', { willReadFrequently: true })!;
      const luminance = (colour: string) => {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) =>
          value <= 10 ? value / 3294 : ((value / 255 + 0.055) / 1.055) ** 2.4,
        );
        return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
      };
      const contrast = (...colours: [string, string]) => {
        const [low, high] = colours.map(luminance).sort((a, b) => a - b);
        return (high! + 0.05) / (low! + 0.05);
      };
      const root = getComputedStyle(document.documentElement);
      const onPaper = (name: string) =>
        contrast(root.getPropertyValue('--paper'), root.getPropertyValue(name));
      return {
        ink: onPaper('--ink'),
        others: ['--muted', '--from-logits', '--tfjs'].map(onPaper),
        cells: [...document.querySelectorAll('.confusion tbody td')].map((cell) => {
          const { color, backgroundColor } = getComputedStyle(cell);
          return contrast(color, backgroundColor);
        }),
      };
    });
    // Of WCAG 2.2: text at least 4.5, lines at least 3.
    expect(contrasts.ink).toBeGreaterThan(7);
    expect(contrasts.cells).toHaveLength(12);
    expect(Math.min(...contrasts.others, ...contrasts.cells)).toBeGreaterThan(4.5);
  });

  it('shows progress, tables and the shaded zone also where the system chooses the colours', async () => {
    await open({ forcedColors: 'active' });
    await choose({ Epochs: '1' });
    await train();
    for (const part of ['progress', '.confusion tbody td', '.blind-mark']) {
      const border = await page
        .locator(part)
        .first()
        .evaluate((element) => getComputedStyle(element).borderTopStyle);
      expect([part, border]).toEqual([part, 'solid']);
    }
  });

  const links = () => page.getByRole('link', { name: 'Documentation' }).count();

  it('has a link to the documentation', async () => {
    await open();
    expect(await links()).toBe(1);
  });

  it('has no link where there is no documentation', async () => {
    const bare = join(root, 'temp/site_without_documentation');
    await build(bare, { DOCUMENTATION: join(root, 'temp/no_documentation') });
    const other = await serve(bare);
    try {
      await open({}, undefined, other.url);
      expect(await links()).toBe(0);
    } finally {
      other.close();
    }
  });

  it('has the documentation also while it is developed', async () => {
    await open();
    const vite = spawn(
      process.execPath,
      ['node_modules/vite/bin/vite.js', 'playground', '--port', '0'],
      { cwd: root, env },
    );
    try {
      const url = await new Promise<string>((resolve) => {
        vite.stdout.on('data', (text: Buffer) => {
          const found = /http:\S+:\d+\//.exec(stripVTControlCharacters(String(text)));
          if (found !== null) resolve(found[0]);
        });
      });
      const documentation = await (await fetch(`${url}api/`)).text();
      expect(documentation).toContain('<title>tfjs-losses');
      expect(documentation).not.toContain('id="app"');
    } finally {
      vite.kill();
    }
  });

  it('runs under a security policy that allows no eval', async () => {
    await open();
    const policy = await page
      .locator('meta[http-equiv=Content-Security-Policy]')
      .getAttribute('content');
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
  });
});
