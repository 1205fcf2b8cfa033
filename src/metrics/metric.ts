import { optionsToConfig, type Config } from '../core/config.js';
import type { Metric } from '../core/loss.js';

/** A metric as Keras saves it. */
export interface SerializedMetric {
  class_name: string;
  config: Config;
}

/** Marks the metrics of all copies of this package. */
const METRIC: unique symbol = Symbol.for('tfjs-losses.Metric');

/**
 * Gives a metric its name, under which TF.js logs it and which a minifier would change, and what a saved model needs to make
 * it again.
 */
export function nameMetric(
  metric: Metric,
  name: string,
  options: Readonly<Record<string, unknown>>,
): Metric {
  const className = name.charAt(0).toUpperCase() + name.slice(1);
  const saved: SerializedMetric = { class_name: className, config: optionsToConfig(options) };
  return Object.defineProperties(metric, { name: { value: name }, [METRIC]: { value: saved } });
}

/** What to save for a metric of this package; nothing for others. */
export function savedMetric(metric: object): SerializedMetric | undefined {
  return (metric as { [METRIC]?: SerializedMetric })[METRIC];
}
