/** How late the event loop of a process runs: a timer asks to be woken, and sees how long after that it was. */
import type { Clock, Meter, Timer } from '#kernel';

/** The lateness of the loop as tiers see it. */
export interface LoopLateness {
  /** Milliseconds by which the next sample is late already: what stood still until now has not told its sample yet. */
  overdueMs(): number;
  /** Hears of every sample, in milliseconds. Answers how to stop that. */
  watch(heard: (lateMs: number) => void): () => void;
}

const SAMPLE_MS = 50;
/** The gauge shows the worst of the last one to two windows, so that no scrape misses a standstill. */
const WINDOW_MS = 15_000;

export class LoopWatch implements LoopLateness {
  readonly #watchers = new Set<(lateMs: number) => void>();
  #timer: Timer | undefined;
  #dueMs = Infinity;
  #windowEndMs = 0;
  #worstMs = 0;
  #worstBeforeMs = 0;

  constructor(private readonly clock: Clock, meter: Meter) {
    meter.gauge('event_loop_late_ms', 'Longest time by which the event loop of the process was late, within the last 15 to 30 s', () =>
      Math.max(this.#worstMs, this.#worstBeforeMs));
  }

  start(): void {
    this.#dueMs = this.clock.nowMs() + SAMPLE_MS;
    this.#timer = this.clock.setTimer(SAMPLE_MS, () => this.#sample());
  }

  overdueMs(): number {
    return Math.max(0, this.clock.nowMs() - this.#dueMs);
  }

  watch(heard: (lateMs: number) => void): () => void {
    this.#watchers.add(heard);
    return () => void this.#watchers.delete(heard);
  }

  close(): void {
    this.#timer?.cancel();
    this.#dueMs = Infinity;
    this.#watchers.clear();
  }

  #sample(): void {
    const lateMs = this.overdueMs();
    this.#keepWorst(lateMs);
    for (const heard of [...this.#watchers]) heard(lateMs);
    if (this.#dueMs !== Infinity) this.start();
  }

  #keepWorst(lateMs: number): void {
    const nowMs = this.clock.nowMs();
    if (nowMs >= this.#windowEndMs) {
      this.#worstBeforeMs = this.#worstMs;
      this.#worstMs = 0;
      this.#windowEndMs = nowMs + WINDOW_MS;
    }
    this.#worstMs = Math.max(this.#worstMs, lateMs);
  }
}
