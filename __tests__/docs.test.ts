import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import ts from 'typescript';

import * as losses from '../src/index.js';
import { expectClose } from './support/expect_close.js';

const root = join(__dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const filesOf = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));

interface Snippet {
  title: string;
  code: string;
}

/** Fenced TypeScript of the guides. */
function snippetsOf(document: string): Snippet[] {
  const blocks = [...read(document).matchAll(/^```ts\n([^]*?)^```$/gm)];
  return blocks.map(([, code], i) => ({ title: `${document}, snippet ${i + 1}`, code: code! }));
}

/** Examples in doc comments. */
function examplesOf(file: string): Snippet[] {
  const blocks = [...read(file).matchAll(/@example\n *\* ```ts\n([^]*?)\* ```/g)];
  return blocks.map(([, code], i) => ({
    title: `${file}, example ${i + 1}`,
    code: code!.replace(/^ *\* ?/gm, ''),
  }));
}

/** `expression; // ≈ value` becomes a check. */
function withChecks(code: string): string {
  return code.replace(
    /^((?!const |let )[^\n]*?(?:\n(?=[ )\]}])[^\n]*?)*);[ ]*\/\/ (≈ )?([^\n]+)$/gm,
    (line, expression: string, close: string | undefined, value: string) =>
      close !== undefined || value === 'true' ? `check(${expression}, ${value});` : line,
  );
}

async function run({ code }: Snippet): Promise<number> {
  let checks = 0;
  const check = (got: unknown, want: tf.TensorLike) => {
    checks += 1;
    if (got instanceof tf.Tensor) {
      // The documents round to four digits.
      expectClose(got as tf.Tensor, want, { relative: 5e-4, absolute: 5e-20 });
    } else expect(got).toBe(want);
  };
  const { outputText } = ts.transpileModule(withChecks(code), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const names = { tf, check, ...losses };
  const imported = [...code.matchAll(/import (?:\* as (\w+)|\{([^}]*)\})/g)].flatMap(
    ([, all, some]) => (all ?? some!).split(',').map((name) => name.trim()),
  );
  const scope = Object.entries(names).filter(([name]) => !imported.includes(name));
  const modules: Record<string, unknown> = {
    '@tensorflow/tfjs': tf,
    'tfjs-losses': losses,
    'tfjs-losses/pure': losses,
  };
  const load = (name: string) => modules[name];
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- snippets are run as a reader would run them
  const body = new Function(
    'require',
    'exports',
    ...scope.map(([name]) => name),
    `return (async () => {${outputText}\n})();`,
  ) as (...args: unknown[]) => Promise<void>;
  await body(load, {}, ...scope.map(([, value]) => value));
  return checks;
}

/** Runs the snippet, and makes sure that every value it promises was checked. */
async function runAll(snippet: Snippet): Promise<void> {
  expect(await run(snippet)).toBe([...snippet.code.matchAll(/; \/\/ (≈|true)/g)].length);
}

beforeEach(() => {
  losses.register(tf);
});

describe('every snippet runs', () => {
  const documents = filesOf('docs', '.md');
  it.each(documents.flatMap(snippetsOf))('$title', async (snippet) => {
    await runAll(snippet);
  });
});

describe('every example of a doc comment runs, and gives what it says', () => {
  const examples = filesOf('src', '.ts').flatMap(examplesOf);
  it.each(examples)('$title', async (snippet) => {
    await runAll(snippet);
  });
});
