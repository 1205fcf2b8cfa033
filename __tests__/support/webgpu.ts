import { afterEach } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';

interface WebGPUBackend {
  tensorMap: Map<object, { resource?: { size: number } }>;
  readSync(dataId: object): unknown;
  device: {
    queue: { onSubmittedWorkDone(): Promise<void> };
    addEventListener(type: 'uncapturederror', on: (event: { error: Error }) => void): void;
  };
}

type Canvas = new (width: number, height: number) => unknown;

/** Prepares the webgpu backend for tests. */
export function setUpWebGPU(): void {
  const backend = tf.backend() as unknown as WebGPUBackend;
  failOnErrors(backend);
  readFast(backend);
}

/** A shader that does not compile throws nothing: its results are zeros. */
function failOnErrors({ device }: WebGPUBackend): void {
  const errors: Error[] = [];
  device.addEventListener('uncapturederror', ({ error }) => errors.push(error));
  afterEach(async () => {
    await device.queue.onSubmittedWorkDone();
    const messages = errors.splice(0).map(({ message }) => message);
    if (messages.length > 0) throw new Error(messages.join('\n'));
  });
}

/**
 * `dataSync` makes three canvases of 256 × 256 numbers each time, 40 ms in software, and of some thousands the GPU's process dies:
 * as many rows are enough as there are, and one set of canvases for each size.
 */
function readFast(backend: WebGPUBackend): void {
  const page = globalThis as unknown as { OffscreenCanvas: Canvas };
  const { OffscreenCanvas } = page;
  const canvases = new Map<string, unknown>();
  const readSync = backend.readSync.bind(backend);
  backend.readSync = (dataId) => {
    const bytes = backend.tensorMap.get(dataId)?.resource?.size ?? 0;
    let made = 0;
    page.OffscreenCanvas = function (width: number, height: number) {
      const rows = Math.min(height, 2 ** Math.ceil(Math.log2(Math.ceil(bytes / 4 / width))));
      const key = `${made++} of ${rows}`;
      const canvas = canvases.get(key) ?? new OffscreenCanvas(width, rows);
      canvases.set(key, canvas);
      return canvas;
    } as unknown as Canvas;
    try {
      return readSync(dataId);
    } finally {
      page.OffscreenCanvas = OffscreenCanvas;
    }
  };
}
