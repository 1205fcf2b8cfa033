import { html, type TemplateResult } from 'lit-html';

import { datasetOf, type Actions, type State } from '../state.js';
import { BACKEND_TITLES } from '../backends.js';
import { LOSS_SENTENCES, lossesFor, titleOf, type OptionValue } from '../losses.js';
import { effectiveOptions, OPTION_CONTROLS } from '../options.js';
import type { Settings } from '../settings.js';

/** Where there is room for them. Afterwards, whoever opens or closes them decides. */
const OPEN_AT_FIRST = window.matchMedia('(min-width: 60rem)').matches;

/** Everything that can be changed about a training, each with a sentence. */
export function controls(state: State, actions: Actions): TemplateResult {
  const { settings, datasets, backends, training } = state;
  const dataset = datasetOf(state);
  return html`
    <details class="controls" ?open=${OPEN_AT_FIRST}>
      <summary>Data, loss and training</summary>
      <fieldset ?disabled=${training}>
        <legend class="hidden">Settings</legend>
        ${select({
          id: 'dataset',
          title: 'Data',
          sentence: dataset.sentence,
          value: settings.dataset,
          values: datasets.map(({ name, title }) => [name, title]),
          choose: actions.chooseDataset,
        })}
        ${select({
          id: 'loss',
          title: 'Loss',
          sentence: LOSS_SENTENCES[settings.loss] ?? '',
          value: settings.loss,
          values: lossesFor(dataset.activation).map(({ className }) => [
            className,
            titleOf(className),
          ]),
          choose: actions.chooseLoss,
        })}
        ${Object.entries(effectiveOptions(settings.options)).map(([name, value]) =>
          option(name, value, (chosen) => {
            actions.choose({ options: { ...settings.options, [name]: chosen } });
          }),
        )}
        ${select({
          id: 'optimizer',
          title: 'Optimizer',
          sentence: 'The rule that turns gradients into changes. Adam picks its step sizes itself.',
          value: settings.optimizer,
          values: [
            ['adam', 'Adam'],
            ['sgd', 'Gradient descent (SGD)'],
          ],
          choose: (value) => {
            actions.choose({ optimizer: value as Settings['optimizer'] });
          },
        })}
        ${select({
          id: 'learningRate',
          title: 'Learning rate',
          sentence: 'How large each change is. Too large, and training jumps about.',
          value: String(settings.learningRate),
          values: [0.001, 0.003, 0.01, 0.03, 0.1].map((rate) => [String(rate), String(rate)]),
          choose: (value) => {
            actions.choose({ learningRate: Number(value) });
          },
        })}
        ${select({
          id: 'epochs',
          title: 'Epochs',
          sentence: 'How often the models see all training rows.',
          value: String(settings.epochs),
          values: [1, 5, 10, 20, 40].map((epochs) => [String(epochs), String(epochs)]),
          choose: (value) => {
            actions.choose({ epochs: Number(value) });
          },
        })}
        ${select({
          id: 'backend',
          title: 'Backend',
          sentence:
            'What TensorFlow.js computes with. For models this small, graphics cards (WebGL, WebGPU) are slower.',
          value: settings.backend,
          values: backends.map((name) => [name, BACKEND_TITLES[name] ?? name]),
          choose: (value) => {
            void actions.chooseBackend(value);
          },
        })}
      </fieldset>
    </details>
  `;
}

interface Select {
  readonly id: string;
  readonly title: string;
  readonly sentence: string;
  readonly value: string;
  /** Values with the words for them. */
  readonly values: readonly (readonly [string, string])[];
  readonly choose: (value: string) => void;
}

function select({ id, title, sentence, value, values, choose }: Select): TemplateResult {
  return html`
    <div class="control">
      <label for=${id}>${title}</label>
      <select
        id=${id}
        aria-describedby="${id}-sentence"
        @change=${(event: Event) => {
          choose((event.target as HTMLSelectElement).value);
        }}
      >
        ${values.map(
          ([name, words]) =>
            html`<option value=${name} .selected=${name === value}>${words}</option>`,
        )}
      </select>
      <p id="${id}-sentence">${sentence}</p>
    </div>
  `;
}

function option(
  name: string,
  value: OptionValue,
  choose: (value: OptionValue) => void,
): TemplateResult {
  const control = OPTION_CONTROLS[name];
  const input =
    control?.range === undefined
      ? html`<input
          id=${name}
          type="checkbox"
          aria-describedby="${name}-sentence"
          .checked=${value === true}
          @change=${(event: Event) => {
            choose((event.target as HTMLInputElement).checked);
          }}
        />`
      : html`<input
          id=${name}
          type="range"
          min=${control.range.min}
          max=${control.range.max}
          step=${control.range.step}
          aria-describedby="${name}-sentence"
          .value=${String(value)}
          @input=${(event: Event) => {
            choose((event.target as HTMLInputElement).valueAsNumber);
          }}
        />`;
  return html`
    <div class="control">
      <label for=${name}>
        ${control?.title}
        ${typeof value === 'number' ? html`<span class="value" aria-hidden="true">${value}</span>` : ''}
      </label>
      ${input}
      <p id="${name}-sentence">${control?.sentence}</p>
    </div>
  `;
}
