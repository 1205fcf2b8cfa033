import type { binaryAccuracy } from './binary_accuracy.js';
import type { categoricalAccuracy } from './categorical_accuracy.js';
import type { sparseCategoricalAccuracy } from './sparse_categorical_accuracy.js';

/** The metrics of this package, as a loss is given them to say what its accuracy is. */
export interface Metrics {
  /** {@link binaryAccuracy} */
  readonly binaryAccuracy: typeof binaryAccuracy;
  /** {@link categoricalAccuracy} */
  readonly categoricalAccuracy: typeof categoricalAccuracy;
  /** {@link sparseCategoricalAccuracy} */
  readonly sparseCategoricalAccuracy: typeof sparseCategoricalAccuracy;
}
