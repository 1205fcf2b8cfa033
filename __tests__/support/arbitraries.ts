import fc from 'fast-check';

import { isGpu } from './backend.js';

/** A float32 in a range, without NaN. */
export const float = (min: number, max: number) =>
  fc.float({ min: Math.fround(min), max: Math.fround(max), noNaN: true });

/** Pairs of label and logit, a batch of them, as the two columns. */
export const labelsAndLogits = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(0, 1), float(0, 1)), float(-30, 30)), {
    minLength: 1,
    maxLength: 12,
  })
  .map((pairs) => ({ y: pairs.map(([y]) => y), x: pairs.map(([, x]) => x) }));

/** Replayable: a failure prints its seed and path. A GPU compiles its programs anew for each shape. */
export const seeded = { seed: 20_26, numRuns: isGpu ? 10 : 60 };
