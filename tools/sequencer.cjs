const Sequencer = require('@jest/test-sequencer').default;

/** Jest's order, but what does not depend on a backend begins: these files take longest, and at the end one worker would wait for them. */
module.exports = class extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const isFirst = ({ context }) =>
      ['package', 'playground'].includes(context.config.displayName?.name);
    return [...sorted.filter(isFirst), ...sorted.filter((test) => !isFirst(test))];
  }
};
