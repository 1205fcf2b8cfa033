import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');

/** What the package is made of, and what makes it. */
const SOURCES = [
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'],
  ...['README.md', 'LICENSE', 'CHANGELOG.md', 'pure/package.json'],
  ...filesOf('tools').filter((file) => file.endsWith('.js')),
  ...filesOf('src'),
];

/** The packed package, as `npm pack` makes it. It stays in temp/packed until its sources change. */
export function packed(): string {
  const hash = createHash('sha256').update(process.version);
  for (const file of SOURCES) hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  const folder = join(root, 'temp/packed');
  const tarball = join(folder, `${hash.digest('hex').slice(0, 16)}.tgz`);
  if (existsSync(tarball)) return tarball;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const printed = execFileSync(
    'npm',
    ['pack', '--json', '--silent', '--pack-destination', folder],
    {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  // The build prints something, too.
  const json = printed.slice(printed.indexOf('['));
  const [{ filename }] = JSON.parse(json) as [{ filename: string }];
  renameSync(join(folder, filename), tarball);
  return tarball;
}

/** Installs the packed package into the `node_modules` of a folder, and links packages of this repository beside it. */
export function installPacked(folder: string, ...beside: string[]): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'tfjs-losses'), { recursive: true });
  execFileSync('tar', [
    ...['-xzf', packed(), '-C', join(modules, 'tfjs-losses'), '--strip-components', '1'],
  ]);
  for (const name of beside) symlinkSync(join(root, 'node_modules', name), join(modules, name));
}

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}
