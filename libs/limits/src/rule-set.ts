/** All rules, and what must hold among them: one division for a DNIS, and never two rules of it in force together, but for a shadow beside one that refuses. */
import { wayCounter } from './counters.js';
import { overlapOf } from './overlap.js';
import { QueueWays } from './queue-ways.js';
import { type Rule, RULES_MAX, RULES_PER_DNIS_MAX } from './rule.js';

/** Different sets of queues that share one: a check of any counts the calls on the way to all of them. */
export const QUEUE_SETS_MAX = 200;

/** Why a rule cannot stand beside the others. */
export interface RuleConflict {
  readonly kind: 'overlap' | 'division' | 'too-many';
  readonly field: string;
  readonly message: string;
  /** The rule that it meets. */
  readonly rule?: string;
}

export class RuleSet {
  readonly #rules = new Map<string, Rule>();
  readonly #byDnis = new Map<string, Set<Rule>>();
  readonly #ways = new QueueWays();

  constructor(rules: Iterable<Rule> = []) {
    for (const rule of rules) this.put(rule);
  }

  get size(): number {
    return this.#rules.size;
  }

  get(id: string): Rule | undefined {
    return this.#rules.get(id);
  }

  ofDnis(dnis: string): readonly Rule[] {
    return [...this.#byDnis.get(dnis) ?? []];
  }

  values(): Iterable<Rule> {
    return this.#rules.values();
  }

  /** Adds the rule, or replaces the one of its id, whatever it meets: ask `conflictsOf` first. */
  put(rule: Rule): void {
    this.remove(rule.id);
    this.#rules.set(rule.id, rule);
    const siblings = this.#byDnis.get(rule.dnis) ?? new Set();
    this.#byDnis.set(rule.dnis, siblings.add(rule));
    this.#ways.count(rule, 1);
  }

  remove(id: string): boolean {
    const rule = this.#rules.get(id);
    if (rule === undefined) return false;
    this.#rules.delete(id);
    const siblings = this.#byDnis.get(rule.dnis)!;
    siblings.delete(rule);
    if (siblings.size === 0) this.#byDnis.delete(rule.dnis);
    this.#ways.count(rule, -1);
    return true;
  }

  /** What the rule would meet if it were put, as new or in place of the one of its id. None: it may. Disabled rules count: they may be enabled. */
  conflictsOf(rule: Rule, nowMs: number): readonly RuleConflict[] {
    const others = this.ofDnis(rule.dnis).filter(({ id }) => id !== rule.id);
    const conflicts = this.#tooMany(rule, others);
    // One that is too many is not compared with all.
    if (conflicts.length > 0) return conflicts;
    return others.flatMap((other) => [divisionConflict(rule, other), overlapConflict(rule, other, nowMs)]).filter((each) => each !== undefined);
  }

  #tooMany(rule: Rule, others: readonly Rule[]): RuleConflict[] {
    const old = this.#rules.get(rule.id);
    const conflicts: RuleConflict[] = [];
    const tooMany = (field: string, message: string) => conflicts.push({ kind: 'too-many', field, message });
    if (old === undefined && this.size >= RULES_MAX) tooMany('', `there are ${RULES_MAX} rules, which is the most; remove some first`);
    if (others.length >= RULES_PER_DNIS_MAX) tooMany('dnis', `${rule.dnis} has ${others.length} rules, which is the most; put several windows into one`);
    const own = wayCounter(rule.queues);
    rule.queues.forEach((queue, index) => {
      const sets = this.#ways.with(queue);
      if (!sets.has(own) && sets.size >= QUEUE_SETS_MAX) {
        tooMany(`queues.${index}`, `${queue} stands in ${sets.size} different sets of queues, which is the most; use a set that another rule has`);
      }
    });
    return conflicts;
  }
}

/** Pairs of rules that should not both be there: two data centres may have made them while they could not hear each other. */
export function conflictsIn(set: RuleSet, nowMs: number): readonly (RuleConflict & { readonly of: string })[] {
  return [...set.values()].flatMap((rule) => set.conflictsOf(rule, nowMs).map((conflict) => ({ ...conflict, of: rule.id })));
}

function divisionConflict(rule: Rule, other: Rule): RuleConflict | undefined {
  if (rule.division === other.division) return undefined;
  const message = `${rule.dnis} belongs to division "${other.division}" by rule ${other.id}; choose that division, or another number`;
  return { kind: 'division', field: 'division', message, rule: other.id };
}

function overlapConflict(rule: Rule, other: Rule, nowMs: number): RuleConflict | undefined {
  // Another limit is tried out on the calls that the present one lets in.
  if (rule.shadow !== other.shadow) return undefined;
  const moment = overlapOf(rule.schedule, other.schedule, nowMs);
  if (moment === undefined) return undefined;
  const message = other.schedule === undefined
    ? `${rule.dnis} has rule ${other.id}, which always holds; change that one, or give it a schedule`
    : `is in force together with rule ${other.id} of ${rule.dnis} at ${new Date(moment).toISOString()}; let them not overlap`;
  return { kind: 'overlap', field: 'schedule', message, rule: other.id };
}
