/** Makes so many calls, here or in another process, and gives the milliseconds that they took together. */
export type Sample = (calls: number) => Promise<number>;

/** Samples of a function that has its result when it returns, or when its promise does. */
export function sampleOf(call: () => unknown): Sample {
  return async (calls) => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) {
      const result = call();
      if (result instanceof Promise) await result;
    }
    return performance.now() - start;
  };
}

const WARM_UP_MS = 300;
/** A sample takes at least this long, so that the clock's steps and one interruption weigh little. */
const SAMPLE_MS = 3;
/** What the rounds of one comparison may take together, as long as they are enough and not too many. */
const ROUNDS_MS = 2500;
const FEWEST_ROUNDS = 5;
const MOST_ROUNDS = 41;

/**
 * Milliseconds per call of each variant, round by round; each round samples every variant once, in turns of who is first.
 *
 * mitata and tinybench time one variant to its end and then the next, and what the machine does meanwhile (a neighbour, the
 * clock rate, garbage) becomes a difference between the two. Here they meet it together: the ratio of a round is fair
 * even when the round is slow.
 */
export async function interleave<Name extends string>(
  variants: Record<Name, Sample>,
  sampleMs = SAMPLE_MS,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(variants) as Name[];
  const calls = {} as Record<Name, number>;
  let roundMs = 0;
  for (const name of names) {
    const callMs = await warmUp(variants[name], sampleMs);
    calls[name] = Math.max(1, Math.ceil(sampleMs / callMs));
    roundMs += calls[name] * callMs;
  }
  const rounds = Math.min(Math.max(Math.floor(ROUNDS_MS / roundMs), FEWEST_ROUNDS), MOST_ROUNDS);

  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    number[]
  >;
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      times[name].push((await variants[name](calls[name])) / calls[name]);
    }
  }
  return times;
}

/** Runs a variant until it is compiled and its caches are filled; gives the milliseconds of a call by then. */
async function warmUp(sample: Sample, enoughMs: number): Promise<number> {
  let [calls, spent, callMs] = [1, 0, 0];
  while (spent < WARM_UP_MS) {
    const tookMs = await sample(calls);
    spent += tookMs;
    callMs = tookMs / calls;
    if (tookMs < enoughMs) calls *= 2;
  }
  return callMs;
}
