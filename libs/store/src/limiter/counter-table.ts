/** All counters of a store, and what a claim asks of them, looked up by name once. Pure. */
import { CounterCalls } from './counter.js';
import type { LimiterCheck, LimiterClaim } from './port.js';
import { CallSlots } from './record.js';

/** Empty ones are kept up to so many: most are soon taken again. */
const KEPT_MAX = 65_536;

interface Asked {
  readonly check: LimiterCheck;
  readonly counters: readonly CounterCalls[];
  readonly way: readonly CounterCalls[];
  readonly ghosts: CounterCalls | undefined;
}

/** A claim with its counters. */
export interface Resolved {
  readonly asked: readonly Asked[];
  /** Where a call gets of which nobody has told yet. */
  readonly entered: readonly CounterCalls[];
  /** Its takes that end at once. */
  readonly over: readonly string[];
}

export class CounterTable {
  readonly #byName = new Map<string, CounterCalls>();
  /** Claims come again: the one of a dialled number with every call to it. */
  #resolved = new WeakMap<LimiterClaim, Resolved>();
  #trimAt: number;

  constructor(private readonly keptMax = KEPT_MAX) {
    this.#trimAt = keptMax;
  }

  get size(): number {
    return this.#byName.size;
  }

  find(name: string): CounterCalls | undefined {
    return this.#byName.get(name);
  }

  of(name: string): CounterCalls {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    const made = new CounterCalls();
    this.#byName.set(name, made);
    return made;
  }

  /** To be used at once: `trim` makes it void. */
  resolve(claim: LimiterClaim): Resolved {
    const known = this.#resolved.get(claim);
    if (known !== undefined) return known;
    const all = (names: readonly string[]): CounterCalls[] => names.map((name) => this.of(name));
    const asked = claim.checks.map((check) => ({
      check, counters: all(check.counters), way: all(check.way), ghosts: check.ghosts === undefined ? undefined : this.of(check.ghosts),
    }));
    const slots = CallSlots.of(claim.takes);
    const resolved: Resolved = { asked, entered: all(slots.leases.map(({ counter }) => counter)), over: slots.over };
    this.#resolved.set(claim, resolved);
    return resolved;
  }

  /** Empty counters go when there are too many of all. */
  trim(nowMs: number): void {
    if (this.#byName.size <= this.#trimAt) return;
    for (const [name, calls] of this.#byName) {
      calls.expire(nowMs);
      if (calls.size === 0) this.#byName.delete(name);
    }
    this.#trimAt = Math.max(this.keptMax, this.#byName.size * 2);
    this.#resolved = new WeakMap();
  }
}

/** Whether the check is full for a call, which is not counted itself. */
export function isFull({ check, counters, way, ghosts }: Asked, id: string, nowMs: number): boolean {
  ghosts?.expire(nowMs);
  const onTheWay = sum(way, ghosts, id, nowMs);
  if (check.combine === 'sum') return isThere(check, sum(counters, ghosts, id, nowMs) + onTheWay);
  return counters.some((calls) => isThere(check, size(calls, ghosts, id, nowMs) + onTheWay));
}

function sum(counters: readonly CounterCalls[], ghosts: CounterCalls | undefined, id: string, nowMs: number): number {
  let all = 0;
  for (const calls of counters) all += size(calls, ghosts, id, nowMs);
  return all;
}

function size(calls: CounterCalls, ghosts: CounterCalls | undefined, id: string, nowMs: number): number {
  calls.expire(nowMs);
  if (calls.size === 0) return 0;
  const own = calls.has(id) && ghosts?.has(id) !== true ? 1 : 0;
  return calls.size - own - (ghosts === undefined ? 0 : calls.sharedWith(ghosts));
}

const isThere = ({ refuse, limit }: LimiterCheck, figure: number): boolean => (refuse === 'at-least' ? figure >= limit : figure <= limit);
