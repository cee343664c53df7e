/** What happened, line by line. The same seed gives the same lines, which a hash of all of them proves. */
import { createHash } from 'node:crypto';

/** Lines that are kept for the ladder; the hash is over all. */
const KEPT_MAX = 5_000;

export class Trace {
  readonly #hash = createHash('sha256');
  readonly #kept: string[] = [];
  #count = 0;

  constructor(private readonly nowMs: () => number, private readonly startMs: number) {}

  /** `isDull`: part of the hash, but not of the ladder that people read. */
  note(text: string, isDull = false): void {
    const line = `${((this.nowMs() - this.startMs) / 1_000).toFixed(3).padStart(10)} ${text}`;
    this.#hash.update(line).update('\n');
    this.#count += 1;
    if (isDull) return;
    this.#kept.push(line);
    if (this.#kept.length >= KEPT_MAX * 2) this.#kept.splice(0, KEPT_MAX);
  }

  get count(): number {
    return this.#count;
  }

  /** Equal for equal histories. */
  get hash(): string {
    return this.#hash.copy().digest('hex');
  }

  /** The last lines, oldest first. */
  ladder(lines = 200): string {
    return this.#kept.slice(-lines).join('\n');
  }
}
