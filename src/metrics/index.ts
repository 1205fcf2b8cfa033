export { binaryAccuracy, type BinaryAccuracyOptions } from './binary_accuracy.js';
export { categoricalAccuracy, type CategoricalAccuracyOptions } from './categorical_accuracy.js';
export { sparseCategoricalAccuracy } from './sparse_categorical_accuracy.js';
