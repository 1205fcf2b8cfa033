/** The README, as a newcomer reads it: its snippets are pasted into a fresh folder, and its links are followed. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { isLossClass } from '../src/core/loss.js';
import * as losses from '../src/losses/index.js';
import { installPacked } from './support/packed.js';

const root = join(__dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const readme = read('README.md');
const snippets = [...readme.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code!);

describe('every snippet runs when it is pasted, and prints what its comments say', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-losses-'));

  beforeAll(() => {
    mkdirSync(join(folder, 'node_modules'));
    installPacked(folder, '@tensorflow');
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(snippets.map((code, index) => [index + 1, code] as const))('%i', (index, code) => {
    const file = join(folder, `train${index}.mjs`);
    writeFileSync(file, code);
    const { stdout, stderr, status } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const promised = [...code.matchAll(/\/\/ → (.+)$/gm)].map(([, line]) => line!);
    expect(promised.length).toBeGreaterThan(0);
    const printed = withoutAdvert(stdout).trim().split('\n');
    expect(printed.map(withoutNumbers)).toEqual(promised.map(withoutNumbers));
    const numbers = numbersIn(printed);
    // The README rounds to four digits.
    for (const [at, number] of numbersIn(promised).entries()) {
      expect(numbers[at]).toBeCloseTo(number, 4);
    }
    // What it warns of stands below it.
    const warnings = stderr.split('\n').filter((line) => line.startsWith('tfjs-losses: '));
    for (const warning of warnings) expect(readme.replaceAll('\n', ' ')).toContain(warning);
    expect(warnings).toHaveLength(index === 1 ? 1 : 0);
  });
});

/** TensorFlow.js recommends tfjs-node when its cpu backend starts. */
function withoutAdvert(text: string): string {
  return text.replace(/\n?=+\nHi, looks like[^]*?=+\n/, '');
}

const NUMBER = /-?\d+(\.\d+)?/g;
const withoutNumbers = (line: string) => line.replace(NUMBER, '#');
const numbersIn = (lines: string[]) =>
  lines.flatMap((line) => line.match(NUMBER) ?? []).map(Number);

it('fits on a few screens', () => {
  expect(readme.split('\n').length).toBeLessThanOrEqual(151);
});

it('names every loss in the table of docs/losses.md', () => {
  const table = read('docs/losses.md');
  const names = Object.values(losses).flatMap((exported) =>
    isLossClass(exported) ? [exported.className] : [],
  );
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) expect(table).toMatch(new RegExp(`\\| \`${name}\` *\\|`));
});

describe('its links', () => {
  const { homepage } = JSON.parse(read('package.json')) as { homepage: string };
  const address = homepage.replace(/#readme$/, '');
  const links = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);

  // npm shows the README, and has none of the files beside it.
  it('are absolute', () => {
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((link) => !link.startsWith('https://'))).toEqual([]);
  });

  it('lead to files that are there', () => {
    const raw = address.replace('https://github.com', 'https://raw.githubusercontent.com');
    const missing = links.filter((link) => {
      const file = link.replace(`${address}/blob/main/`, '').replace(`${raw}/main/`, '');
      return !existsSync(join(root, file.replace(/#.*$/, '')));
    });
    expect(missing).toEqual([]);
  });
});
