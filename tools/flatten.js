/** Makes one file of the compiled modules, of which a bundler still drops what nobody uses. */
import esbuild from 'esbuild';
import { rolldown } from 'rolldown';
import ts from 'typescript';

/** The code of an entry with all that it imports, but TensorFlow.js: as an ES module and as CommonJS. */
export async function flatten(entry) {
  const bundle = await rolldown({ input: entry, external: /^@tensorflow\// });
  const { output } = await bundle.generate({ format: 'esm', comments: false });
  const { code: esm } = await esbuild.transform(annotate(output[0].code), {
    // What bundlers of today and React Native's own read. Fields of classes stay: assignments in their place cannot be dropped.
    target: 'es2020',
    supported: { 'class-field': true, 'class-static-field': true },
  });
  const { code: cjs } = await esbuild.transform(esm, { format: 'cjs', platform: 'node' });
  return { esm, cjs };
}

/** Says of each value that is computed when the module loads that nothing else comes of it: else bundlers keep it. */
function annotate(code) {
  const edits = [];
  const markValue = (value) => {
    if (value === undefined || isPlain(value)) return;
    if (isPlainCall(value)) edits.push({ at: value.getStart(), text: PURE });
    else {
      edits.push(
        { at: value.getStart(), text: `${PURE}(() => (` },
        { at: value.end, text: '))()' },
      );
    }
  };
  const markClass = ({ members }) => {
    for (const member of members) {
      const { modifiers } = member;
      const isStatic = modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
      if (isStatic && ts.isPropertyDeclaration(member)) markValue(member.initializer);
    }
  };
  const source = ts.createSourceFile('flat.js', code, ts.ScriptTarget.ES2022, true);
  for (const statement of source.statements) {
    if (ts.isClassDeclaration(statement)) markClass(statement);
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (initializer === undefined) continue;
      if (ts.isClassExpression(initializer)) markClass(initializer);
      else if (ts.isObjectBindingPattern(name)) edits.push(withoutPattern(name, initializer));
      else markValue(initializer);
    }
  }
  for (const { at, end = at, text } of edits.sort((a, b) => b.at - a.at)) {
    code = code.slice(0, at) + text + code.slice(end);
  }
  return code;
}

const PURE = '/* @__PURE__ */ ';

/** `{ abs, exp } = Math` as `abs = Math.abs, exp = Math.exp`. */
function withoutPattern(pattern, value) {
  const parts = pattern.elements.map(({ name, propertyName }) => {
    const property = (propertyName ?? name).getText();
    return `${name.getText()} = ${value.getText()}.${property}`;
  });
  return { at: pattern.getStart(), end: value.end, text: parts.join(', ') };
}

/** Whether bundlers see by themselves that nothing happens here: names, functions, literals and what is made of these. */
function isPlain(value) {
  if (ts.isArrayLiteralExpression(value)) return value.elements.every(isPlain);
  if (ts.isObjectLiteralExpression(value)) {
    return value.properties.every(
      (property) =>
        (ts.isPropertyAssignment(property) && isPlain(property.initializer)) ||
        ts.isShorthandPropertyAssignment(property) ||
        ts.isMethodDeclaration(property),
    );
  }
  return (
    ts.isLiteralExpression(value) ||
    ts.isIdentifier(value) ||
    ts.isFunctionLike(value) ||
    ts.isClassExpression(value) ||
    ts.isPrefixUnaryExpression(value) ||
    [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword].includes(
      value.kind,
    )
  );
}

/** A call of a function, or of what a call gives, with plain arguments. */
function isPlainCall(value) {
  return (
    ts.isCallExpression(value) &&
    value.arguments.every(isPlain) &&
    (ts.isIdentifier(value.expression) ||
      ts.isPropertyAccessExpression(value.expression) ||
      isPlainCall(value.expression))
  );
}
