import { html, type TemplateResult } from 'lit-html';

/** What the page is about, and the three words that it needs. */
export function intro(): TemplateResult {
  return html`
    <header>
      <p class="eyebrow">tfjs-losses playground</p>
      <h1>Can a model that is sure and wrong still learn?</h1>
      <p class="lead">
        A model learns from its mistakes, but only if somebody tells it about them. That is the work
        of the loss. With TensorFlow.js’s own, a model that begins sure and wrong hears nothing and
        stays there. Press
        <em>Train</em> and watch.
      </p>
      <dl class="words">
        <div>
          <dt>Logit</dt>
          <dd>
            How sure a model is, as a plain number: 0 is undecided, 5 a fairly sure yes, −20 an
            extremely sure no. A <em>sigmoid</em> turns it into a probability; for many classes, a
            <em>softmax</em> does.
          </dd>
        </div>
        <div>
          <dt>Loss</dt>
          <dd>
            How bad an answer is: near 0 if it is right, and the larger the surer it is wrong.
            Training makes it smaller.
          </dd>
        </div>
        <div>
          <dt>Gradient</dt>
          <dd>
            In which direction to change, and how much. Where the gradient is 0, nothing changes,
            however bad the answer.
          </dd>
        </div>
      </dl>
    </header>
  `;
}
