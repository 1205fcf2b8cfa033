import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

const root = join(__dirname, '..');

/** What an example prints when a user runs it. */
function output(...args: string[]): string {
  const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
  return execFileSync(process.execPath, [tsx, 'examples/index.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The cells of a table's line: pairs of loss and validation accuracy. */
function cells(text: string, part: number, epoch: string): { loss: number; accuracy: number }[] {
  const lines = (text.split(/^\d\. /m).at(part) ?? '').split('\n');
  const line = lines.find((candidate) => candidate.startsWith(`${epoch} `)) ?? '';
  return [...line.matchAll(/(\d+\.\d+) +(\d+\.\d) %/g)].map(([, loss, accuracy]) => ({
    loss: Number(loss),
    accuracy: Number(accuracy),
  }));
}

describe('npm run example', () => {
  it('trains with and without a sigmoid, and recovers from a saturated start where TF.js does not', () => {
    const text = output();
    expect(text).toMatch(/^Backend: (tensorflow|wasm \(.+\)|cpu \(.+\))$/m);

    const [sigmoid, logits] = cells(text, 1, '20');
    expect(sigmoid!.accuracy).toBeGreaterThan(95);
    expect(logits!.accuracy).toBeGreaterThan(95);
    expect(logits!.loss).toBeCloseTo(sigmoid!.loss, 2);

    const [start, end] = [cells(text, 2, 'start'), cells(text, 2, '8')];
    expect(start.map(({ accuracy }) => accuracy < 10)).toEqual([true, true, true, true]);
    expect(end.slice(0, 2).map(({ accuracy }) => accuracy > 85)).toEqual([true, true]);
    expect(end.slice(2)).toEqual(start.slice(2));
  }, 120_000);

  it('standalone: prints known values', () => {
    const text = output('standalone');
    expect(text).toMatch(/from probabilities +\[2\] +0\.916291 {2}0\.713558/);
    expect(text).toMatch(/sampleWeight \[0\.8, 0\.2\] +\[\] +0\.243639/);
    expect(text).toMatch(/compat: 'keras2' +\[1\] +5\.14165/);
  }, 60_000);

  it('custom_training_loop: learns, and leaves no tensor behind', () => {
    const text = output('custom_training_loop');
    const accuracies = [...text.matchAll(/^\d+ +\d\.\d+ +(\d+\.\d) %/gm)].map(([, a]) => Number(a));
    expect(accuracies).toHaveLength(15);
    expect(accuracies.at(-1)).toBeGreaterThan(95);
    expect(text).toContain('Tensors left behind: 0');
  }, 60_000);

  it('of an unknown name lists the known ones', () => {
    let text = '';
    try {
      output('nonsense');
    } catch (error) {
      text = (error as { stderr: string }).stderr;
    }
    expect(text).toContain(`No example is called 'nonsense'. There are: breast_cancer, `);
  }, 30_000);
});
