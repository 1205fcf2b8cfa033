const { default: tsJest } = require('ts-jest');

/** What ts-jest needs to know of a project. */
const shared = ({ rootDir, cwd, cache, cacheDirectory, moduleFileExtensions }) => ({
  rootDir,
  cwd,
  cache,
  cacheDirectory,
  moduleFileExtensions,
  extensionsToTreatAsEsm: [],
  globals: {},
  testMatch: [],
  testRegex: [],
  transform: [],
});

/**
 * ts-jest finds what it has compiled by all of a project's configuration, so that each project would compile every file anew.
 * The projects of jest.config.js compile alike: here they share it. (Jest looks for it by their `id`, which they share, too.)
 */
module.exports = {
  createTransformer(options) {
    const transformer = tsJest.createTransformer(options);
    const configs = new Map();
    const alike = (given) => {
      const { config } = given;
      if (!configs.has(config)) configs.set(config, shared(config));
      return { ...given, config: configs.get(config), configString: '' };
    };
    return {
      getCacheKey: (text, path, given) => transformer.getCacheKey(text, path, alike(given)),
      process: (text, path, given) => transformer.process(text, path, alike(given)),
    };
  },
};
