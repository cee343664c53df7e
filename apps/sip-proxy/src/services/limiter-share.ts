/**
 * Calls that this proxy let in, for when the limiter store is away and a rule says `share` (docs/specs/limits.md). A call is here until its end passes by
 * this proxy, for an hour at most: a later BYE may have gone another way.
 */
import type { Clock } from '#kernel';
import type { Question } from '#limits';
import { type LimiterTake, type LimiterVerdict, MemoryLimiterStore } from '#store';
import { shareOf } from '../machines/limit-answer.js';

const LEASE_MS = 3_600_000;
const CALLS_MAX = 65_536;

export class LimiterShare {
  readonly #store: MemoryLimiterStore;
  /** The oldest first: it goes when there are too many. */
  readonly #calls = new Map<string, number>();

  /** @param index of this proxy among all `proxies` by name, from 0 */
  constructor(private readonly clock: Clock, private readonly index: number, private readonly proxies: number) {
    this.#store = new MemoryLimiterStore(clock);
  }

  get size(): number {
    return this.#calls.size;
  }

  has(id: string): boolean {
    return this.#calls.has(id);
  }

  ask(id: string, question: Question): Promise<LimiterVerdict> {
    return this.#store.acquire(id, shareOf(question, this.index, this.proxies), LEASE_MS);
  }

  /** Also of calls that the store let in. */
  letIn(id: string, takes: readonly LimiterTake[]): void {
    this.#calls.delete(id);
    this.#calls.set(id, this.clock.nowMs());
    void this.#store.acquire(id, { checks: [], takes }, LEASE_MS);
    this.#trim();
  }

  ended(id: string): void {
    if (this.#calls.delete(id)) void this.#store.release([id]);
  }

  #trim(): void {
    const freeMs = this.clock.nowMs() - LEASE_MS;
    for (const [id, sinceMs] of this.#calls) {
      if (this.#calls.size <= CALLS_MAX && sinceMs > freeMs) return;
      this.ended(id);
    }
  }
}
