import { readFileSync } from 'node:fs';
import { cpus, type, arch } from 'node:os';

import * as tf from '@tensorflow/tfjs';

import { libtensorflowVersion } from './tensorflow.js';

/** Where and with what was measured, as one line. */
export function machine(others: Record<string, string> = {}): string {
  const [cpu] = cpus();
  const versions = {
    Node: process.versions.node,
    'tfjs-losses': ownVersion(),
    'TensorFlow.js': tf.version_core,
    libtensorflow: libtensorflowVersion(),
    ...others,
  };
  const listed = Object.entries(versions).flatMap(([name, version]) =>
    version === undefined ? [] : [`${name} ${version}`],
  );
  return `${cpus().length} × ${cpu?.model ?? 'unknown processor'}, ${type()} ${arch()}; ${listed.join(', ')}.`;
}

function ownVersion(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}
