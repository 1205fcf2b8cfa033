/** Runs an example by name: `npm run example` for the main one, `npm run example standalone` for another. */
import { readdirSync } from 'node:fs';

const folder = new URL('.', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && file !== 'index.ts')
  .map((file) => file.replace('.ts', ''));

const name = process.argv[2] ?? 'breast_cancer';
if (names.includes(name)) {
  const example = (await import(new URL(`${name}.ts`, folder).href)) as { main(): Promise<void> };
  await example.main();
  const others = names.filter((other) => other !== name);
  console.log(`\nMore examples, by npm run example NAME: ${others.join(', ')}`);
} else {
  console.error(`No example is called '${name}'. There are: ${names.join(', ')}.`);
  process.exitCode = 1;
}
