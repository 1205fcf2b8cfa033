import { Tensor } from '@tensorflow/tfjs-core';

/** Shapes that do not fit together. */
export class ShapeError extends Error {
  /** Tells it from other errors, also where several copies of the package are loaded. */
  override readonly name = 'ShapeError';
}

/** `[2, 3]` as users read it. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** An error text: who, rule, what came in. */
export function violation(who: string, rule: string, received: unknown): string {
  return `${who}: ${rule}. Received: ${formatValue(received)}.`;
}

/** What came in, short enough for one line of an error text. */
export function formatValue(value: unknown): string {
  const text = describe(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function describe(value: unknown): string {
  if (typeof value === 'function')
    return value.name === '' ? 'a function' : `function ${value.name}`;
  if (typeof value === 'object') return describeObject(value);
  // eslint-disable-next-line @typescript-eslint/no-base-to-string -- objects are described above
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function describeObject(value: object | null): string {
  if (value instanceof Tensor) {
    return `a tensor of shape ${formatShape(value.shape as number[])}`;
  }
  try {
    // A typed array, a promise, a map. JSON has no words for those.
    const { name } = (Object(value) as object).constructor;
    if (name !== 'Object' && name !== 'Array') return `a ${name}`;
    // JSON has no word for these numbers.
    const named = (_: string, entry: unknown) => {
      if (entry instanceof Tensor) return describeObject(entry);
      return typeof entry === 'number' && !Number.isFinite(entry) ? String(entry) : entry;
    };
    return JSON.stringify(value, named).replace(/"(NaN|-?Infinity)"/g, '$1');
  } catch {
    // Circular, or with a BigInt inside.
    return 'an object';
  }
}

/** An error text that lists what is allowed and, where a name is close to one of them or to an alias, offers it. */
export function unknownName(
  who: string,
  kind: string,
  received: unknown,
  known: readonly string[],
  aliases: readonly string[] = [],
): RangeError {
  const offer =
    typeof received === 'string' ? nearest(received, [...known, ...aliases]) : undefined;
  const hint = offer === undefined ? '' : ` Did you mean '${offer}'?`;
  const rule =
    known.length === 0
      ? `has no ${kind}s`
      : `${kind} must be one of ${known.map((name) => `'${name}'`).join(', ')}`;
  return new RangeError(violation(who, rule, received) + hint);
}

/** The known name with the smallest edit distance, if it is close enough to be a slip. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const distance = (candidate: string) => editDistance(name.toLowerCase(), candidate.toLowerCase());
  const close = known.filter((candidate) => distance(candidate) <= Math.max(2, name.length / 3));
  return close.sort((a, b) => distance(a) - distance(b))[0];
}

/** Levenshtein's distance, one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const letter of a) {
    let [diagonal, left] = [Infinity, Infinity];
    row = row.map((above, j) => {
      left = Math.min(diagonal + Number(letter !== b[j - 1]), above + 1, left + 1);
      diagonal = above;
      return left;
    });
  }
  return row[b.length] ?? Infinity;
}
