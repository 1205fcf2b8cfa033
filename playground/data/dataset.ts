import type { Activation } from '../losses.js';

/** Rows of numbers, each with its class. */
export interface Samples {
  readonly features: number[][];
  readonly labels: number[];
}

/** Real data, and the small model that suits it. */
export interface Dataset {
  readonly name: string;
  readonly title: string;
  readonly sentence: string;
  readonly source: string;
  /** Where the file is. */
  readonly url: string;
  readonly classes: readonly string[];
  /** The last layer of the model: its activation and its units. */
  readonly activation: Activation;
  readonly units: number;
  /** Units of the layer before. */
  readonly hiddenUnits: number;
  /** Biases of the last layer that make every row be taken for one class, by this logit. */
  readonly saturatedBias: (logit: number) => number[];
  /** What such a model believes. */
  readonly saturatedBelief: string;
  readonly training: Samples;
  readonly validation: Samples;
}

/** The first four fifths of the rows for training, the last fifth to see what the model makes of new ones. */
export function split(rows: readonly number[][]): { training: number[][]; validation: number[][] } {
  const end = Math.round(rows.length * 0.8);
  return { training: rows.slice(0, end), validation: rows.slice(end) };
}

/** Rows whose last number is the class. */
export function toSamples(rows: readonly number[][]): Samples {
  return {
    features: rows.map((row) => row.slice(0, -1)),
    labels: rows.map((row) => row.at(-1) ?? 0),
  };
}

/** The text of a file. */
export async function load(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(
      `The data ${response.url} did not load: ${response.status} ${response.statusText}`,
    );
  }
  return response.text();
}

/** Lines of numbers. */
export function parse(text: string): number[][] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number));
}
