/** A Jest reporter that ends the run with one line of counts per project, so that no backend is missing unnoticed. */
module.exports = class CountsReporter {
  counts = new Map();

  constructor(_globalConfig, { untested = [] } = {}) {
    this.untested = untested;
  }

  onTestResult({ context }, result) {
    const name = context.config.displayName.name;
    const counts = this.counts.get(name) ?? { passed: 0, failed: 0, skipped: 0 };
    counts.passed += result.numPassingTests;
    counts.failed += result.numFailingTests + (result.testExecError === undefined ? 0 : 1);
    counts.skipped += result.numPendingTests + result.numTodoTests;
    this.counts.set(name, counts);
  }

  onRunComplete() {
    process.stderr.write('\n');
    for (const [name, { passed, failed, skipped }] of this.counts) {
      process.stderr.write(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    }
    for (const part of this.untested) process.stderr.write(`NOT TESTED: ${part}\n`);
  }
};
