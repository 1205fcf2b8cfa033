import { describe } from '@jest/globals';

declare const __BACKEND__: string;
declare const __FLOAT16__: boolean;
declare const __COMPOSED__: boolean;

/** The backend that this Jest project runs on. */
export const backend: string = __BACKEND__;

/** Whether the backend keeps its numbers in float16. */
export const float16: boolean = __FLOAT16__;

/** Whether the ops run as their formulas, without faster kernels in their place. */
export const composed: boolean = __COMPOSED__;

/** `describe` for numbers, or digits of numbers, that float16 cannot hold. */
export const describeFloat32 = float16 ? describe.skip : describe;

/** `describe` for what is different where numbers are float16. */
export const describeFloat16 = float16 ? describe : describe.skip;

/** Whether a GPU computes, or software in the place of one. */
export const isGpu: boolean = backend.startsWith('webg');
