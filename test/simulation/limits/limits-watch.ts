/** Puts the checkers of call limits between the processes and their store, and looks at calls and slots side by side. */
import { ruleOfCheck, type RuleTable } from '#limits';
import type { LimiterCheck, LimiterVerdict } from '#store';
import type { CallSummary, CallVerdict } from '#telephony';
import type { SimCluster } from '../cluster.js';
import { NeverAboveLimit } from '../invariants/never-above-limit.js';
import { NoRefusalWithoutReason } from '../invariants/no-refusal-without-reason.js';
import { RefusedHasNoSlot } from '../invariants/refused-has-no-slot.js';
import { SlotsOfLiveCalls } from '../invariants/slots-of-live-calls.js';
import { agentOf } from '../switch.js';
import { type Booked, CallBook, isLive } from './call-book.js';
import { type LimiterRequest, type LimiterWitness, type SimLimiter } from './sim-limiter-store.js';
import { type Lease, Told } from './told.js';

type Acquire = LimiterRequest & { readonly kind: 'acquire' };

const LOOK_MS = 250;
/** Renewal, a few retries, and what SIP needs to bring a call to its session controller. */
const CALM_MS = 25_000;

export class LimitsWatch implements LimiterWitness {
  readonly slots = new SlotsOfLiveCalls();
  readonly above = new NeverAboveLimit();
  readonly reasons = new NoRefusalWithoutReason();
  readonly refusals = new RefusedHasNoSlot();
  readonly book = new CallBook();
  readonly #told = new Told();
  /** By proxy and call: what the store said last, and that it failed. */
  readonly #full = new Map<string, readonly string[]>();
  readonly #failed = new Set<string>();
  readonly #askedMs = new Map<string, number>();
  /** By proxy: what it had, until when, the oldest first. */
  readonly #tables = new Map<string, { readonly rules: RuleTable; untilMs: number }[]>();
  #life = 1;
  #calmSinceMs: number;
  #cluster: SimCluster | undefined;

  constructor(private readonly limiter: SimLimiter, private readonly debug?: (line: string) => void) {
    this.#calmSinceMs = limiter.nowMs;
    limiter.witness = this;
  }

  /** Before that only agents have slots. */
  follow(cluster: SimCluster): void {
    this.#cluster = cluster;
    const { world } = cluster;
    world.invariant('limits 1: slots are those of live calls', () => this.slots.problem);
    world.invariant('limits 2: never above the limit', () => this.above.problem);
    world.invariant('limits 3: no refusal without a reason', () => this.reasons.problem);
    world.invariant('limits 4: a refused call has no slot', () => this.refusals.problem);
    this.#lookLater();
  }

  /** Something is in the way of messages, or was until now. */
  trouble(): void {
    this.#calmSinceMs = this.limiter.nowMs;
  }

  sent(from: string, request: LimiterRequest): void {
    if (request.kind === 'acquire') this.#askedMs.set(`${from} ${request.id}`, this.limiter.nowMs);
    if (request.kind !== 'hold') return;
    for (const { id, by, was, takes } of request.holdings) {
      if (!by.startsWith('session-controller/')) continue;
      if (was !== undefined) this.book.named(was, id);
      if (takes.length > 0) this.#tells(from, id);
    }
  }

  failed(from: string, request: LimiterRequest): void {
    if (request.kind !== 'usage') this.debug?.(`${this.#at()} limiter failed ${from} ${JSON.stringify(request)}`);
    if (request.kind === 'acquire') this.#failed.add(`${from} ${request.id}`);
  }

  served(from: string, request: LimiterRequest, sentMs: number, run: () => Promise<unknown>): void {
    const { nowMs } = this.limiter;
    const { life } = this.limiter.node;
    const counters = request.kind === 'acquire' ? countersOf(request) : [];
    const before = this.#usage(counters);
    const answer = run();
    const after = this.#usage(counters);
    void Promise.all([answer, before, after]).then(([done, was, is]) => {
      if (life !== this.#life) {
        this.#life = life;
        this.#told.forget();
      }
      if (request.kind !== 'usage') this.debug?.(`${this.#at()} limiter did for ${from} ${JSON.stringify(request)}: ${JSON.stringify(done)}`);
      if (request.kind === 'acquire') this.#verdict(from, request, done as LimiterVerdict, figuresOf(counters, was), figuresOf(counters, is));
      this.#told.done(request, done, nowMs, sentMs);
    });
  }

  /** The proxy has these rules from now on. */
  rules(proxy: string, rules: RuleTable): void {
    const tables = this.#tables.get(proxy) ?? [];
    const last = tables.at(-1);
    if (last !== undefined) last.untilMs = this.limiter.nowMs;
    tables.push({ rules, untilMs: Infinity });
    this.#tables.set(proxy, tables);
  }

  verdict(proxy: string, verdict: CallVerdict): void {
    const call = [...this.book.all].find(({ ua }) => ua.invite.callId === verdict.callId);
    if (call === undefined) return;
    this.debug?.(`${this.#at()} ${proxy} on ${call.name}, ${call.id}: ${verdict.verdict} ${verdict.rules.join()} ${verdict.withoutStore} ${verdict.reason}`);
    if (verdict.verdict !== 'refused') return void (call.isIn = true);
    const [id = ''] = verdict.rules;
    const key = `${proxy} ${call.id}`;
    // Rules may have changed while the store was asked.
    const askedMs = this.#askedMs.get(key) ?? this.limiter.nowMs;
    const tables = (this.#tables.get(proxy) ?? []).filter(({ untilMs }) => untilMs >= askedMs).map(({ rules }) => rules);
    const refusing = tables.map((rules) => rules.rule(id))
      .filter((rule) => rule !== undefined && rule.enabled && !rule.shadow && rule.dnis === call.dialled);
    if (verdict.withoutStore === '') call.isRefused = true;
    this.reasons.refused({
      call: call.name, proxy, rule: refusing[0]?.id, mode: tables.at(-1)?.mode ?? '', withoutStore: verdict.withoutStore, full: this.#full.get(key),
      isAllBusy: refusing.some((rule) => rule?.type === 'all-busy'), storeFailed: this.#failed.has(key),
    });
  }

  /** All calls are over for longer than a lease: nothing has a slot but agents who are ready. */
  async atQuiet(): Promise<void> {
    const counters = [...this.#told.counters].filter((counter) => !counter.startsWith('ready:')).sort();
    const figures = await this.#usage(counters);
    counters.forEach((counter, i) => this.slots.atQuiet(counter, figures[i] ?? 0, 0));
    const { desktops, world } = this.#cluster as SimCluster;
    const ready = desktops.filter(({ agent }) => agent === 'Ready').map(({ dn }) => agentOf(dn));
    const [count = 0] = await this.#usage(['ready:5000']);
    this.slots.atQuiet('ready:5000', count, ready.length);
    await world.advance(1);
  }

  #tells(from: string, id: string): void {
    const call = this.book.find(id);
    const isThere = this.#liveAt(from).has(id);
    this.slots.tells(from, call?.name ?? id, isThere);
    // The other half of a pair has it, though nobody had while the first one was dead.
    if (call !== undefined && isThere) call.endedMs = undefined;
  }

  #verdict(from: string, request: Acquire, { admitted, full }: LimiterVerdict, before: Figures, after: Figures): void {
    const call = this.book.find(request.id);
    const name = call?.name ?? request.id;
    this.#full.set(`${from} ${request.id}`, full.map(ruleOfCheck));
    for (const check of request.claim.checks) {
      if (full.includes(check.name)) this.reasons.full(name, check.name, check.refuse, figureOf(check, before, 'most'), check.limit);
      else if (!check.shadow && check.refuse === 'at-least' && admitted) this.#letIn(name, request.id, check, after);
    }
    if (admitted) return;
    const taken = request.claim.takes.map(({ counter }) => counter);
    this.refusals.refused(name, taken.map((counter) => before.get(counter) ?? 0), taken.map((counter) => after.get(counter) ?? 0));
  }

  #letIn(call: string, id: string, check: LimiterCheck, after: Figures): void {
    const { name, limit, counters } = check;
    const isOfNumbers = counters.every((counter) => counter.startsWith('dnis:'));
    this.above.letIn({
      call, check: name, limit, figure: figureOf(check, after, 'least'), others: isOfNumbers ? this.#othersAt(counters, id) : undefined,
    });
  }

  #othersAt(counters: readonly string[], id: string): number {
    const live = this.#live();
    let others = 0;
    for (const [holder, leases] of this.#told.lasting(this.limiter.nowMs)) {
      const call = this.book.find(holder);
      if (call === undefined || call.id === id || !isLive(call, live)) continue;
      others += counters.filter((counter) => leases.some((lease) => lease.counters.has(counter))).length;
    }
    return others;
  }

  #lookLater(): void {
    this.#cluster?.world.clock.setTimer(LOOK_MS, () => void this.#look().then(() => this.#lookLater()));
  }

  async #look(): Promise<void> {
    const { nowMs, node } = this.limiter;
    this.book.look(this.#live(), nowMs);
    if (this.limiter.server === undefined || node.life !== this.#life) return;
    const lasting = this.#told.lasting(nowMs);
    this.#judge(lasting, nowMs);
    const counters = [...this.#told.counters].filter((counter) => counter.startsWith('dnis:'));
    const told = (counter: string): number => [...lasting.values()].filter((leases) => leases.some((lease) => lease.counters.has(counter))).length;
    const expected = counters.map(told);
    (await this.#usage(counters)).forEach((figure, i) => this.slots.counted(counters[i] as string, figure, expected[i] as number));
  }

  #judge(lasting: ReadonlyMap<string, readonly Lease[]>, nowMs: number): void {
    for (const [id, leases] of lasting) {
      const call = this.book.find(id);
      for (const { by, sentMs, counters } of leases) {
        if (call === undefined || counters.size === 0) continue;
        this.slots.slot({ call: call.name, by, sentMs, endedMs: call.endedMs });
        if (call.isRefused && !call.isIn) this.refusals.slot(call.name, by);
      }
    }
    const calmMs = nowMs - this.#calmSinceMs;
    if (calmMs < CALM_MS) return;
    for (const call of this.book.all) if (this.#isMissing(call, lasting, nowMs)) this.slots.missing(call.name, calmMs);
  }

  #isMissing({ connIDs, endedMs, isIn, startedMs, id }: Booked, lasting: ReadonlyMap<string, readonly Lease[]>, nowMs: number): boolean {
    if (endedMs !== undefined || !isIn || connIDs.size === 0 || nowMs - startedMs < CALM_MS) return false;
    return ![id, ...connIDs].some((each) => lasting.get(each)?.some(({ counters }) => counters.size > 0) === true);
  }

  #at(): string {
    return (this.limiter.nowMs % 1_000_000 / 1_000).toFixed(3);
  }

  #usage(counters: readonly string[]): Promise<readonly number[]> {
    return this.limiter.server?.store.usage(counters) ?? Promise.resolve([]);
  }

  #live(): ReadonlySet<string> {
    const names = this.#cluster?.nodes.map(({ name }) => name) ?? [];
    return new Set(names.flatMap((name) => [...this.#liveAt(name)]));
  }

  #liveAt(node: string): ReadonlySet<string> {
    const sc = this.#cluster?.nodes.find(({ name }) => name === node)?.sc;
    const { calls = [] } = (sc?.admin['calls list']?.({}) ?? {}) as { calls?: readonly Pick<CallSummary, 'connID' | 'parties'>[] };
    // One without parties is over: only its legs wait for an answer to their BYE.
    return new Set(calls.filter(({ parties }) => parties.length > 0).map(({ connID }) => connID));
  }
}

type Figures = ReadonlyMap<string, number>;

const countersOf = ({ claim: { checks, takes } }: Acquire): string[] =>
  [...new Set([...checks.flatMap(({ counters, way }) => [...counters, ...way]), ...takes.map(({ counter }) => counter)])];

const figuresOf = (counters: readonly string[], figures: readonly number[]): Figures => new Map(counters.map((counter, i) => [counter, figures[i] ?? 0]));

/** As the check has it, but for ghosts and the call's own slots: `most` and `least` bound what it may have compared. */
function figureOf({ counters, way, combine, refuse, ghosts }: LimiterCheck, figures: Figures, bound: 'most' | 'least'): number {
  const sum = (names: readonly string[]): number => names.reduce((all, name) => all + (figures.get(name) ?? 0), 0);
  if (bound === 'least' && ghosts !== undefined) return 0;
  if (combine === 'sum') return sum(counters) + sum(way);
  const each = counters.map((counter) => sum([counter]) + sum(way));
  return refuse === 'at-least' ? Math.max(0, ...each) : Math.min(...each);
}

