/** The limiter store as its page says it, without an index: every question looks at every call. And random histories for it. */
import fc from 'fast-check';
import { ACQUIRED_BY, LATE_MS, type LimiterCheck, type LimiterClaim, type LimiterHolding, type LimiterStore, type LimiterTake } from './port.js';

export type LimiterStep =
  | { readonly kind: 'acquire'; readonly id: string; readonly claim: LimiterClaim; readonly leaseMs: number }
  | { readonly kind: 'hold'; readonly holdings: readonly LimiterHolding[]; readonly leaseMs: number }
  | { readonly kind: 'release'; readonly ids: readonly string[] }
  | { readonly kind: 'pass'; readonly ms: number };

const COUNTERS = ['way', 'waiting', 'talking', 'dnis', 'ghosts'];
export const ALL_COUNTERS: readonly string[] = COUNTERS;

const counters = fc.uniqueArray(fc.constantFrom(...COUNTERS), { maxLength: 3 });
const take: fc.Arbitrary<LimiterTake> = fc.oneof(
  fc.constantFrom(...COUNTERS).map((counter) => ({ counter })), fc.constant({ counter: 'way', until: ['waiting', 'talking'] }),
);
const takes = fc.array(take, { maxLength: 3 });
const limiterCheck: fc.Arbitrary<LimiterCheck> = fc.record({
  name: fc.constantFrom('r1', 'r2'), counters, combine: fc.constantFrom('sum', 'any'), refuse: fc.constantFrom('at-least', 'at-least', 'at-most'),
  limit: fc.integer({ min: 0, max: 4 }), way: fc.constantFrom([], ['way']), shadow: fc.boolean(),
}).chain((each) => fc.constantFrom<LimiterCheck>(each, { ...each, ghosts: 'ghosts' }));
const call = fc.constantFrom('c1', 'c2', 'c3');
const holding: fc.Arbitrary<LimiterHolding> = fc.record({ id: call, by: fc.constantFrom('sc', 'vq'), takes })
  .chain((each) => fc.constantFrom<LimiterHolding>(each, { ...each, was: each.id.replace('c', 'slot') }, { ...each, was: 'slot1' }, { ...each, amends: true }));

const limiterClaim: fc.Arbitrary<LimiterClaim> = fc.record({ checks: fc.array(limiterCheck, { maxLength: 2 }), takes });

/** `leases`: those to choose from, in milliseconds. Some claims come again, as those of a number do. */
export const histories = (leases: readonly number[], passes: readonly number[]): fc.Arbitrary<LimiterStep[]> =>
  fc.array(limiterClaim, { minLength: 1, maxLength: 4 }).chain((claims) => stepsOf(claims, leases, passes));

function stepsOf(claims: readonly LimiterClaim[], leases: readonly number[], passes: readonly number[]): fc.Arbitrary<LimiterStep[]> {
  const leaseMs = fc.constantFrom(...leases);
  return fc.array(fc.oneof(
    fc.record({ kind: fc.constant('acquire' as const), id: fc.constantFrom('slot1', 'slot2', 'slot3', 'c1'), claim: fc.constantFrom(...claims), leaseMs }),
    fc.record({ kind: fc.constant('hold' as const), holdings: fc.array(holding, { maxLength: 3 }), leaseMs }),
    fc.record({ kind: fc.constant('release' as const), ids: fc.array(fc.constantFrom('slot1', 'slot2', 'c1', 'c2'), { maxLength: 2 }) }),
    ...(passes.length === 0 ? [] : [fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(...passes) })]),
  ), { maxLength: 25 });
}

/** What the store answers to the step, and how full its counters are then. */
export async function answerOf(store: LimiterStore, step: Exclude<LimiterStep, { readonly kind: 'pass' }>): Promise<unknown> {
  switch (step.kind) {
    case 'acquire': return store.acquire(step.id, step.claim, step.leaseMs);
    case 'hold': return store.hold(step.holdings, step.leaseMs);
    case 'release': return store.release(step.ids);
  }
}

interface Saying {
  readonly id: string;
  readonly by: string;
  readonly endMs: number;
  readonly amends: boolean;
  readonly take: LimiterTake;
  isOver: boolean;
}

export class LimiterOracle {
  nowMs = 0;
  #sayings: Saying[] = [];
  readonly #releasedMs = new Map<string, number>();
  readonly #names = new Map<string, { id: string; endMs: number }>();

  usage(names: readonly string[]): number[] {
    return names.map((name) => this.#in(name).length);
  }

  answer(step: Exclude<LimiterStep, { readonly kind: 'pass' }>): unknown {
    switch (step.kind) {
      case 'acquire': return this.#acquire(step);
      case 'hold': return step.holdings.map((each) => this.#hold(each, step.leaseMs));
      case 'release': return step.ids.map((id) => this.#release(id));
    }
  }

  #acquire({ id, claim: { checks, takes: wanted }, leaseMs }: Extract<LimiterStep, { readonly kind: 'acquire' }>): unknown {
    const name = this.#name(id);
    const full = checks.filter((each) => this.#isFull(each, name ?? id));
    const admitted = full.every(({ shadow }) => shadow);
    if (admitted && name === undefined) {
      this.#releasedMs.delete(id);
      const ghosts = full.flatMap(({ ghosts: counter }) => (counter === undefined ? [] : [{ counter }]));
      const before = this.#sayings.filter((each) => each.id === id && each.by === ACQUIRED_BY).map(({ endMs }) => endMs);
      this.#say({ id, by: ACQUIRED_BY, takes: [...wanted, ...ghosts] }, Math.max(this.nowMs + leaseMs, ...before));
    }
    return { admitted, full: full.map((each) => each.name) };
  }

  #hold(told: LimiterHolding, leaseMs: number): boolean {
    const { id, was, amends = false } = told;
    const isLate = this.nowMs - (this.#releasedMs.get(id) ?? -Infinity) < LATE_MS;
    if (isLate || this.#name(id) !== undefined || (amends && !this.#isOwned(id))) return false;
    if (was !== undefined && was !== id) {
      this.#sayings = this.#sayings.filter((each) => each.id !== was);
      this.#names.set(was, { id, endMs: this.nowMs + leaseMs });
    }
    this.#say(told, this.nowMs + leaseMs);
    return true;
  }

  #release(id: string): boolean {
    if (this.#name(id) !== undefined) return false;
    const had = this.#isOwned(id);
    this.#sayings = this.#sayings.filter((each) => each.id !== id);
    this.#releasedMs.set(id, this.nowMs);
    return had;
  }

  #say({ id, by, takes: said, amends = false }: LimiterHolding, endMs: number): void {
    this.#forgetUnowned(id);
    const over = this.#sayings.filter((each) => each.id === id && each.isOver && this.#isCurrent(each)).map(({ take: { counter } }) => counter);
    const mine = said.map((each): Saying => ({
      id, by, endMs, amends, take: each, isOver: each.until !== undefined && over.includes(each.counter),
    }));
    this.#sayings = [...this.#sayings.filter((each) => each.id !== id || each.by !== by), ...mine];
    const ofCall = this.#sayings.filter((each) => each.id === id && this.#isCurrent(each));
    const places = ofCall.filter(({ isOver }) => !isOver).map(({ take: { counter } }) => counter);
    const ended = ofCall.filter(({ take: { until = [] } }) => until.some((each) => places.includes(each))).map(({ take: { counter } }) => counter);
    for (const each of ofCall) if (each.take.until !== undefined && ended.includes(each.take.counter)) each.isOver = true;
    this.#forgetUnowned(id);
  }

  /** What amends a call that nobody says any more is no call's: a teller that comes later begins anew. */
  #forgetUnowned(id: string): void {
    if (!this.#isOwned(id)) this.#sayings = this.#sayings.filter((each) => each.id !== id);
  }

  #isOwned(id: string): boolean {
    return this.#sayings.some((each) => each.id === id && !each.amends && each.endMs > this.nowMs);
  }

  #isCurrent(each: Saying): boolean {
    return each.endMs > this.nowMs && this.#isOwned(each.id);
  }

  #live(): Saying[] {
    return this.#sayings.filter((each) => this.#isCurrent(each) && !each.isOver);
  }

  #in(counter: string): string[] {
    return [...new Set(this.#live().filter((each) => each.take.counter === counter).map(({ id }) => id))];
  }

  #name(id: string): string | undefined {
    const name = this.#names.get(id);
    return name !== undefined && name.endMs > this.nowMs && this.#isOwned(name.id) ? name.id : undefined;
  }

  #isFull({ counters: asked, way, combine, refuse, limit, ghosts }: LimiterCheck, own: string): boolean {
    const unseen = ghosts === undefined ? [] : this.#in(ghosts);
    const figure = (names: readonly string[]): number => names.flatMap((each) => this.#in(each)).filter((id) => id !== own && !unseen.includes(id)).length;
    const figures = combine === 'sum' ? [figure([...asked, ...way])] : asked.map((each) => figure([each, ...way]));
    return figures.some((each) => (refuse === 'at-least' ? each >= limit : each <= limit));
  }
}
