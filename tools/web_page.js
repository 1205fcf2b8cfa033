/** Prints what pages of the given folders say, each: `result`, a promise that its scripts make, and their errors: paths, --, folders. */
import process from 'node:process';

import { launchChromium, serve } from './chromium.js';

const args = process.argv.slice(2);
const [paths, folders] = [args.slice(0, args.indexOf('--')), args.slice(args.indexOf('--') + 1)];
const { url, close } = await serve(...folders);
const browser = await launchChromium();
const said = [];
for (const path of paths) {
  const page = await browser.newPage();
  const errors = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  await page.goto(`${url}/${path}`);
  said.push({ result: await page.evaluate(() => globalThis.result ?? null), errors });
  await page.close();
}
console.log(JSON.stringify(said));
await browser.close();
close();
