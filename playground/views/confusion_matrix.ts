import { html, type TemplateResult } from 'lit-html';

/** How often each class was taken for which: a row per true class, a column per answer. */
export function confusionMatrix(
  title: string,
  classes: readonly string[],
  labels: readonly number[],
  answers: readonly number[],
  colour: string,
): TemplateResult {
  const count = (truth: number, answer: number) =>
    labels.filter((label, row) => label === truth && answers[row] === answer).length;
  const cell = (truth: number, answer: number, total: number) => {
    const share = total === 0 ? 0 : count(truth, answer) / total;
    return html`<td
      class=${truth === answer ? 'right' : ''}
      style="--share: ${Math.round(share * 100)}%"
    >
      ${count(truth, answer)}
    </td>`;
  };
  return html`
    <table class="confusion ${classes.length > 2 ? 'many' : ''}" style="--colour: ${colour}">
      <caption class="hidden">
        Truth against answers: ${title}
      </caption>
      <thead>
        <tr>
          <td>truth</td>
          ${classes.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${classes.map((name, truth) => {
          const total = labels.filter((label) => label === truth).length;
          return html`<tr>
            <th scope="row">${name}</th>
            ${classes.map((_, answer) => cell(truth, answer, total))}
          </tr>`;
        })}
      </tbody>
    </table>
  `;
}
