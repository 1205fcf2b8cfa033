/**
 * Where the project lives. `npm run address` writes it into package.json and all documents, after this line was changed; without
 * an address written everywhere, `node tools/address.js --check` fails.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const ADDRESS = 'https://github.com/OWNER/tfjs-losses';

const documents = readdirSync('docs').filter((file) => file.endsWith('.md'));
const files = [
  ...['package.json', 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...documents.map((file) => join('docs', file)),
];
/** The project's address on GitHub, and that of its files as they are. */
const LINK = /https:\/\/(?:raw\.githubusercontent|github)\.com\/[\w.-]+\/tfjs-losses(?![\w-])/g;

const written = (link) =>
  link.includes('//raw.') ? ADDRESS.replace('github.com', 'raw.githubusercontent.com') : ADDRESS;

for (const file of files) {
  const text = readFileSync(file, 'utf8');
  const updated = text.replace(LINK, written);
  if (updated === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${file} has another address than ${ADDRESS}: npm run address`);
    process.exitCode = 1;
  } else writeFileSync(file, updated);
}
