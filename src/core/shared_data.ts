import { engine, type Tensor } from '@tensorflow/tfjs-core';

/** What TensorFlow.js disposes of together with a step of its tape. */
export interface Disposable {
  readonly isDisposed: boolean;
  dispose(): void;
}

/** Another tensor with the same data, without the copy that `tf.clone` makes on wasm. */
export function alias({ dataId, shape, dtype }: Tensor): Tensor {
  const { state } = engine();
  state.tensorInfo.get(dataId)?.backend.incRef(dataId);
  return engine().makeTensorFromTensorInfo({ dataId, shape, dtype });
}

/** Keeps the data of a tensor alive until `dispose`, even if the tensor itself is disposed before. */
export function holdData({ dataId }: Tensor): Disposable {
  const { tensorInfo } = engine().state;
  tensorInfo.get(dataId)?.backend.incRef(dataId);
  const held = {
    isDisposed: false,
    dispose: () => {
      if (held.isDisposed) return;
      held.isDisposed = true;
      // The data may have moved to another backend since.
      const backend = tensorInfo.get(dataId)?.backend;
      if (backend?.disposeData(dataId)) engine().removeDataId(dataId, backend);
    },
  };
  return held;
}
