/** A share as a percentage with one decimal: `97.5 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A number with about three digits; 0 only where it is exactly 0. */
export function brief(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) < 0.001) return value.toExponential(0).replace('-', '−');
  const rounded = value.toFixed(Math.abs(value) < 10 ? 3 : 1);
  return rounded.replace('-', '−');
}

/** `1 epoch`, `2 epochs`. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** How rare something is: `1 in 8`, `1 in 485 million`, `1 in 10¹⁷`. */
export function oneIn(count: number): string {
  if (count >= 1e12) return `1 in 10${superscript(Math.round(Math.log10(count)))}`;
  const names = [
    [1e9, ' billion'],
    [1e6, ' million'],
    [1, ''],
  ] as const;
  const [size, name] = names.find(([least]) => count >= least) ?? [1, ''];
  return `1 in ${Math.round(count / size).toLocaleString('en')}${name}`;
}

function superscript(count: number): string {
  return String(count).replace(/\d/g, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit)));
}
