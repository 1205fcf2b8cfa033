/** Imports point one way, as docs/architecture.md draws it, and go in no circle, types included. */
import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';

import { circleIn, forbiddenIn, importGraph } from './support/imports.js';

const root = join(__dirname, '..');
const src = importGraph(join(root, 'src'));

/** What each place may import from, beside itself. What is not listed imports from nowhere else. */
const RULES: Readonly<Record<string, readonly string[]>> = {
  ops: ['core'],
  metrics: ['core', 'ops'],
  losses: ['core', 'ops'],
  kernels: ['core'],
  'shared.ts': ['core'],
  'registry.ts': ['core', 'shared.ts'],
  composition: ['core', 'registry.ts'],
  training: ['core', 'losses', 'metrics', 'registry.ts', 'shared.ts'],
  'register.ts': [
    'core',
    'composition',
    'kernels',
    'losses',
    'registry.ts',
    'shared.ts',
    'training',
  ],
  'compile.ts': ['core', 'register.ts', 'shared.ts', 'training'],
  'pure.ts': [
    'compile.ts',
    'core',
    'composition',
    'losses',
    'metrics',
    'ops',
    'register.ts',
    'registry.ts',
    'training',
  ],
  'index.ts': ['pure.ts', 'register.ts'],
};

describe('imports', () => {
  it('are found', () => {
    expect(src.size).toBeGreaterThan(100);
    expect(src.get('losses/huber.ts')).toContain('core/checks.ts');
    expect(src.get('losses/index.ts')).toContain('losses/huber.ts');
    // An import of types alone.
    expect(src.get('core/evaluate.ts')).toContain('core/fused_loss.ts');
  });

  it('point one way', () => {
    expect(forbiddenIn(src, RULES)).toEqual([]);
  });

  it('go in no circle', () => {
    expect(circleIn(src)).toBeUndefined();
  });

  it('of the playground go in no circle', () => {
    expect(circleIn(importGraph(join(root, 'playground')))).toBeUndefined();
  });

  it('that break a rule are named', () => {
    const planted = new Map([...src, ['core/checks.ts', ['losses/huber.ts']]]);
    expect(forbiddenIn(planted, RULES)).toEqual(['core/checks.ts → losses/huber.ts']);
    const circle = circleIn(planted);
    expect(circle).toContain('losses/huber.ts');
    expect(circle?.at(0)).toBe(circle?.at(-1));
  });
});
