import { html, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';

import type { State } from '../state.js';
import { variantLines } from '../charts/variant_lines.js';

/** Loss, right answers and gradient while the models train. */
export function liveCurves({ run, settings }: State): TemplateResult {
  const epochs = run?.settings.epochs ?? settings.epochs;
  const measurements = run?.measurements ?? [];
  const lines = (y: 'loss' | 'accuracy' | 'gradient', label: string, percentages = false) =>
    guard([measurements.length, run?.settings, epochs], () =>
      variantLines(
        measurements.filter((measured) => measured[y] !== undefined),
        {
          x: 'epoch',
          y,
          xLabel: 'epochs',
          xDomain: [0, epochs],
          yDomain: [0, 1],
          ...(percentages ? { yFormat: (share: number) => `${Math.round(share * 100)} %` } : {}),
          height: 200,
          label,
        },
      ),
    );
  return html`
    <div class="charts">
      <figure>
        <figcaption>
          <strong>Loss</strong> on rows they were not trained on. Lower is better.
        </figcaption>
        <plot-figure .draw=${lines('loss', 'Loss of the three models, by epoch')}></plot-figure>
      </figure>
      <figure>
        <figcaption><strong>Right answers</strong> on the same rows. Higher is better.</figcaption>
        <plot-figure
          .draw=${lines('accuracy', 'Share of right answers, by epoch', true)}
        ></plot-figure>
      </figure>
      <figure>
        <figcaption><strong>Size of the gradient</strong>. At 0, nothing is learned.</figcaption>
        <plot-figure .draw=${lines('gradient', 'Size of the gradient, by epoch')}></plot-figure>
      </figure>
    </div>
  `;
}
