import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { format, resolveConfig } from 'prettier';

const DOCUMENT = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));

export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [head, head.map(() => '---'), ...rows].map(line).join('\n');
}

/** Prints what was measured, and puts it between its markers in docs/performance.md if `complete`. */
export async function publish(parts: Record<string, string>, complete: boolean): Promise<void> {
  let text = readFileSync(DOCUMENT, 'utf8');
  for (const [name, content] of Object.entries(parts)) {
    console.log(`\n${name}\n\n${content}`);
    const place = new RegExp(`(<!-- ${name} -->)[^]*?(<!-- end -->)`);
    if (!place.test(text)) throw new Error(`docs/performance.md has no place for ${name}.`);
    text = text.replace(
      place,
      (_, start: string, end: string) => `${start}\n\n${content}\n\n${end}`,
    );
  }
  if (complete) {
    const options = { ...(await resolveConfig(DOCUMENT)), filepath: DOCUMENT };
    writeFileSync(DOCUMENT, await format(text, options));
    console.log('\nWritten to docs/performance.md.');
  } else console.log('\ndocs/performance.md stays as it is: not everything was measured.');
}
