/** Slots of one process. */
import type { Clock } from '#kernel';
import { checkClaim, checkHoldings, checkIds } from './bounds.js';
import {
  ACQUIRED_BY, LATE_MS, type LimiterCheck, type LimiterClaim, type LimiterHolding, type LimiterStore, type LimiterTake, type LimiterVerdict,
} from './port.js';
import { CallSlots } from './record.js';

/** Nobody looks at a record whose tellers are gone. */
const SWEEP_MS = 1_000;

export class MemoryLimiterStore implements LimiterStore {
  readonly #calls = new Map<string, CallSlots>();
  /** Counter to call id to the end of its lease. */
  readonly #counters = new Map<string, Map<string, number>>();
  /** Released call id to when that is forgotten. */
  readonly #late = new Map<string, number>();
  /** Id that a proxy gave to the one that the call has now. */
  readonly #renamed = new Map<string, { readonly id: string; readonly untilMs: number }>();
  #sweptMs = 0;

  constructor(private readonly clock: Clock) {}

  async acquire(id: string, { checks, takes }: LimiterClaim, leaseMs: number): Promise<LimiterVerdict> {
    checkClaim({ checks, takes });
    this.#sweep();
    const renamed = this.#liveName(id);
    const full = checks.filter((check) => this.#isFull(check, renamed ?? id));
    const admitted = full.every(({ shadow }) => shadow);
    if (admitted && renamed === undefined) this.#admit(id, [...takes, ...ghostTakes(full)], leaseMs);
    return { admitted, full: full.map(({ name }) => name) };
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
    return counters.map((counter) => this.#live(counter).size);
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
    this.#tell(id, (call) => call.told(ACQUIRED_BY, { untilMs, takes, amends: false }, nowMs));
  }

  #hold({ id, by, takes, was, amends = false }: LimiterHolding, leaseMs: number): boolean {
    const nowMs = this.clock.nowMs();
    if ((this.#late.get(id) ?? 0) > nowMs || this.#liveName(id) !== undefined) return false;
    if (amends && (this.#calls.get(id)?.untilMs ?? 0) <= nowMs) return false;
    const untilMs = nowMs + leaseMs;
    if (was !== undefined && was !== id) {
      this.#forget(was);
      this.#renamed.set(was, { id, untilMs });
    }
    this.#tell(id, (call) => call.told(by, { untilMs, takes, amends }, nowMs));
    return true;
  }

  #tell(id: string, change: (call: CallSlots) => void): void {
    const call = this.#calls.get(id) ?? new CallSlots();
    const before = call.slots;
    change(call);
    for (const counter of before.keys()) if (!call.slots.has(counter)) this.#leave(counter, id);
    for (const [counter, untilMs] of call.slots) {
      const calls = this.#counters.get(counter) ?? new Map<string, number>();
      this.#counters.set(counter, calls.set(id, untilMs));
    }
    if (call.untilMs === 0) this.#calls.delete(id);
    else this.#calls.set(id, call);
  }

  /** The id that a proxy's id has become, while that call lives. */
  #liveName(id: string): string | undefined {
    const renamed = this.#renamed.get(id);
    const nowMs = this.clock.nowMs();
    if (renamed === undefined || renamed.untilMs <= nowMs) return undefined;
    return (this.#calls.get(renamed.id)?.untilMs ?? 0) > nowMs ? renamed.id : undefined;
  }

  #isFull({ counters, way, combine, refuse, limit, ghosts }: LimiterCheck, id: string): boolean {
    const sizes = (names: readonly string[]): number[] => names.map((counter) => this.#size(counter, ghosts, id));
    const sum = (figures: readonly number[]): number => figures.reduce((all, figure) => all + figure, 0);
    const onTheWay = sum(sizes(way));
    const figures = combine === 'sum' ? [sum(sizes(counters)) + onTheWay] : sizes(counters).map((figure) => figure + onTheWay);
    return figures.some((figure) => (refuse === 'at-least' ? figure >= limit : figure <= limit));
  }

  #size(counter: string, ghosts: string | undefined, id: string): number {
    const calls = this.#live(counter);
    const own = calls.has(id) ? 1 : 0;
    if (ghosts === undefined) return calls.size - own;
    const unseen = this.#live(ghosts);
    let size = 0;
    for (const each of calls.keys()) if (each !== id && !unseen.has(each)) size += 1;
    return size;
  }

  #live(counter: string): ReadonlyMap<string, number> {
    const calls = this.#counters.get(counter);
    if (calls === undefined) return NONE;
    const nowMs = this.clock.nowMs();
    for (const [id, untilMs] of calls) if (untilMs <= nowMs) this.#leave(counter, id);
    return calls;
  }

  #forget(id: string): boolean {
    const call = this.#calls.get(id);
    if (call === undefined) return false;
    this.#calls.delete(id);
    for (const counter of call.slots.keys()) this.#leave(counter, id);
    return call.untilMs > this.clock.nowMs();
  }

  #leave(counter: string, id: string): void {
    const calls = this.#counters.get(counter);
    calls?.delete(id);
    if (calls?.size === 0) this.#counters.delete(counter);
  }

  #sweep(): void {
    const nowMs = this.clock.nowMs();
    if (nowMs - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = nowMs;
    for (const [id, call] of this.#calls) if (call.untilMs <= nowMs) this.#forget(id);
    for (const [id, untilMs] of this.#late) if (untilMs <= nowMs) this.#late.delete(id);
    for (const [was, { untilMs }] of this.#renamed) if (untilMs <= nowMs) this.#renamed.delete(was);
  }
}

const NONE: ReadonlyMap<string, number> = new Map();

/** Calls that a shadow would have refused are not to be seen by it again. */
function ghostTakes(full: readonly LimiterCheck[]): LimiterTake[] {
  return full.flatMap(({ ghosts }) => (ghosts === undefined ? [] : [{ counter: ghosts }]));
}
