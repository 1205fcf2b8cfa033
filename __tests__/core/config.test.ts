import { describe, expect, it } from '@jest/globals';

import {
  configToOptions,
  optionsToConfig,
  toFunctionName,
  toSnakeCase,
} from '../../src/core/config.js';

describe('names', () => {
  it.each([
    ['BinaryCrossentropy', 'binary_crossentropy', 'binaryCrossentropy'],
    ['KLDivergence', 'kl_divergence', 'klDivergence'],
    ['CTC', 'ctc', 'ctc'],
    ['LogCosh', 'log_cosh', 'logCosh'],
  ])('%s is %s in Keras and %s here', (className, keras, here) => {
    expect(toSnakeCase(className)).toBe(keras);
    expect(toFunctionName(className)).toBe(here);
  });
});

describe('configs', () => {
  it('are in snake_case, there and back', () => {
    const options = { fromLogits: true, ignoreClass: null, alpha: [1, 2] };
    const config = { from_logits: true, ignore_class: null, alpha: [1, 2] };
    expect(optionsToConfig(options)).toEqual(config);
    expect(configToOptions(config)).toEqual(options);
  });

  it("drop what Keras alone has: fn, dtype and the reduction 'auto'", () => {
    const config = { fn: 'binary_crossentropy', dtype: 'float16', reduction: 'auto', axis: 1 };
    expect(configToOptions(config)).toEqual({ reduction: 'sum_over_batch_size', axis: 1 });
  });
});
