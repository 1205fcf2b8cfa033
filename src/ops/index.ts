export { sigmoidCrossEntropyWithLogits } from './sigmoid_cross_entropy_with_logits.js';
export { weightedCrossEntropyWithLogits } from './weighted_cross_entropy_with_logits.js';
