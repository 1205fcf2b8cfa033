import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import keras from '../examples/data/keras_model/keras.json';

/** Whether all is tested: `npm run test:all`. */
declare const __ALL__: boolean;

/** The examples that train long: `npm test` leaves them out. */
const longIt = __ALL__ ? it : it.skip;

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

/** The numbers in the line of a table that begins with `first`. */
function numbers(text: string, first: string, pattern: RegExp): number[] {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${first} `)) ?? '';
  return [...line.matchAll(pattern)].map(([, number]) => Number(number));
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
  });

  it('standalone: prints known values', () => {
    const text = output('standalone');
    expect(text).toMatch(/from probabilities +\[2\] +0\.916291 {2}0\.713558/);
    expect(text).toMatch(/sampleWeight \[0\.8, 0\.2\] +\[\] +0\.243639/);
    expect(text).toMatch(/compat: 'keras2' +\[1\] +5\.14165/);
  });

  it('custom_training_loop: learns, and leaves no tensor behind', () => {
    const text = output('custom_training_loop');
    const accuracies = [...text.matchAll(/^\d+ +\d\.\d+ +(\d+\.\d) %/gm)].map(([, a]) => Number(a));
    expect(accuracies).toHaveLength(15);
    expect(accuracies.at(-1)).toBeGreaterThan(95);
    expect(text).toContain('Tensors left behind: 0');
  });

  longIt(
    'digits: trains the same with a softmax layer and from logits, by one-hot labels and by indices',
    () => {
      const text = output('digits');
      const [start, end] = [cells(text, 0, 'start'), cells(text, 0, '10')];
      expect(start).toHaveLength(4);
      expect(end).toHaveLength(4);
      for (const { loss, accuracy } of end) {
        expect(loss).toBeLessThan(0.1);
        expect(loss).toBeCloseTo(end[0]!.loss, 2);
        expect(accuracy).toBeGreaterThan(95);
        expect(Math.abs(accuracy - end[0]!.accuracy)).toBeLessThan(0.7);
      }
    },
  );

  longIt('imbalanced_labels: posWeight and focal loss win over plain cross-entropy', () => {
    const text = output('imbalanced_labels');
    expect(text).toContain('25 of 832 for training');
    expect(text).toContain('the mean of 10 seeds');
    for (const [epochs, lead] of [
      ['10', 15],
      ['20', 4],
    ] as const) {
      const [plain, posWeight, focal] = numbers(text, epochs, /(\d+\.\d) %/g);
      expect(posWeight! - plain!).toBeGreaterThan(lead);
      expect(focal! - plain!).toBeGreaterThan(lead);
    }
    // In how many seeds posWeight and focal loss are better: worse after ten epochs.
    const better = numbers(text, '10', /(\d+) : \d/g);
    expect(better.map((seeds) => seeds >= 8)).toEqual([true, true]);
  });

  longIt(
    'regression_with_outliers: mse follows the wrong labels, mae, huber and logCosh the right ones',
    () => {
      const text = output('regression_with_outliers');
      const [none, one, many] = ['0', '1', '35'].map((row) => numbers(text, row, /(\d+\.\d)/g));
      const [guess, ...clean] = none!;
      expect(clean).toHaveLength(4);
      expect(Math.max(...clean)).toBeLessThan(0.75 * guess!);
      expect(Math.max(...clean) - Math.min(...clean)).toBeLessThan(2);

      const cost = (row: number[], column: number) => row[column]! - none![column]!;
      const [MSE, MAE, HUBER, LOG_COSH] = [1, 2, 3, 4] as const;
      expect(cost(one!, MSE)).toBeGreaterThan(cost(many!, HUBER));
      expect(many![MSE]).toBeGreaterThan(2 * many![0]!);
      for (const column of [MAE, HUBER, LOG_COSH]) {
        expect(cost(one!, column)).toBeLessThan(1);
        expect(many![column]).toBeLessThan(0.85 * many![0]!);
      }
      expect(cost(many!, MAE)).toBeLessThan(cost(many!, HUBER));
      // In how many seeds mae, huber and logCosh are better than mse: worse once labels are wrong.
      const better = (row: string) => numbers(text, row, /(\d+) : \d/g);
      expect(better('1').map((seeds) => seeds >= 7)).toEqual([true, true, true]);
      expect(better('35')).toEqual([10, 10, 10]);

      // How many ordinary patients an outlier outweighs: by a constant slope, a slope up to delta, and tanh.
      const [mse, mae, huber, logCosh] = numbers(text, 'ratio', /(\d+\.\d)/g);
      expect(mse).toBeGreaterThan(20);
      expect(mae).toBe(1);
      expect(huber).toBe(2);
      expect(logCosh).toBeCloseTo(1 / Math.tanh(0.5), 1);
    },
  );

  longIt(
    'autoencoder: comes close to the entropy of the pixels, and its drawings to the digits',
    () => {
      const text = output('autoencoder');
      const [start, end] = ['start', '20'].map((epoch) => numbers(text, epoch, /(\d\.\d{4})/g));
      expect(start![0]).toBeGreaterThan(0.6);
      expect(end![0]).toBeLessThan(0.28);
      expect(end![0]).toBeGreaterThan(end![1]!);
      expect(end![1]).toBe(start![1]);

      const drawings = text.split('after\n')[1]!.split('\nA quarter')[0]!.split('\n');
      // Columns of 20 characters behind a first one of 8, two characters per pixel.
      const shades = (column: number) =>
        drawings.map((line) => line.padEnd(68).slice(8 + 20 * column, 24 + 20 * column));
      const distance = (column: number) =>
        shades(0).flatMap((line, row) =>
          Array.from(line, (shade, at) =>
            Math.abs(' ░▒▓█'.indexOf(shade) - ' ░▒▓█'.indexOf(shades(column)[row]![at]!)),
          ),
        );
      const total = (column: number) => distance(column).reduce((sum, value) => sum + value, 0);
      expect(total(2)).toBeLessThan(total(1) / 2);
    },
  );

  longIt(
    'segmentation: Dice loss, alone or with cross-entropy, finds the ink that cross-entropy leaves out',
    () => {
      const text = output('segmentation');
      expect(text).toContain('5.2 % of the pixels are ink');
      const [bce, dice, both] = numbers(text, '12', /(\d\.\d{3}) {2}\d\.\d{3}/g);
      expect(dice! - bce!).toBeGreaterThan(0.03);
      expect(both! - bce!).toBeGreaterThan(0.03);
      const found = numbers(text, '12', /(\d+\.\d) %/g);
      expect(found[1]! - found[0]!).toBeGreaterThan(10);
      const nats = numbers(text, 'BCE', /(\d\.\d{3})/g);
      expect(nats[1]! / nats[0]!).toBeGreaterThan(1.3);
      expect(nats[2]! / nats[0]!).toBeLessThan(1.15);
    },
  );

  longIt('ctc_digits: reads rows of digits without being told where each one is', () => {
    const text = output('ctc_digits');
    const [start, first, end] = ['start', '1', '8'].map((epoch) =>
      numbers(text, epoch, /(\d+\.\d+)/g),
    );
    expect(start![1]).toBeGreaterThan(30);
    expect(start![2]).toBe(0);
    expect(first![1]).toBeLessThan(start![1]!);
    expect(end![1]).toBeLessThan(1);
    expect(end![2]).toBeGreaterThan(75);
    // What is left of a path without repetitions and blanks.
    const paths = [...text.matchAll(/^\d{3,5} +([\d·]{24}) +(\d*)$/gm)];
    expect(paths).toHaveLength(4);
    for (const [, path, read] of paths) {
      expect(path!.replace(/(.)\1+/g, '$1').replaceAll('·', '')).toBe(read);
    }
  });

  it('multi_label: answers each question', () => {
    const text = output('multi_label');
    const accuracies = numbers(text, '15', /(\d+\.\d) %/g);
    expect(accuracies).toHaveLength(5);
    for (const accuracy of accuracies) expect(accuracy).toBeGreaterThan(92);
    const [overall, ...each] = accuracies;
    expect(each.reduce((sum, accuracy) => sum + accuracy / 4, 0)).toBeCloseTo(overall!, 0);
  });

  it("keras_model: gives Keras's loss, trains on, and goes on after saving as if nothing had happened", () => {
    const text = output('keras_model');
    expect(text).toContain(
      'TensorFlow.js alone: "An InputLayer should be passed either a `batchInputShape`',
    );
    expect(text).toMatch(/^loss +BinaryCrossentropy\n.*from_logits true, label_smoothing 0\.1/m);
    expect(text).toMatch(/^optimizer +Adam\n.*learningRate 0\.003,/m);
    expect(text).toMatch(/^metrics +accuracy$/m);

    const evaluated = text.split('\n2. ')[1]!;
    const losses = numbers(evaluated, 'loss', /(\d\.\d{6})/g);
    expect(losses).toHaveLength(2);
    for (const loss of losses) expect(loss).toBeCloseTo(keras.evaluate.loss, 4);
    const accuracies = numbers(evaluated, '> 0', /(\d+\.\d) %/g);
    expect(accuracies).toHaveLength(2);
    for (const accuracy of accuracies) {
      expect(accuracy).toBeCloseTo(100 * keras.aboveZero.benign, 1);
    }

    const [[start], [end]] = [cells(text, 3, String(keras.epochs)), cells(text, 3, '8')];
    expect(end!.loss).toBeLessThan(0.9 * start!.loss);
    expect(end!.accuracy).toBeGreaterThan(start!.accuracy);

    for (const epoch of ['9', '10', '11', '12']) {
      const [uninterrupted, loaded, anew] = cells(text, 4, epoch);
      expect(loaded).toEqual(uninterrupted);
      expect(anew!.loss).toBeGreaterThan(loaded!.loss);
    }
  });

  it('of an unknown name lists the known ones', () => {
    let text = '';
    try {
      output('nonsense');
    } catch (error) {
      text = (error as { stderr: string }).stderr;
    }
    expect(text).toContain(
      `No example is called 'nonsense'. There are: autoencoder, breast_cancer, `,
    );
  });
});
