export { sigmoid } from './sigmoid';
export { softmax } from './softmax';
