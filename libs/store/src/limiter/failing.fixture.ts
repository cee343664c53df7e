/** A limiter store of one process that can be away, and tells what it was asked. */
import type { Clock } from '#kernel';
import { StoreUnavailable } from '../unavailable.js';
import { MemoryLimiterStore } from './memory.js';
import type { LimiterClaim, LimiterHolding, LimiterVerdict } from './port.js';

export class FailingLimiterStore extends MemoryLimiterStore {
  away = false;
  readonly asked: string[] = [];
  /** Verdicts come when it resolves. */
  gate: Promise<void> | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #now = this.acquireNow;

  constructor(clock: Clock) {
    super(clock);
    this.acquireNow = undefined;
  }

  /** As a store that is never away. */
  beLocal(): void {
    this.acquireNow = this.#now;
  }

  override async acquire(id: string, claim: LimiterClaim, leaseMs: number): Promise<LimiterVerdict> {
    await this.gate;
    if (this.away) throw new StoreUnavailable('limiter', 'away');
    return super.acquire(id, claim, leaseMs);
  }

  override async hold(holdings: readonly LimiterHolding[], leaseMs: number): Promise<readonly boolean[]> {
    this.#answer(`hold ${holdings.map(({ id }) => id).join(' ')}`);
    return super.hold(holdings, leaseMs);
  }

  override async release(ids: readonly string[]): Promise<readonly boolean[]> {
    this.#answer(`release ${ids.join(' ')}`);
    return super.release(ids);
  }

  override onUp(listener?: () => void): () => void {
    if (listener !== undefined) this.#listeners.add(listener);
    return () => { if (listener !== undefined) this.#listeners.delete(listener); };
  }

  figures(counters: readonly string[]): Promise<readonly number[]> {
    return this.usage(counters);
  }

  back(): void {
    this.away = false;
    for (const tell of this.#listeners) tell();
  }

  #answer(text: string): void {
    if (this.away) throw new StoreUnavailable('limiter', 'away');
    this.asked.push(text);
  }
}
