import * as Plot from '@observablehq/plot';
import { html, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';

import { datasetOf, type Actions, type State } from '../state.js';
import { variantLines } from '../charts/variant_lines.js';
import type { CurvePoint } from '../training/loss_curves.js';
import { VARIANTS } from '../variants.js';
import { swatch } from './swatch.js';

/** Loss and gradient against the logit: why one of the three stands still. */
export function saturation(state: State, actions: Actions): TemplateResult {
  const { curves, answer, settings } = state;
  const { activation, classes, units } = datasetOf(state);
  const blind = blindZone(curves, answer);
  const lines = (y: 'loss' | 'gradient', label: string) =>
    guard([curves, settings.start], () =>
      variantLines(curves, {
        x: 'logit',
        y,
        xLabel: units === 1 ? 'logit' : 'logit of the true class; the others are 0',
        xDomain: [-40, 40],
        yDomain: [0, 0],
        height: 240,
        label,
        behind: [
          Plot.rectX(blind === undefined ? [] : [blind], {
            x1: 'from',
            x2: 'to',
            fill: 'var(--blind)',
          }),
          ...startMarks(settings.start, units, answer),
        ],
      }),
    );
  return html`
    <section aria-labelledby="why">
      <h2 id="why">Why a model can stand still</h2>
      <p class="lead">
        ${
          units === 1
            ? html`Take one row whose true answer is “${classes[answer]}”, and let the model’s logit
              go from −40 to 40.`
            : html`Take one digit, and let the logit of the true class go from −40 to 40.`
        }
        ${
          blind === undefined
            ? ''
            : html`TensorFlow.js’s own loss looks at the probability, which it cuts off just before
                0 and 1. Beyond that it is flat: in the <span class="blind-mark">shaded zone</span>,
                from ${whole(blind.from)} to about ${whole(blind.to)}, the answer is wrong and the
                gradient is exactly 0.
                ${
                  fades(curves, blind.from, blind.to)
                    ? 'The loss of this package reads the logit itself, but this one fades there too, by design: it takes a sure mistake for a wrong label.'
                    : 'The loss of this package reads the logit itself and keeps its slope.'
                }`
        }
      </p>
      ${
        units === 1
          ? html`<fieldset class="answers">
              <legend>The true answer is</legend>
              ${([1, 0] as const).map(
                (value) =>
                  html`<label>
                    <input
                      type="radio"
                      name="answer"
                      .checked=${answer === value}
                      @change=${() => {
                        actions.chooseAnswer(value);
                      }}
                    />
                    ${classes[value]}
                  </label>`,
              )}
            </fieldset>`
          : ''
      }
      <div class="charts two">
        <figure>
          <figcaption><strong>Loss</strong> of this answer</figcaption>
          <plot-figure .draw=${lines('loss', 'Loss of one answer against its logit')}></plot-figure>
        </figure>
        <figure>
          <figcaption>
            <strong>Gradient</strong> of this answer:
            ${answer === 1 || units > 1 ? 'below 0, it pulls the logit up' : 'above 0, it pulls the logit down'}
          </figcaption>
          <plot-figure
            .draw=${lines('gradient', 'Gradient of one answer against its logit')}
          ></plot-figure>
        </figure>
      </div>
      <ul class="legend">
        ${VARIANTS.map((variant) => html`<li>${swatch(variant)} ${variant.title(activation)}</li>`)}
      </ul>
      <p class="note">
        Computed in this page by tfjs-losses and TensorFlow.js, with the options above. For those
        who write their own training loop, TensorFlow.js also has
        <code>tf.losses.sigmoidCrossEntropy</code>, which reads logits;
        <code>model.compile</code> does not know it.
      </p>
    </section>
  `;
}

/** Where the saturated start is: it answers no, or another class. */
function startMarks(start: number, units: number, answer: number): Plot.Markish[] {
  if (start === 0 || (units === 1 && answer === 0)) return [];
  return [
    Plot.ruleX([-start], { stroke: 'var(--axis)', strokeDasharray: '2 3' }),
    Plot.text(['start'], {
      x: () => -start,
      frameAnchor: 'bottom',
      textAnchor: 'end',
      dx: -5,
      dy: -8,
      fill: 'var(--muted)',
    }),
  ];
}

function whole(logit: number): string {
  return logit.toFixed(0).replace('-', '−');
}

/** Where the answer is wrong and the loss of TensorFlow.js has no gradient. */
function blindZone(
  curves: readonly CurvePoint[],
  answer: number,
): { from: number; to: number } | undefined {
  const wrong = answer === 1 ? (logit: number) => logit < 0 : (logit: number) => logit > 0;
  const logits = curves
    .filter(({ variant, gradient, logit }) => variant === 'tfjs' && gradient === 0 && wrong(logit))
    .map(({ logit }) => logit);
  return logits.length === 0 ? undefined : { from: Math.min(...logits), to: Math.max(...logits) };
}

/** Whether the loss of this package, too, has little gradient left somewhere between these logits. */
function fades(curves: readonly CurvePoint[], from: number, to: number): boolean {
  const ours = curves.filter(({ variant }) => variant === 'logits');
  const half = Math.max(...ours.map(({ gradient }) => Math.abs(gradient))) / 2;
  return ours.some(
    ({ logit, gradient }) => logit >= from && logit <= to && Math.abs(gradient) < half,
  );
}
