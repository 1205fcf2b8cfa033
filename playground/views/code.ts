import { html, type TemplateResult } from 'lit-html';

import { datasetOf, type App, type State } from '../app.js';
import { program } from '../program.js';

/** The program that does what the page shows. */
export function code(state: State, app: App): TemplateResult {
  const text = program(datasetOf(state), state.settings, state.backend);
  return html`
    <section aria-labelledby="code">
      <h2 id="code">The code for exactly this</h2>
      <p class="lead">
        With these settings, it trains the same three models and prints the same results. It runs in
        Node, and in any bundler.
      </p>
      <div class="code">
        <button
          type="button"
          @click=${() => {
            void app.copy(text);
          }}
        >
          ${state.copied ? 'Copied' : 'Copy'}
        </button>
        <pre tabindex="0" aria-label="Program"><code>${text}</code></pre>
      </div>
    </section>
  `;
}
