import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import * as tf from '@tensorflow/tfjs';

import { shuffle, split } from './shuffle.js';

/** A handwritten digit: 8 × 8 pixels, row by row, from 0 (paper) to 1 (ink), and what was meant, 0 to 9. */
export interface Digit {
  pixels: number[];
  value: number;
}

/**
 * Optical Recognition of Handwritten Digits: 1,797 of them, shuffled by `seed`, the first `share` for training.
 * E. Alpaydin, C. Kaynak, 1998; UCI Machine Learning Repository, CC BY 4.0.
 */
export function loadDigits(
  seed?: number,
  share?: number,
): { training: Digit[]; validation: Digit[] } {
  const file = new URL('../data/digits.csv.gz', import.meta.url);
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n');
  const digits = lines.map((line) => {
    const numbers = line.split(',').map(Number);
    return { pixels: numbers.slice(0, 64).map((ink) => ink / 16), value: Number(numbers[64]) };
  });
  return split(shuffle(digits, seed), share);
}

/** The pixels of digits, shape [batch, 64]. */
export function pixelsOf(digits: readonly Digit[]): tf.Tensor2D {
  return tf.tensor2d(
    digits.map(({ pixels }) => pixels),
    [digits.length, 64],
  );
}
