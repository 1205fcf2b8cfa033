export { ctcLoss, ctcLossGradient } from './ctc_loss.js';
export { multiplyNoNan } from './multiply_no_nan.js';
export { negativeLogSoftmax, negativeLogSoftmaxGradient } from './negative_log_softmax.js';
export { oneHot } from './one_hot.js';
export { sigmoidCrossEntropy, sigmoidCrossEntropyGradient } from './sigmoid_cross_entropy.js';
