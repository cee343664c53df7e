/**
 * Mode, rules and block list as a proxy asks them with every call: by DNIS, and without a look at the other rules. A table does not change; a change
 * makes a new one, which shares what stayed.
 */
import { compact } from '#kernel';
import { CHECKS_MAX, type LimiterCheck, type LimiterClaim, type LimiterTake } from '#store';
import type { AniList } from './ani-list.js';
import { checksOf, ruleOfCheck } from './checks.js';
import { DNIS_MAX, dnisCounter } from './counters.js';
import { formsOf, type NumberPlan } from './numbers.js';
import { QueueWays } from './queue-ways.js';
import { allBusy, blockedAni, type Refusal, refusedBy } from './refusal.js';
import { type Mode, type Rule, WITHOUT_STORE, type WithoutStore } from './rule.js';
import { ScheduleClock, type Window } from './schedule.js';
import { wayTake } from './slots.js';

/** A call from a trunk. */
export interface CallFacts {
  /** User part of the Request-URI or To. */
  readonly dnis: string;
  /** User part of From. */
  readonly ani: string;
  /** How the trunk writes numbers. */
  readonly plan: NumberPlan;
  readonly nowMs: number;
}

/** What to `acquire` for a call that nothing refuses beforehand. */
export interface Question extends LimiterClaim {
  readonly kind: 'ask';
  /** Rules in force for the call. */
  readonly rules: readonly Rule[];
  /** Shadows of `all-busy`, which refuse without a figure. */
  readonly shadows: readonly string[];
  /** The strictest of the rules that say something; not given: the option `limiter-without-store`. */
  readonly withoutStore?: WithoutStore;
}

export type Decision = Refusal | Question;

/** What came of a question: the refusal if there is one, and the rules that would have refused if they were no shadows. */
export interface Outcome {
  readonly refusal?: Refusal;
  readonly shadows: readonly string[];
}

export interface TableChange {
  readonly mode?: Mode;
  readonly ani?: AniList;
  /** New rules, and rules in place of those of their id. */
  readonly put?: Iterable<Rule>;
  readonly remove?: Iterable<string>;
}

interface Compiled {
  readonly rule: Rule;
  readonly clock: ScheduleClock | undefined;
}

/** What is decided about calls to a number that are from nobody blocked, from `fromMs` on and before `untilMs`. */
interface Answer {
  readonly plan: NumberPlan;
  readonly decision: Decision;
  readonly fromMs: number;
  readonly untilMs: number;
}

const ALWAYS: Window = { active: true, fromMs: -Infinity, untilMs: Infinity };
/** Numbers whose answers are kept; when there are more, all are worked out anew. */
const ANSWERS_MAX = 16_384;

interface Parts {
  readonly mode: Mode;
  readonly ani: AniList;
  readonly rules: ReadonlyMap<string, Compiled>;
  readonly byDnis: ReadonlyMap<string, readonly Compiled[]>;
  readonly ways: QueueWays;
}

export class RuleTable {
  /** By number as it is dialled, made with its first call: most numbers of ten thousand have none between two changes. */
  readonly #answers = new Map<string, Answer>();

  private constructor(private readonly parts: Parts) {}

  static of(mode: Mode, ani: AniList, rules: Iterable<Rule> = []): RuleTable {
    return new RuleTable({ mode, ani, rules: new Map(), byDnis: new Map(), ways: new QueueWays() }).with({ put: rules });
  }

  get mode(): Mode {
    return this.parts.mode;
  }

  get size(): number {
    return this.parts.rules.size;
  }

  rule(id: string): Rule | undefined {
    return this.parts.rules.get(id)?.rule;
  }

  /** The table after a change. Costs a copy of two maps, however large the change is. */
  with(change: TableChange): RuleTable {
    const { mode = this.parts.mode, ani = this.parts.ani } = change;
    const put = [...new Map([...change.put ?? []].map((rule) => [rule.id, rule])).values()].map(compile);
    const removed = [...change.remove ?? [], ...put.map(({ rule }) => rule.id)];
    if (removed.length === 0) return new RuleTable({ ...this.parts, mode, ani });
    const rules = new Map(this.parts.rules);
    const byDnis = new Map(this.parts.byDnis);
    const gone: Rule[] = [];
    for (const id of removed) {
      const old = rules.get(id);
      if (old === undefined || !rules.delete(id)) continue;
      gone.push(old.rule);
      const left = byDnis.get(old.rule.dnis)!.filter((each) => each !== old);
      if (left.length > 0) byDnis.set(old.rule.dnis, left); else byDnis.delete(old.rule.dnis);
    }
    for (const each of put) {
      rules.set(each.rule.id, each);
      byDnis.set(each.rule.dnis, [...byDnis.get(each.rule.dnis) ?? [], each].sort((a, b) => (a.rule.id < b.rule.id ? -1 : 1)));
    }
    const ways = this.parts.ways.copyFor([...gone, ...put.map(({ rule }) => rule)].flatMap(({ queues }) => queues));
    for (const rule of gone) ways.count(rule, -1);
    for (const { rule } of put) ways.count(rule, 1);
    return new RuleTable({ mode, ani, rules, byDnis, ways });
  }

  /** Refused, or what to ask the store. Blocked callers first, in every mode; then the mode; then the rules of the number. */
  decide({ dnis, ani, plan, nowMs }: CallFacts): Decision {
    const blocked = this.parts.ani.match(formsOf(ani, plan), nowMs);
    if (blocked !== undefined) return blockedAni(blocked.number);
    if (this.parts.mode === 'all-busy') return allBusy();
    const known = this.#answers.get(dnis);
    if (known !== undefined && known.plan === plan && known.fromMs <= nowMs && nowMs < known.untilMs) return known.decision;
    const answer = this.#answer(dnis, plan, nowMs);
    if (dnis.length <= DNIS_MAX) this.#keep(dnis, answer);
    return answer.decision;
  }

  #answer(dnis: string, plan: NumberPlan, nowMs: number): Answer {
    const forms = formsOf(dnis, plan);
    const windows = this.parts.mode === 'dnis' ? this.#windowsOf(forms, nowMs) : [];
    const rules = windows.filter(({ active }) => active).map(({ rule }) => rule);
    const busy = rules.find(({ type, shadow }) => type === 'all-busy' && !shadow);
    return {
      plan, decision: busy === undefined ? this.#question(forms, rules) : refusedBy(busy),
      fromMs: Math.max(-Infinity, ...windows.map(({ fromMs }) => fromMs)), untilMs: Math.min(Infinity, ...windows.map(({ untilMs }) => untilMs)),
    };
  }

  #keep(dnis: string, answer: Answer): void {
    if (this.#answers.size >= ANSWERS_MAX) this.#answers.clear();
    this.#answers.set(compact(dnis), answer);
  }

  #windowsOf(forms: readonly string[], nowMs: number): readonly (Window & { readonly rule: Rule })[] {
    const compiled = forms.flatMap((form) => this.parts.byDnis.get(form) ?? []).filter(({ rule }) => rule.enabled);
    return compiled.map(({ rule, clock }) => ({ rule, ...clock?.windowAt(nowMs) ?? ALWAYS }));
  }

  #question(forms: readonly string[], rules: readonly Rule[]): Question {
    const takes = new Map<string, LimiterTake>(forms.map(dnisCounter).map((counter) => [counter, { counter }]));
    const checks: LimiterCheck[] = [];
    for (const rule of rules) {
      const asked = checksOf(rule, this.parts.ways.of(rule.queues));
      // More than one of a kind, shadows and others, is in force only where two data centres made them while they did not hear each other.
      if (checks.length > 0 && checks.length + asked.length > CHECKS_MAX) continue;
      checks.push(...asked);
      if (rule.queues.length === 0) continue;
      const way = wayTake(rule.queues);
      takes.set(way.counter, way);
    }
    const shadows = rules.filter(({ type }) => type === 'all-busy').map(({ id }) => id);
    const withoutStore = strictest(rules.filter(({ shadow }) => !shadow));
    return { kind: 'ask', checks, takes: [...takes.values()], rules, shadows, ...(withoutStore === undefined ? {} : { withoutStore }) };
  }
}

/** What the store's answer to a question means. `full`: names of checks, as the store gives them. */
export function outcomeOf(question: Question, full: readonly string[]): Outcome {
  if (full.length === 0) return { shadows: question.shadows };
  const ids = [...new Set(full.map(ruleOfCheck))];
  const rules = ids.map((id) => question.rules.find((rule) => rule.id === id)).filter((rule) => rule !== undefined);
  const first = rules.find(({ shadow }) => !shadow);
  const shadows = [...question.shadows, ...rules.filter(({ shadow }) => shadow).map(({ id }) => id)];
  return first === undefined ? { shadows } : { refusal: refusedBy(first), shadows };
}

function compile(rule: Rule): Compiled {
  return { rule, clock: rule.schedule === undefined ? undefined : new ScheduleClock(rule.schedule) };
}

function strictest(rules: readonly Rule[]): WithoutStore | undefined {
  return WITHOUT_STORE.findLast((policy) => rules.some(({ withoutStore }) => withoutStore === policy));
}
