import { getState, run } from 'jest-circus';

/** What happened to one test: that part of Jest's own result which can leave the page. */
export interface Outcome {
  titles: string[];
  status: 'passed' | 'failed' | 'pending' | 'todo';
  duration: number | null;
  errors: string[];
}

/** Imports test files after what sets them up, and runs their tests. */
export async function runTests(
  files: string[],
  { testTimeout, testNamePattern }: { testTimeout: number; testNamePattern?: string },
): Promise<{ outcomes: Outcome[]; unhandledErrors: string[] }> {
  for (const file of files) await import(file);
  const state = getState();
  state.testTimeout = testTimeout;
  if (testNamePattern !== undefined) state.testNamePattern = new RegExp(testNamePattern, 'i');
  const { testResults, unhandledErrors } = await run();
  const outcomes = testResults.map(({ testPath, status, duration, errors }): Outcome => {
    const [, ...titles] = testPath;
    const failed = errors.length > 0;
    const done = failed ? 'failed' : 'passed';
    return {
      titles,
      status: status === 'skip' ? 'pending' : status === 'todo' ? 'todo' : done,
      duration: duration ?? null,
      errors,
    };
  });
  return { outcomes, unhandledErrors };
}
