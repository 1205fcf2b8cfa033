const { TestEnvironment } = require('jest-environment-node');

/**
 * Jest gives each test file globals of its own; typed arrays that come out of native code (tfjs-node) or of another
 * realm then fail TF.js's `instanceof` checks. So test files use the process's own.
 */
module.exports = class extends TestEnvironment {
  constructor(...args) {
    super(...args);
    for (const name of ['Float32Array', 'Int32Array', 'Uint8Array', 'Uint8ClampedArray']) {
      this.global[name] = globalThis[name];
    }
  }
};
