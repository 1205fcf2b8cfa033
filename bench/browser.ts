/**
 * Times our losses against TF.js's own in headless Chromium, on webgl and webgpu: `npm run bench:browser`, which fills its part of
 * docs/performance.md, or some of it, such as `npm run bench:browser -- webgl sigmoid`.
 */
import { rmSync, writeFileSync } from 'node:fs';

import esbuild from 'esbuild';

import { launchChromium, serve, whyNoChromium } from '../tools/chromium.js';
import type { Measured } from './browser/page.js';
import { CELLS, LOSS_NAMES, type Cell } from './support/cells.js';
import { command } from './support/command.js';
import { publish, table } from './support/document.js';
import { filterOf } from './support/filter.js';
import { machine } from './support/machine.js';
import { ratio, times } from './support/statistics.js';

const FOLDER = 'temp/bench';

await command(async () => {
  const missing = whyNoChromium();
  if (missing !== undefined) throw new Error(`Nothing was measured: ${missing}.`);
  const { chosen, all } = filterOf(process.argv.slice(2), {
    backends: ['webgl', 'webgpu'],
    losses: LOSS_NAMES,
  });
  rmSync(FOLDER, { recursive: true, force: true });
  await esbuild.build({
    entryPoints: ['bench/browser/page.ts'],
    outdir: FOLDER,
    bundle: true,
    format: 'esm',
    alias: { 'tfjs-losses': './dist/esm/index.js' },
    tsconfig: 'bench/tsconfig.built.json',
    logLevel: 'error',
  });
  writeFileSync(
    `${FOLDER}/index.html`,
    '<!doctype html><script type="module" src="page.js"></script>',
  );

  const server = await serve(FOLDER);
  const browser = await launchChromium();
  const rows: string[][] = [];
  try {
    for (const backend of chosen.backends) {
      for (const cell of CELLS.filter(({ loss }) => chosen.losses.includes(loss))) {
        const first = [backend, cell.loss, `[${cell.shape.join(', ')}]`];
        console.error(first.join(' '));
        const page = await browser.newPage();
        await page.goto(`${server.url}/?${backend}`);
        await page.waitForFunction('globalThis.measure');
        const { theirs, ours } = await page.evaluate(
          (measured) =>
            (globalThis as unknown as { measure(of: Cell): Promise<Measured> }).measure(measured),
          cell,
        );
        await page.close();
        rows.push([
          ...first,
          times(theirs.milliseconds) + (theirs.isRight ? '' : ', wrong'),
          String(theirs.launches),
          times(ours.milliseconds),
          String(ours.launches),
          ratio(theirs.milliseconds, ours.milliseconds),
        ]);
      }
    }
  } finally {
    server.close();
    const version = browser.version();
    await browser.close();
    await publish(
      {
        'browser machine': machine({ Chromium: version }),
        browser: table(
          [
            'backend',
            'loss',
            'logits',
            'TensorFlow.js, ms',
            'launches',
            'tfjs-losses, ms',
            'launches',
            'times as fast',
          ],
          rows,
        ),
      },
      all && rows.length === 2 * CELLS.length,
    );
  }
});
