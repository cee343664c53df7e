/** Slots of one process. */
import type { Clock } from '#kernel';
import { checkClaim, checkHoldings, checkIds } from './bounds.js';
import type { CounterCalls } from './counter.js';
import { CounterTable, isFull, type Resolved } from './counter-table.js';
import {
  ACQUIRED_BY, LATE_MS, type LimiterCheck, type LimiterClaim, type LimiterHolding, type LimiterStore, type LimiterTake, type LimiterVerdict,
} from './port.js';
import { CallSlots, type Part } from './record.js';

const ADMITTED: LimiterVerdict = { admitted: true, full: [] };
/** A map that lost its first entries is slow to begin with, so not with every call. */
const SWEEP_MS = 1_000;

/** With where it is. */
class CountedCall extends CallSlots {
  /** While one verdict is all that was told of it. */
  entered: readonly CounterCalls[] | undefined;
}

/** In each map of calls the one that was told longest ago is first, so that what is over need not be looked for. */
export class MemoryLimiterStore implements LimiterStore {
  acquireNow: LimiterStore['acquireNow'] = (id, claim, leaseMs) => this.#acquire(id, claim, leaseMs);
  readonly #calls = new Map<string, CountedCall>();
  /** Released call id to when that is forgotten. */
  readonly #late = new Map<string, number>();
  /** Id that a proxy gave to the one that the call has now. */
  readonly #renamed = new Map<string, { readonly id: string; readonly untilMs: number }>();
  #sweptMs = 0;

  constructor(private readonly clock: Clock, private readonly counters = new CounterTable()) {}

  async acquire(id: string, claim: LimiterClaim, leaseMs: number): Promise<LimiterVerdict> {
    return this.#acquire(id, claim, leaseMs);
  }

  #acquire(id: string, claim: LimiterClaim, leaseMs: number): LimiterVerdict {
    checkClaim(claim);
    const nowMs = this.clock.nowMs();
    this.#sweep(nowMs);
    const renamed = this.#liveName(id, nowMs);
    const resolved = this.counters.resolve(claim);
    const full: LimiterCheck[] = [];
    for (const asked of resolved.asked) if (isFull(asked, renamed ?? id, nowMs)) full.push(asked.check);
    if (full.length === 0) {
      if (renamed === undefined) this.#admit(id, claim.takes, nowMs + leaseMs, nowMs, resolved);
      return ADMITTED;
    }
    const admitted = full.every(({ shadow }) => shadow);
    if (admitted && renamed === undefined) this.#admit(id, [...claim.takes, ...ghostTakes(full)], nowMs + leaseMs, nowMs);
    return { admitted, full: full.map(({ name }) => name) };
  }

  async hold(holdings: readonly LimiterHolding[], leaseMs: number): Promise<readonly boolean[]> {
    checkHoldings(holdings);
    const nowMs = this.clock.nowMs();
    this.#sweep(nowMs);
    return holdings.map((holding) => this.#hold(holding, leaseMs, nowMs));
  }

  async release(ids: readonly string[]): Promise<readonly boolean[]> {
    checkIds(ids);
    const nowMs = this.clock.nowMs();
    return ids.map((id) => {
      if (this.#liveName(id, nowMs) !== undefined) return false;
      this.#late.delete(id);
      this.#late.set(id, nowMs + LATE_MS);
      return this.#forget(id, nowMs);
    });
  }

  async usage(counters: readonly string[]): Promise<readonly number[]> {
    const nowMs = this.clock.nowMs();
    return counters.map((counter) => {
      const calls = this.counters.find(counter);
      calls?.expire(nowMs);
      return calls?.size ?? 0;
    });
  }

  /** It is never away. */
  onUp(): () => void {
    return () => undefined;
  }

  /** What other tiers of the process have in it stays. */
  async close(): Promise<void> {}

  /** @param resolved where the takes lead if nobody told of the call before */
  #admit(id: string, takes: readonly LimiterTake[], untilMs: number, nowMs: number, resolved?: Resolved): void {
    if (this.#late.size > 0) this.#late.delete(id);
    const known = this.#calls.get(id);
    const part: Part = { by: ACQUIRED_BY, untilMs: Math.max(untilMs, known?.untilBy(ACQUIRED_BY) ?? 0), takes, amends: false };
    if (known !== undefined || resolved === undefined) return this.#tell(id, part, nowMs);
    if (takes.length === 0) return;
    const call = new CountedCall();
    call.begin(part, resolved.over);
    call.entered = resolved.entered;
    for (const calls of call.entered) calls.set(id, untilMs);
    this.#calls.set(id, call);
  }

  #hold({ id, by, takes, was, amends = false }: LimiterHolding, leaseMs: number, nowMs: number): boolean {
    if ((this.#late.get(id) ?? 0) > nowMs || this.#liveName(id, nowMs) !== undefined) return false;
    if (amends && (this.#calls.get(id)?.untilMs ?? 0) <= nowMs) return false;
    const untilMs = nowMs + leaseMs;
    if (was !== undefined && was !== id) {
      this.#forget(was, nowMs);
      this.#renamed.delete(was);
      this.#renamed.set(was, { id, untilMs });
    }
    this.#tell(id, { by, untilMs, takes, amends }, nowMs);
    return true;
  }

  #tell(id: string, part: Part, nowMs: number): void {
    const call = this.#calls.get(id) ?? new CountedCall();
    const before = call.leases;
    call.told(part, nowMs);
    call.entered = undefined;
    for (const { counter } of before) if (!call.has(counter)) this.counters.find(counter)?.delete(id);
    for (const { counter, untilMs } of call.leases) this.counters.of(counter).set(id, untilMs);
    this.#calls.delete(id);
    if (call.untilMs > 0) this.#calls.set(id, call);
  }

  /** The id that a proxy's id has become, while that call lives. */
  #liveName(id: string, nowMs: number): string | undefined {
    const renamed = this.#renamed.size === 0 ? undefined : this.#renamed.get(id);
    if (renamed === undefined || renamed.untilMs <= nowMs) return undefined;
    return (this.#calls.get(renamed.id)?.untilMs ?? 0) > nowMs ? renamed.id : undefined;
  }

  #forget(id: string, nowMs: number): boolean {
    const call = this.#calls.get(id);
    if (call === undefined) return false;
    this.#calls.delete(id);
    if (call.entered !== undefined) for (const calls of call.entered) calls.delete(id);
    else for (const { counter } of call.leases) this.counters.find(counter)?.delete(id);
    return call.untilMs > nowMs;
  }

  /** Nobody looks at what is over: where leases differ it may stay until those before it are over too. */
  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = nowMs;
    for (const [id, { untilMs }] of this.#calls) {
      if (untilMs > nowMs) break;
      this.#forget(id, nowMs);
    }
    for (const [id, untilMs] of this.#late) {
      if (untilMs > nowMs) break;
      this.#late.delete(id);
    }
    for (const [was, { untilMs }] of this.#renamed) {
      if (untilMs > nowMs) break;
      this.#renamed.delete(was);
    }
    this.counters.trim(nowMs);
  }
}

/** Calls that a shadow would have refused are not to be seen by it again. */
function ghostTakes(full: readonly LimiterCheck[]): LimiterTake[] {
  return full.flatMap(({ ghosts }) => (ghosts === undefined ? [] : [{ counter: ghosts }]));
}
