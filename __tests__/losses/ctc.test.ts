import { describe } from '@jest/globals';

import { CTC } from '../../src/pure.js';
import { describeGolden } from '../support/golden.js';
import golden from './ctc.golden.json';

describe('CTC', () => {
  // Keras computes this loss in float32, with errors of some units in the last place of terms that are larger than the result.
  describeGolden(CTC, golden, { relative: 1e-5, absolute: 1e-6 });
});
