import { readFileSync } from 'node:fs';

import { shuffle, split } from './shuffle.js';

/** A patient: ten measurements, and how far diabetes had progressed a year later, from 25 to 346. */
export interface Patient {
  measurements: number[];
  progression: number;
}

/**
 * 442 patients with diabetes, shuffled by `seed`, four fifths of them for training.
 * B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, Least Angle Regression, Annals of Statistics 32 (2004).
 */
export function loadDiabetes(seed?: number): { training: Patient[]; validation: Patient[] } {
  const file = new URL('../data/diabetes.csv', import.meta.url);
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const patients = lines.map((line) => {
    const numbers = line.split(',').map(Number);
    return { measurements: numbers.slice(0, 10), progression: Number(numbers[10]) };
  });
  return split(shuffle(patients, seed));
}
