/** Prints what a page of the given folders says: `result`, a promise that its scripts make, and their errors. */
import process from 'node:process';

import { launchChromium, serve } from '../../tools/chromium.js';

const [path, ...folders] = process.argv.slice(2);
const { url, close } = await serve(...folders);
const browser = await launchChromium();
const page = await browser.newPage();
const errors = [];
page.on('pageerror', ({ message }) => errors.push(message));
await page.goto(`${url}/${path}`);
const result = await page.evaluate(() => globalThis.result ?? null);
console.log(JSON.stringify({ result, errors }));
await browser.close();
close();
