import { svg, type TemplateResult } from 'lit-html';

/** A handwritten digit of 8 × 8 pixels, from 0 (paper) to 1 (ink). */
export function digit(pixels: readonly number[], label: string): TemplateResult<2> {
  return svg`<svg class="digit" viewBox="0 0 8 8" role="img" aria-label=${label} shape-rendering="crispEdges">
    ${pixels.map((ink, at) =>
      ink === 0
        ? ''
        : svg`<rect x=${at % 8} y=${Math.floor(at / 8)} width="1" height="1" fill="currentColor" fill-opacity=${ink} />`,
    )}
  </svg>`;
}
