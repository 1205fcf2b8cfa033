export {
  binaryCrossentropy,
  BinaryCrossentropy,
  type BinaryCrossentropyOptions,
} from './binary_crossentropy.js';
