/** Why tfjs-node cannot be used here, in a few words, or `undefined` if it can. It is optional: nothing depends on it. */
export function whyNoTfjsNode(): string | undefined;
