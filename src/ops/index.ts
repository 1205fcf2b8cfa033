export { sigmoidCrossEntropyWithLogits } from './sigmoid_cross_entropy_with_logits.js';
export { softmaxCrossEntropyWithLogits } from './softmax_cross_entropy_with_logits.js';
export { sparseSoftmaxCrossEntropyWithLogits } from './sparse_softmax_cross_entropy_with_logits.js';
export { weightedCrossEntropyWithLogits } from './weighted_cross_entropy_with_logits.js';
