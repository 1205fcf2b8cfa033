export { pairs } from './pairs';
export { sigmoid } from './sigmoid';
export { softmax } from './softmax';
