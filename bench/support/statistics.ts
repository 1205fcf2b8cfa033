/** The value below which this share of the values lies, between neighbours in proportion. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** `median (minimum)` of times in milliseconds. */
export function times(milliseconds: readonly number[]): string {
  return `${rounded(median(milliseconds))} (${rounded(Math.min(...milliseconds))})`;
}

/** How many times as long `slow` takes as `fast`, `median (quartiles)` over the rounds that they share. */
export function ratio(slow: readonly number[], fast: readonly number[]): string {
  const ratios = slow.map((time, round) => time / (fast[round] ?? NaN));
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => rounded(quantile(ratios, share)));
  return `**${String(middle)}** (${String(low)} to ${String(high)})`;
}

/** Three digits, without an exponent. */
export function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}

export function bytes(count: number): string {
  return count < 1e6 ? `${rounded(count / 1e3)} kB` : `${rounded(count / 1e6)} MB`;
}
