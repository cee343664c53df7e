/** What the limiter store was told and heard, kept beside it: which calls it must have at which counters of numbers, and since when. */
import { ACQUIRED_BY, type LimiterTake, type LimiterVerdict } from '#store';
import type { LimiterRequest } from './sim-limiter-store.js';

export interface Lease {
  readonly by: string;
  readonly untilMs: number;
  /** When the process said it. */
  readonly sentMs: number;
  readonly counters: ReadonlySet<string>;
}

/** Counters that one call has for as long as it lives: those of numbers. What queues have changes while it lives. */
const isOfNumber = ({ counter }: LimiterTake): boolean => counter.startsWith('dnis:');

export class Told {
  /** By the id of the call, by its teller. */
  readonly #leases = new Map<string, Map<string, Lease>>();
  readonly #renamed = new Map<string, string>();
  /** Counters that anybody ever took. */
  readonly counters = new Set<string>();

  /** Of calls at counters of numbers that last. */
  lasting(nowMs: number): Map<string, Lease[]> {
    const lasting = new Map<string, Lease[]>();
    for (const [id, leases] of this.#leases) {
      const some = [...leases.values()].filter(({ untilMs }) => untilMs > nowMs);
      if (some.length > 0) lasting.set(id, some);
    }
    return lasting;
  }

  done(request: LimiterRequest, answer: unknown, nowMs: number, sentMs: number): void {
    if (request.kind === 'acquire') return this.#acquired(request, answer as LimiterVerdict, nowMs, sentMs);
    if (request.kind === 'release') request.ids.forEach((id) => this.#released(id, nowMs));
    if (request.kind !== 'hold') return;
    request.holdings.forEach(({ id, by, takes, was, amends }, i) => {
      if ((answer as readonly boolean[])[i] !== true || amends === true) return;
      if (was !== undefined && was !== id) {
        this.#leases.delete(was);
        this.#renamed.set(was, id);
      }
      this.#lease(id, { by, untilMs: nowMs + request.leaseMs, sentMs, counters: this.#namesOf(takes) });
    });
  }

  /** The store was started again, and knows nothing. */
  forget(): void {
    this.#leases.clear();
    this.#renamed.clear();
  }

  #acquired({ id, claim, leaseMs }: LimiterRequest & { kind: 'acquire' }, { admitted }: LimiterVerdict, nowMs: number, sentMs: number): void {
    if (!admitted || this.#isRenamed(id, nowMs)) return;
    const before = this.#leases.get(id)?.get(ACQUIRED_BY)?.untilMs ?? 0;
    this.#lease(id, { by: ACQUIRED_BY, untilMs: Math.max(before, nowMs + leaseMs), sentMs, counters: this.#namesOf(claim.takes) });
  }

  #released(id: string, nowMs: number): void {
    if (!this.#isRenamed(id, nowMs)) this.#leases.delete(id);
  }

  /** While the call lives under the other id. */
  #isRenamed(id: string, nowMs: number): boolean {
    const other = this.#renamed.get(id);
    return other !== undefined && [...this.#leases.get(other)?.values() ?? []].some(({ untilMs }) => untilMs > nowMs);
  }

  #lease(id: string, lease: Lease): void {
    const leases = this.#leases.get(id) ?? new Map<string, Lease>();
    this.#leases.set(id, leases.set(lease.by, lease));
  }

  #namesOf(takes: readonly LimiterTake[]): ReadonlySet<string> {
    for (const { counter } of takes) this.counters.add(counter);
    return new Set(takes.filter(isOfNumber).map(({ counter }) => counter));
  }
}
