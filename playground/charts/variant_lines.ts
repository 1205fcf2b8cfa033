import * as Plot from '@observablehq/plot';

import { VARIANTS, type VariantId } from '../variants.js';
import type { Draw } from './plot_figure.js';

/** A point of one variant's line. */
interface Point {
  readonly variant: VariantId;
}

/** Axes of a plot of lines. */
interface Frame<P extends Point> {
  readonly x: keyof P & string;
  readonly y: keyof P & string;
  readonly xLabel: string;
  readonly xDomain: readonly [number, number];
  /** At least so much of the axis is shown. */
  readonly yDomain: readonly [number, number];
  readonly yFormat?: (value: number) => string;
  readonly height: number;
  /** What a screen reader says. */
  readonly label: string;
  /** What is drawn behind the lines. */
  readonly behind?: readonly Plot.Markish[];
}

/** A line per variant, in the variants' colours. */
export function variantLines<P extends Point>(points: readonly P[], frame: Frame<P>): Draw {
  const values = points.map((point) => point[frame.y] as number).filter(Number.isFinite);
  const [low, high] = frame.yDomain;
  const domain = [Math.min(low, ...values), Math.max(high, ...values)];
  return (width) =>
    Plot.plot({
      width,
      height: frame.height,
      marginLeft: 44,
      marginRight: 12,
      marginTop: 12,
      marginBottom: 36,
      ariaLabel: frame.label,
      x: {
        domain: [...frame.xDomain],
        label: frame.xLabel,
        labelAnchor: 'center',
        labelArrow: 'none',
        ticks: Math.min(9, width / 50),
        tickSize: 0,
      },
      y: {
        domain,
        label: null,
        grid: true,
        nice: true,
        ticks: 4,
        tickSize: 0,
        tickFormat: frame.yFormat ?? null,
      },
      marks: [
        ...(frame.behind ?? []),
        Plot.ruleY([0], { stroke: 'var(--axis)' }),
        ...VARIANTS.map(({ id, line }) =>
          Plot.lineY(
            points.filter(({ variant }) => variant === id),
            {
              x: frame.x,
              y: frame.y,
              stroke: line.stroke,
              strokeWidth: line.width,
              strokeDasharray: line.dash ?? 'none',
              strokeLinecap: line.dash === undefined ? 'round' : 'butt',
            },
          ),
        ),
      ],
    });
}
