/** Slots of one process. */
import { assert, type Clock } from '#kernel';
import { CLAIMS_MAX, type LimiterClaim, type LimiterStore, type LimiterVerdict, RENEWALS_MAX } from './port.js';

interface HeldCall {
  untilMs: number;
  readonly counters: Set<string>;
}

export class MemoryLimiterStore implements LimiterStore {
  readonly #calls = new Map<string, HeldCall>();
  /** Call ids by counter; those whose lease ran out go when the counter is next looked at. */
  readonly #slots = new Map<string, Set<string>>();

  constructor(private readonly clock: Clock) {}

  async acquire(callId: string, claims: readonly LimiterClaim[], leaseMs: number): Promise<LimiterVerdict> {
    assert(claims.length <= CLAIMS_MAX, `at most ${CLAIMS_MAX} claims`);
    const isFull = ({ counter, limit }: LimiterClaim): boolean => {
      const slots = this.#live(counter);
      return !slots.has(callId) && slots.size >= limit;
    };
    const full = claims.filter(isFull);
    const admitted = full.every(({ shadow }) => shadow === true);
    const taken = claims.filter((claim) => !full.includes(claim));
    if (admitted && taken.length > 0) this.#take(callId, taken, this.clock.nowMs() + leaseMs);
    return { admitted, full: full.map(({ counter }) => counter) };
  }

  async renew(callIds: readonly string[], leaseMs: number): Promise<readonly string[]> {
    assert(callIds.length <= RENEWALS_MAX, `at most ${RENEWALS_MAX} renewals`);
    return callIds.filter((callId) => {
      const call = this.#call(callId);
      if (call !== undefined) call.untilMs = this.clock.nowMs() + leaseMs;
      return call === undefined;
    });
  }

  async release(callId: string): Promise<boolean> {
    const call = this.#call(callId);
    this.#free(callId);
    return call !== undefined;
  }

  async usage(counters: readonly string[]): Promise<readonly number[]> {
    return counters.map((counter) => this.#live(counter).size);
  }

  async close(): Promise<void> {
    this.#calls.clear();
    this.#slots.clear();
  }

  #take(callId: string, claims: readonly LimiterClaim[], untilMs: number): void {
    const call = this.#call(callId) ?? { untilMs, counters: new Set() };
    this.#calls.set(callId, call);
    call.untilMs = Math.max(call.untilMs, untilMs);
    for (const { counter } of claims) {
      call.counters.add(counter);
      this.#slots.set(counter, (this.#slots.get(counter) ?? new Set()).add(callId));
    }
  }

  #call(callId: string): HeldCall | undefined {
    const call = this.#calls.get(callId);
    if (call === undefined || call.untilMs > this.clock.nowMs()) return call;
    this.#free(callId);
    return undefined;
  }

  #live(counter: string): ReadonlySet<string> {
    for (const callId of this.#slots.get(counter) ?? []) this.#call(callId);
    return this.#slots.get(counter) ?? new Set();
  }

  #free(callId: string): void {
    for (const counter of this.#calls.get(callId)?.counters ?? []) {
      const slots = this.#slots.get(counter);
      slots?.delete(callId);
      if (slots?.size === 0) this.#slots.delete(counter);
    }
    this.#calls.delete(callId);
  }
}
