import * as tf from '@tensorflow/tfjs';
import { render } from 'lit-html';

import { startBackends, useBackend } from './backends.js';
import { loadBreastCancer } from './data/breast_cancer.js';
import { loadDigits } from './data/digits.js';
import { lossesFor } from './losses.js';
import { defaultOptions } from './options.js';
import type { Settings } from './settings.js';
import { datasetOf, type Actions, type State } from './state.js';
import { lossCurves } from './training/loss_curves.js';
import { train } from './training/train.js';
import { verdict } from './views/verdict.js';
import { page } from './views/page.js';

/** The playground: its state, and what a person can do to it. */
export class App implements Actions {
  private state: State | undefined;
  private stopping = new AbortController();
  private frame = 0;

  constructor(private readonly root: HTMLElement) {}

  /** Loads the data, finds the backends, and shows the page. */
  async start(): Promise<void> {
    const backends = await startBackends();
    const backend = backends[0] ?? tf.getBackend();
    await useBackend(backend);
    const datasets = await Promise.all([loadBreastCancer(), loadDigits()]);
    const [dataset] = datasets;
    this.root.replaceChildren();
    this.state = {
      datasets,
      backends,
      settings: {
        dataset: dataset.name,
        ...lossChoice(lossesFor(dataset.activation)[0]?.className ?? ''),
        start: 20,
        optimizer: 'adam',
        learningRate: 0.01,
        epochs: 20,
        backend,
      },
      training: false,
      curves: [],
      answer: 1,
      status: 'Ready.',
      copied: 'not yet',
    };
    await this.draw();
  }

  readonly choose = (change: Partial<Settings>): void => {
    this.set(({ settings }) => ({ settings: { ...settings, ...change }, copied: 'not yet' }));
    void this.draw();
  };

  readonly chooseDataset = (name: string): void => {
    const dataset = this.current().datasets.find((candidate) => candidate.name === name);
    if (dataset === undefined) return;
    const [loss] = lossesFor(dataset.activation);
    this.choose({ dataset: name, ...lossChoice(loss?.className ?? '') });
  };

  readonly chooseLoss = (className: string): void => {
    this.choose(lossChoice(className));
  };

  readonly chooseAnswer = (answer: 0 | 1): void => {
    this.set(() => ({ answer }));
    void this.draw();
  };

  readonly chooseBackend = async (backend: string): Promise<void> => {
    await useBackend(backend);
    this.choose({ backend });
  };

  readonly train = async (): Promise<void> => {
    const { settings, training } = this.current();
    if (training) return;
    this.stopping = new AbortController();
    this.set(() => ({ training: true, status: 'Training three models …' }));
    try {
      await train(datasetOf(this.current()), settings, this.stopping.signal, (run) => {
        this.set(() => ({ run }));
      });
      this.set(({ run }) => ({ status: run ? verdict(run) : '' }));
    } catch (error) {
      this.set(() => ({ status: `Training failed: ${String(error)}` }));
    } finally {
      this.set(() => ({ training: false }));
    }
  };

  readonly stop = (): void => {
    this.stopping.abort();
  };

  readonly copy = async (code: string): Promise<boolean> => {
    try {
      await navigator.clipboard.writeText(code);
      this.set(() => ({ copied: 'done' }));
      return true;
    } catch {
      // Browsers have no clipboard for pages without HTTPS, and people may forbid it.
      this.set(() => ({ copied: 'refused' }));
      return false;
    }
  };

  /** Computes the curves of the loss anew. */
  private async draw(): Promise<void> {
    const { settings, answer } = this.current();
    const curves = await lossCurves(settings, datasetOf(this.current()), answer);
    // Somebody moves a slider faster than curves are computed: the last ones count.
    const now = this.current();
    if (now.settings === settings && now.answer === answer) this.set(() => ({ curves }));
  }

  private current(): State {
    if (this.state === undefined) throw new Error('The page has not started yet.');
    return this.state;
  }

  private set(change: (state: State) => Partial<State>): void {
    const state = this.current();
    this.state = { ...state, ...change(state) };
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      render(page(this.current(), this), this.root);
    });
  }
}

function lossChoice(loss: string): Pick<Settings, 'loss' | 'options'> {
  return { loss, options: defaultOptions(loss) };
}
