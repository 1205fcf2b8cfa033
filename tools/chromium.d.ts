import type { Browser } from 'playwright-core';

/** Why Chromium cannot be used here, in a few words, or `undefined` if it can. */
export function whyNoChromium(): string | undefined;

/** Starts a headless Chromium that has WebGL 2 and WebGPU also where there is no GPU, and stays off the network. */
export function launchChromium(...flags: string[]): Promise<Browser>;

/** Serves folders on localhost, the first one that has a file; with threads for WebAssembly. */
export function serve(...folders: string[]): Promise<{ url: string; close: () => void }>;
