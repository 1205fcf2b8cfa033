import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { createEmptyTestResult } from '@jest/test-result';
import { formatResultsErrors } from 'jest-message-util';

import { launchChromium, serve } from '../chromium.js';
import { bundle } from './bundle.js';

/**
 * Runs Jest's test files in Chromium, each in a page that has the project's `globals`. A browser opens a few of them, as it takes
 * seconds to start; on webgpu a single one: pages share the process that computes on the GPU, which thousands of canvases, in which
 * webgpu reads, bring to its end.
 *
 * Its file is an .mjs, which Jest imports as it is: others it compiles by the `transform` of whichever project comes first.
 */
export default class BrowserRunner {
  isSerial = true;

  constructor(globalConfig) {
    this.globalConfig = globalConfig;
  }

  async runTests(tests, watcher, onStart, onResult, onFailure) {
    const { rootDir } = this.globalConfig;
    const outDir = mkdtempSync(join(tmpdir(), 'tfjs-losses-'));
    const files = tests.flatMap(({ path, context }) => [
      path,
      ...context.config.setupFilesAfterEnv,
    ]);
    await bundle([...new Set(files)], { rootDir, outDir });
    writeFileSync(join(outDir, 'index.html'), '<!doctype html><title>Tests</title>');

    const server = await serve(outDir, 'node_modules/@tensorflow/tfjs-backend-wasm/dist');
    try {
      const queue = tests.values();
      const worker = async () => {
        // How many more files the browser may open; one on webgpu takes all of it.
        let [browser, room] = [undefined, 0];
        for (const test of queue) {
          if (watcher.isInterrupted()) break;
          await onStart(test);
          const share = test.context.config.globals.__BACKEND__ === 'webgpu' ? FILES : 1;
          try {
            if (room < share) {
              await browser?.close();
              [browser, room] = [await launchChromium(), FILES];
            }
            room -= share;
            await onResult(test, await this.runPage(test, { browser, outDir, url: server.url }));
          } catch (error) {
            room = 0;
            await onFailure(test, {
              message: error.message,
              stack: withSources(error.stack, outDir),
            });
          }
        }
        await browser?.close();
      };
      await Promise.all(Array.from({ length: this.globalConfig.maxWorkers }, worker));
    } finally {
      server.close();
      rmSync(outDir, { recursive: true });
    }
  }

  async runPage({ path, context: { config } }, { browser, outDir, url }) {
    const { testTimeout = 5000, testNamePattern, rootDir } = this.globalConfig;
    const start = Date.now();
    const page = await browser.newPage();
    const problems = [];
    page.on('pageerror', (error) => problems.push(error.stack));
    await page.goto(url, { timeout: testTimeout });
    const { outcomes, unhandledErrors } = await page.evaluate(
      async ({ globals, runner, files, options }) => {
        Object.assign(globalThis, globals);
        const { runTests } = await import(runner);
        return runTests(files, options);
      },
      {
        globals: config.globals,
        runner: '/tools/browser/page.js',
        files: [...config.setupFilesAfterEnv, path].map(
          (file) => `/${relative(rootDir, file).replace(/\.ts$/, '.js')}`,
        ),
        options: { testTimeout, testNamePattern },
      },
    );

    const testResults = outcomes.map(({ titles, status, duration, errors }) => ({
      ancestorTitles: titles.slice(0, -1),
      title: titles.at(-1),
      fullName: titles.join(' '),
      status,
      duration,
      failureMessages: errors.map((error) => withSources(error, outDir)),
      failureDetails: [],
      location: null,
      numPassingAsserts: 0,
    }));
    const count = (wanted) => testResults.filter(({ status }) => status === wanted).length;
    const outside = [...problems, ...unhandledErrors].map((error) => withSources(error, outDir));
    await page.close();
    const end = Date.now();
    return {
      ...createEmptyTestResult(),
      testFilePath: path,
      displayName: config.displayName,
      testResults,
      numPassingTests: count('passed'),
      numFailingTests: count('failed'),
      numPendingTests: count('pending'),
      numTodoTests: count('todo'),
      failureMessage: formatResultsErrors(testResults, config, this.globalConfig, path),
      testExecError: outside.length > 0 ? { message: '', stack: outside.join('\n') } : undefined,
      perfStats: { ...createEmptyTestResult().perfStats, start, end, runtime: end - start },
    };
  }
}

/** How many test files a browser opens. */
const FILES = 8;

/** A stack trace of a page, in the places of the sources. */
function withSources(stack, outDir) {
  return stack.replaceAll(
    /http:\/\/localhost:\d+\/([^:)\s]+):(\d+):(\d+)/g,
    (place, file, line, column) => {
      const map = new SourceMap(JSON.parse(readFileSync(join(outDir, `${file}.map`), 'utf8')));
      const entry = map.findEntry(line - 1, column - 1);
      if (entry.originalSource === undefined) return place;
      const source = join(outDir, file, '..', entry.originalSource);
      return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    },
  );
}
