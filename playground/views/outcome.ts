import { html, nothing, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';

import type { State } from '../state.js';
import { digit } from '../charts/digit.js';
import { histogram } from '../charts/histogram.js';
import type { Run } from '../training/train.js';
import { VARIANTS, type Variant } from '../variants.js';
import { confusionMatrix } from './confusion_matrix.js';
import { percent, plural } from './format.js';
import { swatch } from './swatch.js';

/** How many misread digits are drawn per model. */
const DRAWN = 10;

/** What the models answer, row by row, on rows that they were not trained on. */
export function outcome({ run }: State): TemplateResult {
  return html`
    <section aria-labelledby="answers">
      <h2 id="answers">What they answer</h2>
      ${
        run === undefined
          ? html`<p class="lead">Train the models first: their answers appear here.</p>`
          : html`<p class="lead">
                After ${epochsOf(run)}, on ${run.dataset.validation.labels.length} rows that none of
                them was trained on. In the tables, rows are the truth and columns the answers; what
                is right stands on the diagonal.
              </p>
              <div class="charts">${VARIANTS.map((variant) => answersOf(run, variant))}</div>`
      }
    </section>
  `;
}

function answersOf(run: Run, variant: Variant): TemplateResult {
  const { dataset, predictions } = run;
  const { labels, features } = dataset.validation;
  const probabilities = predictions[variant.id] ?? [];
  const answers = probabilities.map(answerOf);
  const wrong = answers.flatMap((answer, row) => (answer === labels[row] ? [] : [row]));
  const title = variant.title(dataset.activation);
  return html`
    <article>
      <h3>${swatch(variant)} ${title}</h3>
      ${
        dataset.units === 1
          ? html`<plot-figure
              .draw=${guard([probabilities], () =>
                histogram(
                  probabilities.map(([probability = NaN], row) => ({
                    probability,
                    label: labels[row] ?? NaN,
                  })),
                  dataset.classes,
                  variant.line.stroke,
                  `Histogram of the probabilities that this model predicts: ${title}`,
                ),
              )}
            ></plot-figure>`
          : nothing
      }
      ${confusionMatrix(title, dataset.classes, labels, answers, variant.line.stroke)}
      <p>
        ${labels.length - wrong.length} of ${labels.length} right
        (${percent(1 - wrong.length / labels.length)}).
        ${dataset.units > 1 && wrong.length > DRAWN ? `Of the ${wrong.length} misread, here are the first ${DRAWN}.` : ''}
      </p>
      ${
        dataset.units === 1 || wrong.length === 0
          ? nothing
          : html`<ul class="misread">
              ${wrong.slice(0, DRAWN).map((row) => {
                const [truth, answer] = [labels[row] ?? NaN, answers[row] ?? NaN];
                return html`<li>
                  ${digit(features[row] ?? [], `A handwritten ${truth}`)}
                  <span>${truth}, read as ${answer}</span>
                </li>`;
              })}
            </ul>`
      }
    </article>
  `;
}

/** The class that probabilities speak for. */
function answerOf(probabilities: readonly number[]): number {
  if (probabilities.length === 1) return (probabilities[0] ?? 0) > 0.5 ? 1 : 0;
  return probabilities.indexOf(Math.max(...probabilities));
}

function epochsOf({ steps, totalSteps, settings }: Run): string {
  const epochs = (steps / totalSteps) * settings.epochs;
  return plural(Number(epochs.toFixed(1)), 'epoch');
}
