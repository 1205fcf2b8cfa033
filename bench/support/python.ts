import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { Cell } from './cells.js';

/** What bench/peers.py found of a library; no variants if it is not installed. */
export interface Peer {
  versions: Record<string, string>;
  variants: string[];
}

/** A cell with the files that its numbers are in; of the gradients every so many-th entry is asked for. */
export interface CellRequest extends Cell {
  logits: string;
  labels: string;
  stride: number;
}

/** bench/peers.py as a process that measures one library on request, so that its samples alternate with ours. */
export class Python {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #stderr = '';

  constructor(library: string) {
    const script = fileURLToPath(new URL('../peers.py', import.meta.url));
    this.#process = spawn(process.env.PYTHON ?? 'python3', [script, library]);
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    // Shown only if it fails: TensorFlow and JAX always have something to say.
    this.#process.stderr.on('data', (text: Buffer) => (this.#stderr += text.toString()));
    // Without Python it has no number, and when it has ended its answers have too.
    for (const part of [this.#process, this.#process.stdin]) part.on('error', () => undefined);
  }

  /** What it says first. */
  async peer(): Promise<Peer> {
    if (this.#process.pid === undefined) return { versions: {}, variants: [] };
    return (await this.#answer()) as Peer;
  }

  /** Makes a cell the current one, and gives what each variant computes on it. */
  prepare(cell: CellRequest): Promise<Record<string, { loss: number; gradient: number[] }>> {
    return this.#ask(cell) as Promise<Record<string, { loss: number; gradient: number[] }>>;
  }

  /** Makes so many calls of a variant on the current cell, and gives the milliseconds they took. */
  async sample(variant: string, calls: number): Promise<number> {
    const answer = (await this.#ask({ variant, calls })) as { milliseconds: number };
    return answer.milliseconds;
  }

  close(): void {
    this.#process.stdin.end();
  }

  #ask(request: object): Promise<unknown> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.#answer();
  }

  async #answer(): Promise<unknown> {
    const line = await this.#lines.next();
    if (line.done) throw new Error(`bench/peers.py ended early.\n${this.#stderr}`);
    return JSON.parse(line.value);
  }
}
