export { binaryCrossentropy, type BinaryCrossentropyOpOptions } from './binary_crossentropy.js';
