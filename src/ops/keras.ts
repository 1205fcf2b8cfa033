export { binaryCrossentropy, type BinaryCrossentropyOpOptions } from './binary_crossentropy.js';
export {
  categoricalCrossentropy,
  type CategoricalCrossentropyOpOptions,
} from './categorical_crossentropy.js';
export { sparseCategoricalCrossentropy } from './sparse_categorical_crossentropy.js';
