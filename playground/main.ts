import '@fontsource-variable/inter/wght.css';

import { App } from './app.js';
import { definePlotFigure } from './charts/plot_figure.js';

definePlotFigure();

const root = document.querySelector<HTMLElement>('#app');
if (root !== null) {
  root.textContent = 'Starting TensorFlow.js …';
  new App(root).start().catch((error: unknown) => {
    root.textContent = `This page could not start: ${String(error)}`;
  });
}
