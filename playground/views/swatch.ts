import { svg, type TemplateResult } from 'lit-html';

import type { Variant } from '../variants.js';

/** A piece of a variant's line. */
export function swatch({ line }: Variant): TemplateResult<2> {
  return svg`<svg class="swatch" viewBox="0 0 32 10" aria-hidden="true">
    <line x1="3" x2="29" y1="5" y2="5" style="stroke: ${line.stroke}" stroke-width=${line.width}
      stroke-dasharray=${line.dash ?? 'none'} stroke-linecap=${line.dash === undefined ? 'round' : 'butt'} />
  </svg>`;
}
