/** Draws a plot of the given width. */
export type Draw = (width: number) => Element;

/** `<plot-figure .draw=${draw}>`: a plot as wide as its place, drawn again where the width or `draw` changes. */
class PlotFigure extends HTMLElement {
  private current: Draw | undefined;
  private width = 0;
  private readonly observer = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width === this.width) return;
    this.width = width;
    this.show();
  });

  set draw(draw: Draw) {
    if (draw === this.current) return;
    this.current = draw;
    this.show();
  }

  connectedCallback(): void {
    this.observer.observe(this);
  }

  disconnectedCallback(): void {
    this.observer.disconnect();
  }

  private show(): void {
    if (this.current !== undefined && this.width > 0) {
      this.replaceChildren(asImage(this.current(this.width)));
    }
  }
}

/** One image with one name: groups of lines may have none of their own. */
function asImage(plot: Element): Element {
  plot.role = 'img';
  for (const part of plot.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label');
  return plot;
}

/** Makes the element known to the browser. */
export function definePlotFigure(): void {
  customElements.define('plot-figure', PlotFigure);
}
