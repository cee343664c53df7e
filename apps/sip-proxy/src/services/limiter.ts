/**
 * Call limits at a proxy (docs/specs/limits.md, "The verdict"): asked for an INVITE that opens a call from a trunk, before any server sees it. What decides
 * is the rule table and, where something is counted, the limiter store in one operation.
 */
import type { Clock, Log } from '#kernel';
import { formatSlots, outcomeOf, type Question, type Refusal, SLOTS_HEADER } from '#limits';
import type { HeaderLine, ServerTransaction, SipRequest } from '#sip';
import { ACQUIRED_BY, type LimiterStore, type LimiterTake, StoreUnavailable } from '#store';
import { policyOf, sipAnswer, takesOf, UNCOUNTED } from '../machines/limit-answer.js';
import { endedSlots, type TrunkCall, trunkCallOf } from '../machines/trunk-call.js';
import { type Decided, verdictName, verdictOf } from '../machines/verdict-record.js';
import type { ProxySettings } from '../settings.js';
import type { Forward } from './forward.js';
import type { Forwarder } from './forwarder.js';
import type { CallLimits } from './limit-rules.js';
import { LimiterMetrics, type LimiterMetricsPorts } from './limiter-metrics.js';
import { LimiterShare } from './limiter-share.js';

export interface LimiterPorts extends CallLimits, LimiterMetricsPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly forwarder: Forwarder;
}

/** A call that was let in goes on with this. */
export interface Admission {
  readonly forward: Forward;
  readonly headers: readonly HeaderLine[];
}

/** What is kept of a call for as long as its transactions last: nothing of its request. */
interface Held {
  readonly id: string;
  /** From when it was let in until its final response. */
  open: OpenCall | undefined;
}

/** A call whose verdict is given. */
interface Asked {
  readonly call: TrunkCall;
  readonly forward: Forward;
  readonly proceed: (admission: Admission) => void;
  readonly atMs: number;
  readonly held: Held;
  /** The store is asked beside the call: it has answered, or is away. */
  told?: Promise<unknown>;
}

/** What became of a question. */
interface Found extends Decided {
  readonly takes: readonly LimiterTake[];
}

/** A call without a final response yet: nobody else may have told the store of it. */
interface OpenCall {
  takes: readonly LimiterTake[];
  told: Promise<unknown> | undefined;
  /** The same INVITE may come by several ways. */
  ways: number;
  answered: boolean;
}

/** Verdicts that the store has not given yet; beyond it a call has the policy of a store that is away. */
const PENDING_MAX = 65_536;
/** One script of a store blocks the verdicts of others for so long. */
const CLAIM_BATCH = 25;

export class Limiter {
  readonly share: LimiterShare;
  readonly metrics: LimiterMetrics;
  readonly #open = new Map<string, OpenCall>();
  readonly #stopHearing: () => void;
  readonly #boot: string;
  readonly #pendingMax: number;
  #pending = 0;
  #verdicts = 0;
  #isClosed = false;

  constructor(private readonly ports: LimiterPorts, private readonly settings: ProxySettings) {
    this.#pendingMax = ports.pendingMax ?? PENDING_MAX;
    const names = settings.proxies.map(({ name }) => name).sort();
    this.share = new LimiterShare(ports.clock, Math.max(0, names.indexOf(settings.name)), Math.max(1, names.length));
    this.metrics = new LimiterMetrics(ports, { pending: () => this.#pending, shared: () => this.share.size });
    this.#boot = `${settings.name}.${Math.floor(ports.clock.nowMs()).toString(36)}`;
    this.#stopHearing = ports.store.onUp(() => void this.#claimAll());
  }

  /** Undefined: call limits do not ask for it. `flow`: what a session controller is told of the flow. */
  callOf(request: SipRequest, flow: string | undefined): TrunkCall | undefined {
    return trunkCallOf(request, flow, this.settings.callLimits);
  }

  /** Answers the call, or lets it go on: at once when nothing has to be counted for that. */
  ask(call: TrunkCall, transaction: ServerTransaction, proceed: Asked['proceed']): void {
    const atMs = this.ports.clock.nowMs();
    const decision = this.ports.rules.table.decide({ dnis: call.dnis, ani: call.ani, plan: call.plan, nowMs: atMs });
    const held: Held = { id: call.id, open: undefined };
    const forward = this.ports.forwarder.open(transaction, 'server', undefined, this.#endOf(held));
    const asked: Asked = { call, forward, proceed, atMs, held };
    if (decision.kind === 'refuse') return this.#refuse(asked, this.#refused(decision));
    if (this.ports.store.acquireNow !== undefined) return this.#decideNow(asked, decision, this.ports.store.acquireNow);
    if (decision.checks.length > 0) return void this.#decide(asked, decision);
    if (this.#pending < this.#pendingMax) asked.told = this.#acquire(call.id, decision).catch((error: unknown) => this.#failed(error));
    this.#letIn(asked, foundBy(decision, []));
  }

  /** Made apart from what else is known of the call: a transaction holds it for 32 s. */
  #endOf(held: Held): (status: number) => void {
    return (status) => {
      const { open } = held;
      held.open = undefined;
      if (open !== undefined) this.#ended(held.id, open, status);
    };
  }

  /** For operators. */
  get summary(): object {
    const { mode, size } = this.ports.rules.table;
    return { mode, rules: size, pending: this.#pending, withoutStore: this.settings.callLimits.withoutStore, figures: this.metrics.figures };
  }

  /** Frees what this proxy alone counts. The store hears of a call's end from its session controller. */
  onBye(bye: SipRequest): void {
    if (this.share.size === 0) return;
    for (const id of endedSlots(bye)) this.share.ended(id);
  }

  close(): void {
    this.#isClosed = true;
    this.#stopHearing();
    this.metrics.close();
    this.ports.sink?.close();
  }

  #decideNow(asked: Asked, question: Question, acquire: NonNullable<LimiterStore['acquireNow']>): void {
    try {
      const { full } = acquire(asked.call.id, question, this.settings.callLimits.leaseMs);
      this.#decided(asked, question, foundBy(question, full));
    } catch (error) {
      this.#broken(asked, error);
    }
  }

  async #decide(asked: Asked, question: Question): Promise<void> {
    try {
      const found = await this.#find(asked.call.id, question);
      if (!this.#isClosed) this.#decided(asked, question, found);
    } catch (error) {
      this.#broken(asked, error);
    }
  }

  #decided(asked: Asked, question: Question, found: Found): void {
    if (question.checks.length > 0) {
      this.metrics.took(this.ports.clock.nowMs() - asked.atMs);
      this.metrics.asked(question);
    }
    if (found.answer === undefined) this.#letIn(asked, found);
    else this.#refuse(asked, found);
  }

  #broken({ call, forward }: Asked, error: unknown): void {
    this.ports.log.error('the verdict on a call failed', { error, callId: call.callId });
    forward.refuse(500);
  }

  async #find(id: string, question: Question): Promise<Found> {
    if (this.#pending >= this.#pendingMax) {
      this.metrics.overflowed.add();
      return this.#findWithoutStore(id, question);
    }
    try {
      const { full } = await this.#acquire(id, question);
      return foundBy(question, full);
    } catch (error) {
      this.#failed(error);
      const found = await this.#findWithoutStore(id, question);
      // The store may have taken the slot all the same, and only its answer was lost.
      if (found.answer !== undefined && !this.#open.has(id)) this.#release(id);
      return found;
    }
  }

  async #acquire(id: string, question: Question) {
    const { store } = this.ports;
    this.#pending += 1;
    try {
      return await store.acquire(id, question, this.settings.callLimits.leaseMs);
    } finally {
      this.#pending -= 1;
    }
  }

  async #findWithoutStore(id: string, question: Question): Promise<Found> {
    const policy = policyOf(question, this.settings.callLimits.withoutStore);
    this.metrics.withoutStore(policy).add();
    if (policy === 'closed') return { answer: UNCOUNTED, shadows: [], takes: [], division: divisionOf(question), withoutStore: policy };
    const full = policy === 'open' ? [] : (await this.share.ask(id, question)).full;
    return { ...foundBy(question, full), withoutStore: policy };
  }

  /** Anything else than a store that is away is a mistake of ours, and costs no call. */
  #failed(error: unknown): void {
    if (!(error instanceof StoreUnavailable)) this.ports.log.error('the limiter store was asked wrongly', { error });
  }

  /** Of the mode, the block list, or a rule that counts nothing. */
  #refused({ answer, rule: id }: Refusal): Found {
    const rule = id === undefined ? undefined : this.ports.rules.table.rule(id);
    return { answer, shadows: [], takes: [], ...(rule === undefined ? {} : { rule: rule.id, division: rule.division }) };
  }

  #refuse({ call, forward, atMs }: Asked, found: Found): void {
    this.#tell(call, found, atMs);
    const { status, reason, headers } = sipAnswer(found.answer ?? UNCOUNTED, this.settings.accessPoint);
    forward.refuse(status, reason, headers);
  }

  #letIn(asked: Asked, found: Found): void {
    const { call, forward, proceed, atMs } = asked;
    const { takes } = found;
    this.#tell(call, found, atMs);
    asked.held.open = this.#opened(call.id, takes, asked.told);
    // What is never away needs nobody to count beside it.
    if (this.ports.store.acquireNow === undefined) this.share.letIn(call.id, takes);
    proceed({ forward, headers: [[SLOTS_HEADER, formatSlots({ id: call.id, takes })]] });
  }

  #opened(id: string, takes: readonly LimiterTake[], told: Promise<unknown> | undefined): OpenCall {
    const known = this.#open.get(id);
    if (known !== undefined) {
      known.ways += 1;
      known.takes = takes;
      known.told = told;
      return known;
    }
    const opened: OpenCall = { takes, told, ways: 1, answered: false };
    this.#open.set(id, opened);
    return opened;
  }

  #tell(call: TrunkCall, found: Found, atMs: number): void {
    this.metrics.verdict(verdictName(found), found.rule, found.shadows);
    if (this.ports.sink === undefined) return;
    this.#verdicts += 1;
    const { name: proxy, dataCentre } = this.settings;
    this.ports.sink.tell(verdictOf(call, found, { id: `${this.#boot}.${this.#verdicts}`, atMs: Math.floor(atMs), proxy, dataCentre }));
  }

  /** Whoever answered with a 2xx has the call, and tells the store of it. */
  #ended(id: string, call: OpenCall, status: number): void {
    call.ways -= 1;
    call.answered ||= status < 300;
    if (call.ways > 0) return;
    this.#open.delete(id);
    if (call.answered) return;
    this.share.ended(id);
    // A release that overtook what it releases would free nothing.
    if (call.told === undefined) this.#release(id);
    else void call.told.then(() => this.#release(id));
  }

  #release(id: string): void {
    this.ports.store.release([id]).catch((error: unknown) => this.#failed(error));
  }

  /** What was let in while the store was away, and what it may have lost. It ignores what a session controller told of already. */
  async #claimAll(): Promise<void> {
    try {
      const ids = [...this.#open.keys()];
      for (let at = 0; at < ids.length; at += CLAIM_BATCH) {
        const holdings = ids.slice(at, at + CLAIM_BATCH).flatMap((id) => {
          const call = this.#open.get(id);
          return call === undefined ? [] : [{ id, by: ACQUIRED_BY, takes: call.takes }];
        });
        if (holdings.length > 0) await this.ports.store.hold(holdings, this.settings.callLimits.leaseMs);
      }
    } catch (error) {
      // When it is back, all is claimed again.
      this.#failed(error);
    }
  }
}

const divisionOf = ({ rules }: Question): string => rules[0]?.division ?? '';

function foundBy(question: Question, full: readonly string[]): Found {
  const { refusal, shadows } = outcomeOf(question, full);
  const division = divisionOf(question);
  if (refusal === undefined) return { shadows, division, takes: takesOf(question, full) };
  return { answer: refusal.answer, ...(refusal.rule === undefined ? {} : { rule: refusal.rule }), shadows, division, takes: [] };
}
