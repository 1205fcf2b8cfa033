import type { Dataset } from './data/dataset.js';
import type { Settings } from './settings.js';
import type { CurvePoint } from './training/loss_curves.js';
import type { Run } from './training/train.js';

/** All that the page shows. */
export interface State {
  readonly datasets: readonly Dataset[];
  readonly backends: readonly string[];
  readonly settings: Settings;
  readonly training: boolean;
  /** The last training, or the one that runs. */
  readonly run?: Run;
  readonly curves: readonly CurvePoint[];
  /** The true answer that the curves are drawn for. */
  readonly answer: 0 | 1;
  /** What is going on, in a sentence that screen readers say aloud. */
  readonly status: string;
  /** What became of the wish to copy the code. */
  readonly copied: 'not yet' | 'done' | 'refused';
}

/** What a person can do on the page. */
export interface Actions {
  /** Changes settings. */
  readonly choose: (change: Partial<Settings>) => void;
  /** Changes the data set, and with it the loss. */
  readonly chooseDataset: (name: string) => void;
  /** Changes the loss; its options begin at their defaults. */
  readonly chooseLoss: (className: string) => void;
  /** Changes the true answer that the curves are drawn for. */
  readonly chooseAnswer: (answer: 0 | 1) => void;
  /** Changes the backend that TensorFlow.js computes on. */
  readonly chooseBackend: (backend: string) => Promise<void>;
  /** Trains the three models. */
  readonly train: () => Promise<void>;
  /** Stops the training after its current batch. */
  readonly stop: () => void;
  /** Copies the code, and gives whether the browser allowed it. */
  readonly copy: (code: string) => Promise<boolean>;
}

/** The data set that is chosen. */
export function datasetOf({ datasets, settings }: Pick<State, 'datasets' | 'settings'>): Dataset {
  const found = datasets.find(({ name }) => name === settings.dataset);
  if (found === undefined) throw new RangeError(`There is no data set ${settings.dataset}.`);
  return found;
}
