/** Fisher and Yates's shuffle: the same order for the same seed. */
export function shuffle<T>(items: readonly T[], seed = 42): T[] {
  const random = randomNumbers(seed);
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
  }
  return shuffled;
}

/** The first `share` of the items for training, the rest for validation. */
export function split<T>(items: readonly T[], share = 0.8): { training: T[]; validation: T[] } {
  const end = Math.round(items.length * share);
  return { training: items.slice(0, end), validation: items.slice(end) };
}

/** Random numbers in [0, 1), by Tommy Ettinger's mulberry32. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
