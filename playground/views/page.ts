import { html, nothing, type TemplateResult } from 'lit-html';

import { datasetOf, type Actions, type State } from '../state.js';
import { code } from './code.js';
import { controls } from './controls.js';
import { intro } from './intro.js';
import { launch } from './launch.js';
import { liveCurves } from './live_curves.js';
import { outcome } from './outcome.js';
import { saturation } from './saturation.js';
import { scoreboard } from './scoreboard.js';

/** The whole page. */
export function page(state: State, actions: Actions): TemplateResult {
  return html`
    ${intro()}
    <main>
      <section class="experiment" aria-labelledby="experiment">
        <h2 id="experiment">Train three models side by side</h2>
        <p class="lead">
          They see the same rows in the same order, and begin with the same weights. Only the loss
          differs, and the one from logits has no ${datasetOf(state).activation} at its end.
        </p>
        <div class="bench">
          <div>${launch(state, actions)} ${controls(state, actions)}</div>
          <div class="results">
            <p class="status" role="status">${state.status}</p>
            ${scoreboard(state)} ${liveCurves(state)}
          </div>
        </div>
      </section>
      ${saturation(state, actions)} ${outcome(state)} ${code(state, actions)}
    </main>
    <footer>
      <p>Data: ${datasetOf(state).source}. Everything runs in your browser; nothing leaves it.</p>
      ${
        import.meta.env.VITE_DOCUMENTED === 'true'
          ? html`<p><a href="./api/">Documentation of tfjs-losses</a></p>`
          : nothing
      }
    </footer>
  `;
}
