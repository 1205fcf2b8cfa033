/**
 * Keras's backend functions, which its losses are made of: element by element or row by row, without options of losses.
 *
 * @packageDocumentation
 */
export { binaryCrossentropy, type BinaryCrossentropyOpOptions } from './binary_crossentropy.js';
export {
  categoricalCrossentropy,
  type CategoricalCrossentropyOpOptions,
} from './categorical_crossentropy.js';
export { sparseCategoricalCrossentropy } from './sparse_categorical_crossentropy.js';
