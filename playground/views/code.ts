import { html, type TemplateResult } from 'lit-html';

import { datasetOf, type Actions, type State } from '../state.js';
import { program, runsInNode } from '../program.js';

/** The button. Where the page may not copy, it selects the code. */
const BUTTON = { 'not yet': 'Copy', done: 'Copied', refused: 'Now press Ctrl+C or ⌘C' };

/** The program that does what the page shows. */
export function code(state: State, actions: Actions): TemplateResult {
  const text = program(datasetOf(state), state.settings);
  return html`
    <section aria-labelledby="code">
      <h2 id="code">The code for exactly this</h2>
      <p class="lead">
        With these settings, it trains the same three models and prints the same results, up to
        rounding. ${place(state.settings.backend)}
      </p>
      <div class="code">
        <button
          type="button"
          @click=${async ({ currentTarget }: Event) => {
            const shown = (currentTarget as Element).nextElementSibling;
            const copied = await actions.copy(text);
            if (!copied && shown !== null) getSelection()?.selectAllChildren(shown);
          }}
        >
          ${BUTTON[state.copied]}
        </button>
        <pre tabindex="0" aria-label="Program"><code>${text}</code></pre>
      </div>
    </section>
  `;
}

/** Where the program runs. */
function place(backend: string): TemplateResult {
  const installed = 'Install the packages of its first line,';
  const data = 'The data come from the server of this page: keep it running.';
  if (!runsInNode(backend)) {
    return html`${installed} and make a web page of it by a bundler such as Vite; the results are in
    the console of the browser. ${data} If it does not let pages of other servers read them, put the
    file beside yours.`;
  }
  const files =
    backend === 'wasm'
      ? html` In a web page TensorFlow.js must also find its <code>.wasm</code> files: serve those
          of <code>node_modules/@tensorflow/tfjs-backend-wasm/dist/</code> and call
          <code>setWasmPaths</code> of that package with their folder, before
          <code>setBackend</code>.`
      : '';
  return html`${installed} save it as <code>train.mjs</code>, or as <code>.js</code> where
    <code>package.json</code> says <code>"type": "module"</code>, and run it in Node:
    <code>node train.mjs</code>. ${data}${files}`;
}
