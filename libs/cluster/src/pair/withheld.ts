/** What waits at a closed fence for the next proof of its term (docs/specs/pairs.md). */
import type { Clock } from '#kernel';
import type { Way } from './fence.js';

/** Of each way. */
export const WITHHELD_MAX = 10_000;
/** Work in one go: proofs of the term must be asked for, and their answers be read, while thousands of messages pass. */
export const SLICE_MS = 20;

export class Withheld {
  readonly #lanes: Record<Way, ((passed: boolean) => void)[]> = { out: [], in: [] };
  #releasing = false;
  /** What is left passes in the next turn of the event loop. */
  #paused = false;
  /** Ever. */
  total = 0;

  /** @param failed hears what `work` threw */
  constructor(private readonly isOpen: () => boolean, private readonly failed: (error: unknown) => void, private readonly clock: Clock) {}

  get waiting(): number {
    return this.#lanes.out.length + this.#lanes.in.length;
  }

  /** Whether what comes now must stand behind: something waits, and this is not the work of what just passed. */
  get isBefore(): boolean {
    return this.waiting > 0 && !this.#releasing;
  }

  hold(way: Way, work: (passed: boolean) => void): boolean {
    if (this.#lanes[way].length >= WITHHELD_MAX) return false;
    this.#lanes[way].push(work);
    this.total += 1;
    return true;
  }

  /** First what was to go out: what comes in is answered behind it. Stops when the fence closes meanwhile. */
  release(): void {
    if (!this.#paused) this.#release(SLICE_MS);
  }

  /** All that may pass, at once: soon nothing may. */
  releaseAll(): void {
    this.#paused = false;
    this.#release(Infinity);
  }

  #release(forMs: number): void {
    if (this.#releasing) return;
    this.#releasing = true;
    const untilMs = this.clock.nowMs() + forMs;
    while (this.waiting > 0 && !this.#paused && this.isOpen()) {
      this.#next(true);
      this.#paused = this.clock.nowMs() >= untilMs;
    }
    this.#releasing = false;
    if (this.#paused) this.clock.setTimer(0, () => this.#goOn());
  }

  #goOn(): void {
    this.#paused = false;
    this.release();
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
