/** What models take with this package, for TypeScript: overloads beside those of TensorFlow.js. */
import type { History, ModelEvaluateArgs, ModelFitArgs } from '@tensorflow/tfjs-layers';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

import type { CompileArgs, GivenWeights } from './arguments.js';

type Tensors = Tensor | Tensor[] | Record<string, Tensor>;
type FitArgs = Omit<ModelFitArgs, keyof GivenWeights> & GivenWeights;
type EvaluateArgs = Omit<ModelEvaluateArgs, keyof GivenWeights> & GivenWeights;

declare module '@tensorflow/tfjs-layers/dist/engine/training.js' {
  interface LayersModel {
    compile(args: CompileArgs): void;
    fit(x: Tensors, y: Tensors, args: FitArgs): Promise<History>;
    evaluate(x: Tensor | Tensor[], y: Tensors, args: EvaluateArgs): Scalar | Scalar[];
    trainOnBatch(x: Tensors, y: Tensors, weights: GivenWeights): Promise<number | number[]>;
  }
}
declare module '@tensorflow/tfjs-layers/dist/models.js' {
  interface Sequential {
    compile(args: CompileArgs): void;
    fit(x: Tensors, y: Tensors, args: FitArgs): Promise<History>;
    evaluate(x: Tensor | Tensor[], y: Tensors, args: EvaluateArgs): Scalar | Scalar[];
    trainOnBatch(x: Tensors, y: Tensors, weights: GivenWeights): Promise<number | number[]>;
  }
}
