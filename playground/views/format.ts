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

/** `1.0e-9` → `1/1,000,000,000`, roughly: one in how many. */
export function oneIn(probability: number): string {
  const count = 1 / probability;
  const names: readonly (readonly [number, string])[] = [
    [1e15, 'thousand million million'],
    [1e12, 'million million'],
    [1e9, 'thousand million'],
    [1e6, 'million'],
    [1e3, 'thousand'],
  ];
  const [size, name] = names.find(([least]) => count >= least) ?? [1, ''];
  return `1 in ${Math.round(count / size).toLocaleString('en')} ${name}`.trim();
}
