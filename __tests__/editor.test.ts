/** What an editor shows: TypeScript's own language service is asked, over the declarations that the package ships. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '..');
mkdirSync(join(root, 'temp'), { recursive: true });
const folder = mkdtempSync(join(root, 'temp/editor-'));
const probe = join(folder, 'probe.ts');

/** A loss of each family. */
const classes = [
  'Huber',
  'CosineSimilarity',
  'BinaryCrossentropy',
  'SparseCategoricalCrossentropy',
  'Tversky',
  'Circle',
  'CTC',
];

const code = `
import * as tf from '@tensorflow/tfjs-core';
import * as all from './types/pure.js';
import { BinaryCrossentropy, Loss, registerLoss } from './types/pure.js';
class Mine extends Loss<{ power?: number }> {
  static override readonly className = 'Mine';
  override compute(yTrue: tf.Tensor): tf.Tensor { return yTrue; }
}
const bce = new BinaryCrossentropy();
bce([1], [0.5]);
bce.reduction; bce.name; bce.options; bce.getConfig; bce.compute;
Loss.className; Loss.aliases; Loss.defaults; Loss.labels; Loss.reads; Loss.check; Loss.fromConfig;
BinaryCrossentropy.aliases; BinaryCrossentropy.reads; BinaryCrossentropy.check; BinaryCrossentropy.labels;
Mine.;
new Mine().;
${classes.map((name) => `all.${name}.;\nnew all.${name}().;`).join('\n')}
`;

let service: ts.LanguageService;

beforeAll(() => {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(root, 'tsconfig.build.json'),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
        throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
      },
    },
  )!;
  const options = { ...config.options, emitDeclarationOnly: true, outDir: join(folder, 'types') };
  ts.createProgram(config.fileNames, options).emit();
  writeFileSync(probe, code);
  const host: ts.LanguageServiceHost = {
    getScriptFileNames: () => [probe],
    getScriptVersion: () => '1',
    getScriptSnapshot: (file) => {
      const text = ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getCompilationSettings: () => ({
      strict: true,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      target: ts.ScriptTarget.ES2022,
      skipLibCheck: true,
      types: [],
    }),
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (file) => ts.sys.fileExists(file),
    readFile: (file) => ts.sys.readFile(file),
  };
  service = ts.createLanguageService(host);
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The text of a hover over the last word of an expression in the probe. */
function hover(expression: string): string {
  const start = code.indexOf(expression);
  expect(start).toBeGreaterThan(0);
  const info = service.getQuickInfoAtPosition(probe, start + expression.length - 1)!;
  return ts.displayPartsToString(info.documentation);
}

/** What is offered after a point, beside what every function has. */
function offered(expression: string): string[] {
  const at = code.indexOf(`${expression};`) + expression.length;
  const entries = service.getCompletionsAtPosition(probe, at, {})!.entries;
  const ofFunctions = [
    'apply',
    'arguments',
    'bind',
    'call',
    'caller',
    'length',
    'prototype',
    'toString',
  ];
  return entries
    .map(({ name }) => name)
    .filter((name) => !ofFunctions.includes(name))
    .sort();
}

describe('an editor', () => {
  it.each([
    'bce.reduction',
    'bce.name',
    'bce.options',
    'bce.getConfig',
    'bce.compute',
    'Loss.className',
    'Loss.aliases',
    'Loss.defaults',
    'Loss.labels',
    'Loss.reads',
    'Loss.check',
    'Loss.fromConfig',
    'BinaryCrossentropy.aliases',
    'BinaryCrossentropy.reads',
    'BinaryCrossentropy.labels',
    'BinaryCrossentropy.check',
    'registerLoss',
  ])('shows a sentence for %s', (expression) => {
    expect(hover(expression)).toMatch(/^[A-Z`].*\./);
    expect(hover(expression)).not.toContain('@inheritDoc');
  });

  it('says first what a call computes', () => {
    const first = /^Computes the loss of labels and predictions/;
    const at = code.indexOf('bce([1]');
    const hovered = service.getQuickInfoAtPosition(probe, at)!;
    expect(ts.displayPartsToString(hovered.documentation)).toMatch(first);
    const [signature] = service.getSignatureHelpItems(probe, at + 'bce('.length, {})!.items;
    expect(ts.displayPartsToString(signature!.documentation)).toMatch(first);
  });

  it('offers of a loss class what its author gives, and nothing else', () => {
    expect(offered('Mine.')).toEqual(
      ['aliases', 'check', 'className', 'defaults', 'fromConfig', 'labels', 'name', 'reads'].sort(),
    );
  });

  it('offers of a loss object what its user asks, and nothing else', () => {
    expect(offered('new Mine().')).toEqual([
      'compute',
      'getConfig',
      'name',
      'options',
      'reduction',
    ]);
  });

  it.each(classes)('offers the same of %s', (name) => {
    expect(offered(`all.${name}.`)).toEqual(offered('Mine.'));
    expect(offered(`new all.${name}().`)).toEqual(offered('new Mine().'));
  });

  it('finds no inline inheritDoc in any declaration', () => {
    const types = join(folder, 'types');
    const declarations = readdirSync(types, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.d.ts'),
    );
    expect(declarations.length).toBeGreaterThan(50);
    const literal = declarations.filter((file) =>
      readFileSync(join(types, file), 'utf8').includes('{@inheritDoc'),
    );
    expect(literal).toEqual([]);
  });
});
