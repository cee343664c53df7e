/** What a proxy says of its verdicts. Series of a rule are there from its first verdict until the rule is gone or was silent for long. */
import type { Clock, Counter, Log, Meter, Timer } from '#kernel';
import { type Question, ruleOfCheck } from '#limits';
import { type LimiterCheck, StoreUnavailable } from '#store';
import { countersOf, figureOf } from '../machines/limit-figure.js';
import type { CallLimits } from './limit-rules.js';

export interface LimiterMetricsPorts extends CallLimits {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export type VerdictOutcome = 'passed' | 'refused' | 'shadow-refused';

/** A rule with series of its own. */
interface WatchedRule {
  readonly refused: Counter;
  question: Question | undefined;
  checks: readonly LimiterCheck[];
  usedMs: number;
  figure: number;
}

export interface RuleFigure {
  readonly rule: string;
  readonly dnis: string;
  readonly type: string;
  readonly shadow: boolean;
  readonly limit: number;
  /** As the store said within the last seconds. */
  readonly inUse: number;
}

const WATCHED_MAX = 1_000;
const SILENT_MS = 600_000;
const POLL_MS = 5_000;
const COUNTERS_PER_POLL = 500;
const BUCKETS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

const REFUSED = ['limits_refused_total', 'Calls from trunks that a rule refused; a shadow would have'] as const;
const IN_USE = ['limits_in_use', 'Figure of a rule: calls, or agents, that it counts'] as const;
const LIMIT = ['limits_limit', 'Limit of a rule'] as const;

export class LimiterMetrics {
  readonly overflowed: Counter;
  readonly #outcomes: Readonly<Record<VerdictOutcome, Counter>>;
  readonly #shadows: Counter;
  readonly #buckets: readonly (readonly [upToMs: number, counter: Counter])[];
  readonly #took: Counter;
  readonly #count: Counter;
  readonly #watched = new Map<string, WatchedRule>();
  readonly #unwatch: () => void;
  /** All that the watched rules count; worked out anew when one of them is another. */
  #counters: readonly string[] | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(private readonly ports: LimiterMetricsPorts, sizes: { pending(): number; shared(): number }) {
    const { meter, rules } = ports;
    const verdicts = (outcome: string): Counter => meter.counter('limits_verdicts_total', 'Verdicts on calls from trunks', { outcome });
    this.#outcomes = { passed: verdicts('passed'), refused: verdicts('refused'), 'shadow-refused': verdicts('shadow-refused') };
    this.#shadows = meter.counter('limits_shadow_refused_total', 'Calls that were let in and that a shadow rule would have refused');
    this.overflowed = meter.counter('limits_verdicts_overflowed_total', 'Verdicts without the store, because too many waited for it');
    this.#buckets = [...BUCKETS_MS, Infinity].map((upToMs) => [
      upToMs, meter.counter('limits_verdict_seconds_bucket', 'Verdicts that the store gave within so many seconds', { le: secondsOf(upToMs) }),
    ]);
    this.#took = meter.counter('limits_verdict_seconds_sum', 'Seconds that verdicts took together');
    this.#count = meter.counter('limits_verdict_seconds_count', 'Verdicts that something had to be counted for');
    meter.gauge('limits_verdicts_pending', 'Verdicts that the store has not given yet', sizes.pending);
    meter.gauge('limits_share_calls', 'Calls that this proxy alone counts, for when the store is away', sizes.shared);
    for (const policy of ['open', 'share', 'closed']) this.withoutStore(policy);
    this.#unwatch = rules.watch(() => this.#forgetGone());
  }

  /** Rules with series, as the store counted them last. */
  get figures(): readonly RuleFigure[] {
    return [...this.#watched].flatMap(([id, { figure }]) => {
      const rule = this.ports.rules.table.rule(id);
      return rule === undefined ? [] : [{ rule: id, dnis: rule.dnis, type: rule.type, shadow: rule.shadow, limit: rule.limit, inUse: figure }];
    });
  }

  withoutStore(policy: string): Counter {
    return this.ports.meter.counter('limits_without_store_total', 'Verdicts without the store, by what held for the call', { policy });
  }

  verdict(outcome: VerdictOutcome, refusedBy: string | undefined, shadows: readonly string[]): void {
    this.#outcomes[outcome].add();
    if (outcome === 'shadow-refused') this.#shadows.add();
    for (const id of refusedBy === undefined ? shadows : [refusedBy, ...shadows]) this.#watch(id)?.refused.add();
  }

  took(ms: number): void {
    for (const [upToMs, counter] of this.#buckets) if (ms <= upToMs) counter.add();
    this.#took.add(ms / 1_000);
    this.#count.add();
  }

  /** From now on the figures of its rules are looked up. */
  asked(question: Question): void {
    for (const { id } of question.rules) {
      const watched = this.#watch(id);
      if (watched === undefined || watched.question === question) continue;
      watched.question = question;
      watched.checks = question.checks.filter(({ name }) => ruleOfCheck(name) === id);
      this.#counters = undefined;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#unwatch();
    this.#timer?.cancel();
  }

  #watch(id: string): WatchedRule | undefined {
    const nowMs = this.ports.clock.nowMs();
    const known = this.#watched.get(id);
    if (known !== undefined) {
      known.usedMs = nowMs;
      return known;
    }
    if (this.#watched.size >= WATCHED_MAX || this.ports.rules.table.rule(id) === undefined) return undefined;
    return this.#begin(id, nowMs);
  }

  #begin(id: string, usedMs: number): WatchedRule {
    const { meter, rules } = this.ports;
    const labels = { rule: id };
    const watched: WatchedRule = { refused: meter.counter(...REFUSED, labels), question: undefined, checks: [], usedMs, figure: 0 };
    meter.gauge(...IN_USE, () => watched.figure, labels);
    meter.gauge(...LIMIT, () => rules.table.rule(id)?.limit ?? 0, labels);
    this.#watched.set(id, watched);
    this.#timer ??= this.#pollLater(0);
    return watched;
  }

  #forget(id: string): void {
    this.#watched.delete(id);
    this.#counters = undefined;
    for (const [name] of [REFUSED, IN_USE, LIMIT]) this.ports.meter.forget(name, { rule: id });
  }

  #forgetGone(): void {
    for (const id of this.#watched.keys()) if (this.ports.rules.table.rule(id) === undefined) this.#forget(id);
  }

  #pollLater(ms: number): Timer {
    return this.ports.clock.setTimer(ms, () => void this.#poll());
  }

  async #poll(): Promise<void> {
    const silentMs = this.ports.clock.nowMs() - SILENT_MS;
    for (const [id, { usedMs }] of this.#watched) if (usedMs <= silentMs) this.#forget(id);
    try {
      await this.#readFigures();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) this.ports.log.error('figures of call limits cannot be read', { error });
    }
    this.#timer = this.#isClosed || this.#watched.size === 0 ? undefined : this.#pollLater(POLL_MS);
  }

  async #readFigures(): Promise<void> {
    const counters = this.#counters ??= [...new Set([...this.#watched.values()].flatMap(({ checks }) => countersOf(checks)))];
    const usage = new Map<string, number>();
    for (let at = 0; at < counters.length; at += COUNTERS_PER_POLL) {
      const some = counters.slice(at, at + COUNTERS_PER_POLL);
      const sizes = await this.ports.store.usage(some);
      some.forEach((counter, i) => usage.set(counter, sizes[i] ?? 0));
    }
    for (const watched of this.#watched.values()) watched.figure = figureOf(watched.checks, usage);
  }
}

const secondsOf = (ms: number): string => (ms === Infinity ? '+Inf' : String(ms / 1_000));
