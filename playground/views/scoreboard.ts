import { html, type TemplateResult } from 'lit-html';

import { datasetOf, type State } from '../state.js';
import { isInTfjs, lossNamed } from '../losses.js';
import { givenOptions } from '../options.js';
import { VARIANTS } from '../variants.js';
import { brief, percent } from './format.js';
import { swatch } from './swatch.js';

/** The three models, what they are, and how they stand: the legend of all plots. */
export function scoreboard(state: State): TemplateResult {
  const { run } = state;
  const { activation } = run?.dataset ?? datasetOf(state);
  return html`
    <table class="scoreboard">
      <caption class="hidden">
        The three models and how they stand
      </caption>
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col">Loss</th>
          <th scope="col">Right</th>
          <th scope="col">Gradient</th>
        </tr>
      </thead>
      <tbody>
        ${VARIANTS.map((variant) => {
          const last = run?.measurements.findLast((measured) => measured.variant === variant.id);
          return html`
            <tr data-variant=${variant.id}>
              <th scope="row">
                <span class="name">${swatch(variant)} ${variant.title(activation)}</span>
                <span class="description">${variant.description(activation)}</span>
              </th>
              <td>${last === undefined ? '–' : brief(last.loss)}</td>
              <td>${last === undefined ? '–' : percent(last.accuracy)}</td>
              <td class=${last?.gradient === 0 ? 'blind' : ''}>
                ${last?.gradient === undefined ? '–' : brief(last.gradient)}
              </td>
            </tr>
          `;
        })}
      </tbody>
    </table>
    ${notes(state).map((note) => html`<p class="note">${note}</p>`)}
  `;
}

/** What the reader must know to compare the three fairly. */
function notes({ settings, run }: State): string[] {
  const loss = lossNamed(settings.loss);
  const list: string[] = [];
  if (!isInTfjs(loss)) {
    list.push('TensorFlow.js has no such loss: its own is plain cross-entropy, on another scale.');
  } else if (Object.keys(givenOptions(settings.loss, settings.options)).length > 0) {
    list.push('Losses in TensorFlow.js’s compile take no options: its own runs without them.');
  }
  if (run !== undefined && run.settings !== settings) {
    list.push('These results belong to the settings before. Train again to see the new ones.');
  }
  return list;
}
