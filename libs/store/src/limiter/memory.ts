/** Slots of one process. */
import type { Clock } from '#kernel';
import { checkClaim, checkHoldings, checkIds } from './bounds.js';
import { CounterCalls } from './counter.js';
import {
  ACQUIRED_BY, LATE_MS, type LimiterCheck, type LimiterClaim, type LimiterHolding, type LimiterStore, type LimiterTake, type LimiterVerdict,
} from './port.js';
import { CallSlots, type Part } from './record.js';

const ADMITTED: LimiterVerdict = { admitted: true, full: [] };
/** A map that lost its first entries is slow to begin with, so not with every call. */
const SWEEP_MS = 1_000;

/** In each map of calls the one that was told longest ago is first, so that what is over need not be looked for. */
export class MemoryLimiterStore implements LimiterStore {
  acquireNow: LimiterStore['acquireNow'] = (id, claim, leaseMs) => this.#acquire(id, claim, leaseMs);
  readonly #calls = new Map<string, CallSlots>();
  readonly #counters = new Map<string, CounterCalls>();
  /** Released call id to when that is forgotten. */
  readonly #late = new Map<string, number>();
  /** Id that a proxy gave to the one that the call has now. */
  readonly #renamed = new Map<string, { readonly id: string; readonly untilMs: number }>();
  #sweptMs = 0;

  constructor(private readonly clock: Clock) {}

  async acquire(id: string, claim: LimiterClaim, leaseMs: number): Promise<LimiterVerdict> {
    return this.#acquire(id, claim, leaseMs);
  }

  #acquire(id: string, claim: LimiterClaim, leaseMs: number): LimiterVerdict {
    checkClaim(claim);
    const { checks, takes } = claim;
    this.#sweep();
    const renamed = this.#liveName(id);
    const full = checks.filter((check) => this.#isFull(check, renamed ?? id));
    const admitted = full.every(({ shadow }) => shadow);
    if (admitted && renamed === undefined) this.#admit(id, full.length === 0 ? takes : [...takes, ...ghostTakes(full)], leaseMs);
    return full.length === 0 ? ADMITTED : { admitted, full: full.map(({ name }) => name) };
  }

  async hold(holdings: readonly LimiterHolding[], leaseMs: number): Promise<readonly boolean[]> {
    checkHoldings(holdings);
    this.#sweep();
    return holdings.map((holding) => this.#hold(holding, leaseMs));
  }

  async release(ids: readonly string[]): Promise<readonly boolean[]> {
    checkIds(ids);
    return ids.map((id) => {
      if (this.#liveName(id) !== undefined) return false;
      this.#late.delete(id);
      this.#late.set(id, this.clock.nowMs() + LATE_MS);
      return this.#forget(id);
    });
  }

  async usage(counters: readonly string[]): Promise<readonly number[]> {
    return counters.map((counter) => this.#live(counter)?.size ?? 0);
  }

  /** It is never away. */
  onUp(): () => void {
    return () => undefined;
  }

  /** What other tiers of the process have in it stays. */
  async close(): Promise<void> {}

  #admit(id: string, takes: readonly LimiterTake[], leaseMs: number): void {
    this.#late.delete(id);
    const nowMs = this.clock.nowMs();
    const untilMs = Math.max(nowMs + leaseMs, this.#calls.get(id)?.untilBy(ACQUIRED_BY) ?? 0);
    this.#tell(id, { by: ACQUIRED_BY, untilMs, takes, amends: false }, nowMs);
  }

  #hold({ id, by, takes, was, amends = false }: LimiterHolding, leaseMs: number): boolean {
    const nowMs = this.clock.nowMs();
    if ((this.#late.get(id) ?? 0) > nowMs || this.#liveName(id) !== undefined) return false;
    if (amends && (this.#calls.get(id)?.untilMs ?? 0) <= nowMs) return false;
    const untilMs = nowMs + leaseMs;
    if (was !== undefined && was !== id) {
      this.#forget(was);
      this.#renamed.delete(was);
      this.#renamed.set(was, { id, untilMs });
    }
    this.#tell(id, { by, untilMs, takes, amends }, nowMs);
    return true;
  }

  #tell(id: string, part: Part, nowMs: number): void {
    const call = this.#calls.get(id) ?? new CallSlots();
    const before = call.leases;
    call.told(part, nowMs);
    for (const { counter } of before) if (!call.has(counter)) this.#leave(counter, id);
    for (const { counter, untilMs } of call.leases) this.#enter(counter, id, untilMs);
    this.#calls.delete(id);
    if (call.untilMs > 0) this.#calls.set(id, call);
  }

  /** The id that a proxy's id has become, while that call lives. */
  #liveName(id: string): string | undefined {
    const renamed = this.#renamed.get(id);
    const nowMs = this.clock.nowMs();
    if (renamed === undefined || renamed.untilMs <= nowMs) return undefined;
    return (this.#calls.get(renamed.id)?.untilMs ?? 0) > nowMs ? renamed.id : undefined;
  }

  #isFull(check: LimiterCheck, id: string): boolean {
    const { counters, way, combine, ghosts } = check;
    const onTheWay = this.#sum(way, ghosts, id);
    if (combine === 'sum') return isThere(check, this.#sum(counters, ghosts, id) + onTheWay);
    return counters.some((counter) => isThere(check, this.#size(counter, ghosts, id) + onTheWay));
  }

  #sum(counters: readonly string[], ghosts: string | undefined, id: string): number {
    let sum = 0;
    for (const counter of counters) sum += this.#size(counter, ghosts, id);
    return sum;
  }

  #size(counter: string, ghosts: string | undefined, id: string): number {
    const calls = this.#live(counter);
    if (calls === undefined) return 0;
    const unseen = ghosts === undefined ? undefined : this.#live(ghosts);
    const own = calls.has(id) && unseen?.has(id) !== true ? 1 : 0;
    return calls.size - own - (unseen === undefined ? 0 : calls.sharedWith(unseen));
  }

  #live(counter: string): CounterCalls | undefined {
    const calls = this.#counters.get(counter);
    calls?.expire(this.clock.nowMs());
    if (calls?.size === 0) this.#counters.delete(counter);
    return calls;
  }

  #forget(id: string): boolean {
    const call = this.#calls.get(id);
    if (call === undefined) return false;
    this.#calls.delete(id);
    for (const { counter } of call.leases) this.#leave(counter, id);
    return call.untilMs > this.clock.nowMs();
  }

  #enter(counter: string, id: string, untilMs: number): void {
    const known = this.#counters.get(counter);
    const calls = known ?? new CounterCalls();
    calls.set(id, untilMs);
    if (known === undefined) this.#counters.set(counter, calls);
  }

  #leave(counter: string, id: string): void {
    const calls = this.#counters.get(counter);
    calls?.delete(id);
    if (calls?.size === 0) this.#counters.delete(counter);
  }

  /** Nobody looks at what is over: where leases differ it may stay until those before it are over too. */
  #sweep(): void {
    const nowMs = this.clock.nowMs();
    if (nowMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = nowMs;
    for (const [id, { untilMs }] of this.#calls) {
      if (untilMs > nowMs) break;
      this.#forget(id);
    }
    for (const [id, untilMs] of this.#late) {
      if (untilMs > nowMs) break;
      this.#late.delete(id);
    }
    for (const [was, { untilMs }] of this.#renamed) {
      if (untilMs > nowMs) break;
      this.#renamed.delete(was);
    }
  }
}

/** Calls that a shadow would have refused are not to be seen by it again. */
function ghostTakes(full: readonly LimiterCheck[]): LimiterTake[] {
  return full.flatMap(({ ghosts }) => (ghosts === undefined ? [] : [{ counter: ghosts }]));
}

const isThere = ({ refuse, limit }: LimiterCheck, figure: number): boolean => (refuse === 'at-least' ? figure >= limit : figure <= limit);
