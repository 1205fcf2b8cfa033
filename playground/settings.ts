import type { OptionValue } from './losses.js';

/** What the person has chosen: all that decides what a training gives. */
export interface Settings {
  /** Name of the data set. */
  readonly dataset: string;
  /** Class name of the loss. */
  readonly loss: string;
  /** Options of the loss that the page has controls for. */
  readonly options: Readonly<Record<string, OptionValue>>;
  /** How far the logits of the start are on one side: 0 is a fair start. */
  readonly start: number;
  readonly optimizer: 'adam' | 'sgd';
  readonly learningRate: number;
  readonly epochs: number;
  /** What TensorFlow.js computes with. */
  readonly backend: string;
}

/** Rows that one step of training sees. */
export const BATCH_SIZE = 32;
