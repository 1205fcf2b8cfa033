import { html, type TemplateResult } from 'lit-html';

import { datasetOf, type Actions, type State } from '../state.js';
import { oneIn, plural } from './format.js';

/** Logit of the saturated start, unless the person chooses another. */
const SATURATED = 20;

/** Where training starts, the buttons, and how far it is. */
export function launch(state: State, actions: Actions): TemplateResult {
  const { settings, training, run } = state;
  const saturated = settings.start !== 0;
  const dataset = datasetOf(state);
  return html`
    <fieldset class="starts" ?disabled=${training}>
      <legend>Where does training start?</legend>
      <label class="card">
        <input
          type="radio"
          name="start"
          value="saturated"
          .checked=${saturated}
          @change=${() => {
            actions.choose({ start: SATURATED });
          }}
        />
        <span class="card-title">Sure and wrong</span>
        <span>
          Before it has seen a single row, the model is convinced that ${dataset.saturatedBelief}.
        </span>
        ${numberLine(saturated ? settings.start : SATURATED)}
      </label>
      <label class="card">
        <input
          type="radio"
          name="start"
          value="fair"
          .checked=${!saturated}
          @change=${() => {
            actions.choose({ start: 0 });
          }}
        />
        <span class="card-title">A fair start</span>
        <span
          >The model has no opinion yet: its logits are around 0. This is how training usually
          begins.</span
        >
        ${numberLine(0)}
      </label>
    </fieldset>
    ${
      saturated
        ? html`<p class="how-sure">
            <label for="how-sure">How sure is it?</label>
            <input
              id="how-sure"
              type="range"
              min="2"
              max="40"
              step="1"
              aria-describedby="how-sure-text"
              .value=${String(settings.start)}
              ?disabled=${training}
              @input=${(event: InputEvent) => {
                actions.choose({ start: (event.target as HTMLInputElement).valueAsNumber });
              }}
            />
            <span id="how-sure-text">
              ${settings.start} logits off: before it looks at a row, any other answer has a chance
              of about ${oneIn(Math.exp(settings.start) + dataset.classes.length - 1)}.
            </span>
          </p>`
        : ''
    }
    <div class="launch">
      <button
        type="button"
        class="primary"
        ?disabled=${training}
        @click=${() => {
          void actions.train();
        }}
      >
        Train
      </button>
      <button type="button" ?disabled=${!training} @click=${actions.stop}>Stop</button>
      <progress
        aria-label="Progress of the training"
        max=${run?.totalSteps ?? 1}
        .value=${run?.steps ?? 0}
      ></progress>
      <span class="epoch">${epochs(state)}</span>
    </div>
  `;
}

function epochs({ run, training, settings }: State): string {
  if (run === undefined) return `${plural(settings.epochs, 'epoch')} to go`;
  const epoch = Math.floor((run.steps / run.totalSteps) * run.settings.epochs);
  return training || run.steps < run.totalSteps
    ? `epoch ${epoch} of ${run.settings.epochs}`
    : `${plural(run.settings.epochs, 'epoch')} done`;
}

/** Where the logits of the true answers begin, on a line from −40 to 40. */
function numberLine(start: number): TemplateResult {
  const at = 50 - (start / 40) * 45;
  return html`
    <svg class="number-line" viewBox="0 0 200 34" aria-hidden="true">
      <line x1="6" x2="194" y1="12" y2="12" />
      <line x1="100" x2="100" y1="8" y2="16" />
      <circle cx=${2 * at} cy="12" r="6" />
      <text x="6" y="31">sure, wrong</text>
      <text x="100" y="31" text-anchor="middle">undecided</text>
      <text x="194" y="31" text-anchor="end">sure, right</text>
    </svg>
  `;
}
