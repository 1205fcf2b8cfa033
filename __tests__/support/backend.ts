declare const __BACKEND__: string;

/** The backend that this Jest project runs on. */
export const backend: string = __BACKEND__;
