/** What waits at a closed fence for the next proof of its term (docs/specs/pairs.md). */
import type { Way } from './fence.js';

/** Of each way. */
export const WITHHELD_MAX = 10_000;

export class Withheld {
  readonly #lanes: Record<Way, ((passed: boolean) => void)[]> = { out: [], in: [] };
  #releasing = false;
  /** Ever. */
  total = 0;

  /** @param failed hears what `work` threw */
  constructor(private readonly isOpen: () => boolean, private readonly failed: (error: unknown) => void) {}

  get waiting(): number {
    return this.#lanes.out.length + this.#lanes.in.length;
  }

  hold(way: Way, work: (passed: boolean) => void): boolean {
    if (this.#lanes[way].length >= WITHHELD_MAX) return false;
    this.#lanes[way].push(work);
    this.total += 1;
    return true;
  }

  /** First what was to go out: what comes in is answered behind it. Stops when the fence closes meanwhile. */
  release(): void {
    if (this.#releasing) return;
    this.#releasing = true;
    while (this.waiting > 0 && this.isOpen()) this.#next(true);
    this.#releasing = false;
  }

  drop(): void {
    for (let left = this.waiting; left > 0; left -= 1) this.#next(false);
  }

  #next(passed: boolean): void {
    const work = this.#lanes.out.shift() ?? this.#lanes.in.shift();
    try {
      work?.(passed);
    } catch (error) {
      this.failed(error);
    }
  }
}
