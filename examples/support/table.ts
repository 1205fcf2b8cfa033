/** Prints a line of a table: a narrow first column, then columns of `width`. */
export function printRow(first: string, cells: readonly string[], width = 20): void {
  const line = first.padEnd(8) + cells.map((cell) => cell.padEnd(width)).join('');
  console.log(line.trimEnd());
}

/** A share as a percentage with one decimal: `97.5 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
