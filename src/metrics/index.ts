export { binaryAccuracy, type BinaryAccuracyOptions } from './binary_accuracy.js';
