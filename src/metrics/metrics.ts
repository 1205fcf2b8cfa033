import type { binaryAccuracy } from './binary_accuracy.js';
import type { categoricalAccuracy } from './categorical_accuracy.js';
import type { sparseCategoricalAccuracy } from './sparse_categorical_accuracy.js';

/** The metrics of this package, as a loss is given them to say what its accuracy is. */
export interface Metrics {
  readonly binaryAccuracy: typeof binaryAccuracy;
  readonly categoricalAccuracy: typeof categoricalAccuracy;
  readonly sparseCategoricalAccuracy: typeof sparseCategoricalAccuracy;
}
