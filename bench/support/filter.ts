type Kinds = Record<string, readonly string[]>;

/**
 * Reads the words after a command: of each kind, those that are named, or all if none of that kind is. `all` tells that nothing
 * was left out.
 */
export function filterOf<K extends Kinds>(
  words: string[],
  kinds: K,
): { chosen: { [Kind in keyof K]: readonly K[Kind][number][] }; all: boolean } {
  const known = Object.values(kinds).flat();
  const unknown = words.find((word) => !known.includes(word));
  if (unknown !== undefined) {
    throw new Error(
      `There is nothing called '${unknown}' to measure. There are: ${known.join(', ')}.`,
    );
  }
  const chosen = Object.entries(kinds).map(([kind, names]) => {
    const named = names.filter((name) => words.includes(name));
    return [kind, named.length > 0 ? named : names];
  });
  return {
    chosen: Object.fromEntries(chosen) as { [Kind in keyof K]: readonly K[Kind][number][] },
    all: words.length === 0,
  };
}
