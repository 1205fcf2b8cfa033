import * as Plot from '@observablehq/plot';

import type { Draw } from './plot_figure.js';

/** A row of the validation data: how probable the model finds class 1, and which class it is. */
interface Row {
  readonly probability: number;
  readonly label: number;
}

const BINS = 20;

/** How many rows got which probability: those of class 1 upwards, those of class 0 downwards. */
export function histogram(
  rows: readonly Row[],
  classes: readonly string[],
  stroke: string,
  label: string,
): Draw {
  const bars = [1, 0].flatMap((kind) =>
    Array.from({ length: BINS }, (_, bin) => ({
      kind,
      from: bin / BINS,
      to: (bin + 1) / BINS,
      count: rows.filter(
        (row) =>
          row.label === kind && Math.min(BINS - 1, Math.floor(row.probability * BINS)) === bin,
      ).length,
    })),
  );
  const highest = Math.max(10, ...bars.map(({ count }) => count));
  return (width) =>
    Plot.plot({
      width,
      height: 190,
      marginLeft: 32,
      marginRight: 12,
      marginTop: 14,
      marginBottom: 36,
      ariaLabel: label,
      x: {
        domain: [0, 1],
        label: `predicted probability of “${classes[1] ?? ''}”`,
        labelAnchor: 'center',
        labelArrow: 'none',
        ticks: 5,
        tickSize: 0,
        tickFormat: '.0%',
      },
      y: {
        domain: [-highest, highest],
        label: null,
        ticks: 4,
        tickSize: 0,
        tickFormat: (count: number) => String(Math.abs(count)),
        grid: true,
      },
      marks: [
        Plot.rectY(bars, {
          x1: 'from',
          x2: 'to',
          y: ({ kind, count }: (typeof bars)[number]) => (kind === 1 ? count : -count),
          fill: stroke,
          fillOpacity: ({ kind }: (typeof bars)[number]) => (kind === 1 ? 1 : 0.45),
          insetLeft: 0.5,
          insetRight: 0.5,
        }),
        Plot.ruleX([0.5], { stroke: 'var(--axis)', strokeDasharray: '2 3' }),
        Plot.ruleY([0], { stroke: 'var(--axis)' }),
        Plot.text([`truly ${classes[1] ?? ''} ↑`], {
          x: () => 0.53,
          frameAnchor: 'top',
          textAnchor: 'start',
          fill: 'var(--muted)',
        }),
        Plot.text([`truly ${classes[0] ?? ''} ↓`], {
          x: () => 0.53,
          frameAnchor: 'bottom',
          textAnchor: 'start',
          dy: -4,
          fill: 'var(--muted)',
        }),
      ],
    });
}
