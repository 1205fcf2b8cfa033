import { load, parse, split, toSamples, type Dataset } from './dataset.js';

const url = './data/digits.csv';

/** The class that a saturated start takes every digit for. */
const BELIEVED = 8;

/** Handwritten digits, 8 × 8 pixels each. */
export async function loadDigits(): Promise<Dataset> {
  const rows = parse(await load(url)).map((row) =>
    row.map((value, at) => (at < 64 ? value / 16 : value)),
  );
  const { training, validation } = split(rows);
  return {
    name: 'digits',
    title: 'Handwritten digits',
    sentence: '1,797 digits of 8 × 8 pixels: 0, 1, 2 … or 9?',
    source:
      'Optical Recognition of Handwritten Digits, E. Alpaydin, C. Kaynak, 1998; UCI Machine Learning Repository, CC BY 4.0',
    url,
    classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
    activation: 'softmax',
    units: 10,
    hiddenUnits: 32,
    saturatedBias: (logit) =>
      Array.from({ length: 10 }, (_, digit) => (digit === BELIEVED ? logit : 0)),
    saturatedBelief: `every digit is an ${BELIEVED}`,
    training: toSamples(training),
    validation: toSamples(validation),
  };
}
