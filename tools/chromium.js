import { existsSync } from 'node:fs';
import { createServer } from 'node:http';

import sirv from 'sirv';

/** Where Debian's package `chromium` puts it. */
const executable = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why Chromium cannot be used here, in a few words, or `undefined` if it can. */
export function whyNoChromium() {
  return existsSync(executable) ? undefined : `there is no ${executable}`;
}

/** Starts a headless Chromium that has WebGL 2 and WebGPU also where there is no GPU, and stays off the network. */
export async function launchChromium(...flags) {
  // Only here: jest.config.js asks for the reason alone, and this takes a while to load.
  const { chromium } = await import('playwright-core');
  return chromium.launch({
    executablePath: executable,
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // An adapter in software counts as unsafe.
      '--enable-unsafe-webgpu',
      // All of it in one Vulkan: else reading from a canvas of WebGPU, as TF.js's dataSync does, ends the GPU process.
      '--enable-features=Vulkan',
      '--use-vulkan=swiftshader',
      '--use-angle=swiftshader',
      ...flags,
    ],
  });
}

/** Serves folders on localhost, the first one that has a file; with threads for WebAssembly. */
export async function serve(...folders) {
  const setHeaders = (response) => {
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  };
  const handlers = folders.map((folder) => sirv(folder, { dev: true, setHeaders }));
  const server = createServer((request, response) => {
    const next = handlers.reduceRight(
      (after, handler) => () => handler(request, response, after),
      () => response.writeHead(404).end(),
    );
    next();
  });
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  return {
    url: `http://localhost:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
