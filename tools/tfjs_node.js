import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

/** Why tfjs-node cannot be used here, in a few words, or `undefined` if it can. It is optional: nothing depends on it. */
export function whyNoTfjsNode() {
  // tfjs-node 4.22 calls util.isNullOrUndefined, which Node 23 removed.
  if (Number.parseInt(process.versions.node) >= 23)
    return 'tfjs-node does not run on Node 23 or newer';
  let folder;
  try {
    folder = dirname(require.resolve('@tensorflow/tfjs-node/package.json'));
  } catch {
    return 'tfjs-node is not installed';
  }
  const addon = join(folder, 'lib', 'napi-v8', 'tfjs_binding.node');
  return existsSync(addon) ? undefined : 'tfjs-node is installed without its native addon';
}
