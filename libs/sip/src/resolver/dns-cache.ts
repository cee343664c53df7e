/**
 * DNS answers for as long as they are true (DNS-17). An answer that nobody could refresh serves on for a while
 * (RFC 8767), so that a nameserver's pause is not ours.
 */
import type { AnyOutcome } from './dns.js';

export interface DnsCacheBounds {
  readonly entriesMax: number;
  /** Longer TTLs are cut, so that a mistake in a zone ends in bounded time. */
  readonly ttlSMax: number;
  readonly negativeTtlSMax: number;
  /** How long nobody asks again after a failure. */
  readonly failureTtlS: number;
  /** How long an expired answer stands in for one that failed. */
  readonly staleS: number;
}

export const DNS_CACHE_BOUNDS: DnsCacheBounds = {
  entriesMax: 10_000, ttlSMax: 3600, negativeTtlSMax: 60, failureTtlS: 1, staleS: 3600,
};

interface Entry {
  outcome: AnyOutcome;
  /** Asked again from then on. */
  freshUntilMs: number;
  staleUntilMs: number;
}

export class DnsCache {
  readonly #entries = new Map<string, Entry>();

  constructor(readonly bounds: DnsCacheBounds = DNS_CACHE_BOUNDS) {}

  get size(): number {
    return this.#entries.size;
  }

  /** What may be believed without asking. */
  get(key: string, nowMs: number): AnyOutcome | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && nowMs < entry.freshUntilMs ? entry.outcome : undefined;
  }

  /** @returns what counts: the outcome, or in place of a failure what was known before */
  put(key: string, outcome: AnyOutcome, nowMs: number): AnyOutcome {
    const before = this.#entries.get(key);
    if (outcome.kind === 'failed' && before !== undefined && before.outcome.kind === 'found' && nowMs < before.staleUntilMs) {
      before.freshUntilMs = nowMs + this.bounds.failureTtlS * 1000;
      return before.outcome;
    }
    const freshUntilMs = nowMs + this.#ttlS(outcome) * 1000;
    this.#entries.delete(key);
    this.#entries.set(key, { outcome, freshUntilMs, staleUntilMs: freshUntilMs + this.bounds.staleS * 1000 });
    if (this.#entries.size > this.bounds.entriesMax) this.#dropOldest();
    return outcome;
  }

  clear(): void {
    this.#entries.clear();
  }

  #ttlS(outcome: AnyOutcome): number {
    switch (outcome.kind) {
      case 'found': return Math.min(outcome.ttlS, this.bounds.ttlSMax);
      case 'none': return Math.min(outcome.ttlS, this.bounds.negativeTtlSMax);
      case 'failed': return this.bounds.failureTtlS;
    }
  }

  #dropOldest(): void {
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key);
      return;
    }
  }
}
