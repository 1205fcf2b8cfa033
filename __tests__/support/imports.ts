import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Which files import which, types included, by their paths below a folder. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** The imports among the TypeScript files of a folder. */
export function importGraph(folder: string): ImportGraph {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts') && !file.startsWith('kernels/simd/assembly'));
  return new Map(
    files.map((file) => [
      file,
      importsOf(join(folder, file)).map((path) => relative(folder, path)),
    ]),
  );
}

/** What a file imports from, or exports from, by a relative path. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const statements = text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^;'"]*?['"](\.[^'"]+)['"]/g);
  return [...statements].map(([, path]) => join(dirname(file), path!.replace(/\.js$/, '.ts')));
}

/** A circle of imports, from one file back to itself; nothing where there is none. */
export function circleIn(graph: ImportGraph): string[] | undefined {
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] | undefined => {
    const start = path.indexOf(file);
    if (start >= 0) return [...path.slice(start), file];
    if (done.has(file)) return undefined;
    for (const next of graph.get(file) ?? []) {
      const circle = walk(next, [...path, file]);
      if (circle) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const circle = walk(file, []);
    if (circle) return circle;
  }
  return undefined;
}

/** Imports that no rule allows, as `from → to`. A rule lists the places that files of one place may import from, beside their own. */
export function forbiddenIn(
  graph: ImportGraph,
  rules: Readonly<Record<string, readonly string[]>>,
): string[] {
  const placeOf = (file: string) => file.split('/')[0]!;
  return [...graph].flatMap(([file, imports]) =>
    imports
      .filter((to) => placeOf(to) !== placeOf(file))
      .filter((to) => !rules[placeOf(file)]?.includes(placeOf(to)))
      .map((to) => `${file} → ${to}`),
  );
}
