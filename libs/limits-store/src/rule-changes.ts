/** Rules under change: versions, divisions, and what must hold among rules (docs/specs/limits.md, "What a rule says"). */
import type { Entropy } from '#kernel';
import { ERRORS_MAX, type FieldError, type Rule, type RuleInput, RuleSet, RULES_MAX } from '#limits';
import type { ChangeSession } from './change-session.js';
import { Refused, refused } from './refused.js';
import type { LimitsRepository } from './repository.js';
import { ruleKey } from './stored.js';

/** A rule and the version that it has: to be given back with a change of it. */
export interface VersionedRule {
  readonly rule: Rule;
  readonly version: string;
}

/** Whoever changes something. */
export interface Actor {
  readonly name: string;
  /** Rules of these alone; none given: all. */
  readonly divisions?: readonly string[];
}

export interface RuleChange {
  /** Not given: a new rule with an id of its own. */
  readonly id?: string;
  /** What the rule is to be, from what it is. @throws Refused */
  readonly input: (old: Rule | undefined) => RuleInput;
  /** The version that is to be changed; `*`: any, but there must be one. */
  readonly ifMatch?: string;
  /** There must be none of that id. */
  readonly isNew?: boolean;
}

const ID_DIGITS = 10;

export class RuleChanges {
  constructor(private readonly repository: LimitsRepository, private readonly entropy: Entropy) {}

  get(id: string, actor: Actor): VersionedRule {
    const stamped = this.repository.state.stampedRule(id);
    if (stamped === undefined || stamped.value === null || !mayTouch(actor, stamped.value.division)) throw refused('not-found', `there is no rule ${id}`);
    return { rule: stamped.value, version: String(stamped.epoch) };
  }

  /** In the order of their numbers. */
  list(actor: Actor): VersionedRule[] {
    const rules = [...this.repository.state.rules()].filter(({ division }) => mayTouch(actor, division));
    return rules.map(({ id }) => this.get(id, actor)).sort((a, b) => order(a.rule, b.rule));
  }

  async put(session: ChangeSession, actor: Actor, change: RuleChange): Promise<VersionedRule> {
    const set = new RuleSet(this.repository.state.rules());
    const { rule, old } = this.#made(set, session, actor, change);
    checkConflicts(set, rule, session.nowMs);
    return this.#write(session, rule, old);
  }

  /** All of them, or none and what is wrong with each; `name` says which one that is. */
  async putAll(session: ChangeSession, actor: Actor, changes: readonly { readonly name: string; readonly change: RuleChange }[]): Promise<VersionedRule[]> {
    const set = new RuleSet(this.repository.state.rules());
    const errors: FieldError[] = [];
    const collect = <T>(name: string, work: () => T): T | undefined => {
      try {
        return work();
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        errors.push(...error.errors.map(({ field, message }) => ({ field: field === '' ? name : `${name}.${field}`, message })));
        return undefined;
      }
    };
    const made = changes.map(({ name, change }) => ({ name, ...collect(name, () => this.#made(set, session, actor, change)) }));
    // All of them first: two rules may change places.
    for (const { rule } of made) if (rule !== undefined) set.put(rule);
    if (set.size > RULES_MAX) throw tooMany();
    for (const { name, rule } of made) if (rule !== undefined) collect(name, () => checkConflicts(set, rule, session.nowMs));
    if (errors.length > 0) throw new Refused('conflict', errors.slice(0, ERRORS_MAX));
    const written: VersionedRule[] = [];
    for (const { rule, old } of made) if (rule !== undefined) written.push(await this.#write(session, rule, old));
    return written;
  }

  async remove(session: ChangeSession, actor: Actor, id: string, ifMatch?: string): Promise<void> {
    const old = this.get(id, actor);
    checkVersion(id, old, ifMatch);
    const { division } = old.rule;
    await session.audited({ what: 'rule', action: 'remove', id, division, before: old.rule, after: null }, (epoch) =>
      session.write(ruleKey(id), { id, epoch, value: null }));
  }

  #made(set: RuleSet, session: ChangeSession, actor: Actor, change: RuleChange): { readonly rule: Rule; readonly old: Rule | undefined } {
    const id = change.id ?? this.#newId(set);
    const old = set.get(id);
    if (old !== undefined && !mayTouch(actor, old.division)) throw refused('forbidden', `rule ${id} is of a division that is not yours; choose another id`);
    if (change.isNew === true && old !== undefined) throw refused('stale', `there is a rule ${id} already`);
    checkVersion(id, old === undefined ? undefined : this.get(id, actor), change.ifMatch);
    const input = change.input(old);
    if (!mayTouch(actor, input.division)) {
      throw refused('forbidden', `is not yours; choose one of: ${actor.divisions?.join(', ') ?? ''}`, 'division');
    }
    const { nowMs } = session;
    const made = old === undefined ? { createdBy: session.who, createdAtMs: nowMs } : { createdBy: old.createdBy, createdAtMs: old.createdAtMs };
    return { rule: { ...input, ...made, id, changedBy: session.who, changedAtMs: nowMs }, old };
  }

  async #write(session: ChangeSession, rule: Rule, old: Rule | undefined): Promise<VersionedRule> {
    const { id, division } = rule;
    const action = old === undefined ? 'add' : 'change';
    return session.audited({ what: 'rule', action, id, division, before: old ?? null, after: rule }, async (epoch) => {
      await session.write(ruleKey(id), { id, epoch, value: rule });
      return { rule, version: String(epoch) };
    });
  }

  #newId(set: RuleSet): string {
    if (set.size >= RULES_MAX) throw tooMany();
    let id = '';
    do id = `r-${this.entropy.hex(ID_DIGITS)}`; while (set.get(id) !== undefined);
    return id;
  }
}

export const mayTouch = ({ divisions }: Actor, division: string): boolean => divisions === undefined || divisions.includes(division);

const tooMany = (): Refused => refused('conflict', `there are ${RULES_MAX} rules, which is the most; remove some first`);

function checkConflicts(set: RuleSet, rule: Rule, nowMs: number): void {
  const conflicts = set.conflictsOf(rule, nowMs);
  if (conflicts.length > 0) throw new Refused('conflict', conflicts.map(({ field, message }) => ({ field, message })));
}

function checkVersion(id: string, current: VersionedRule | undefined, ifMatch: string | undefined): void {
  if (ifMatch === undefined) return;
  if (current === undefined) throw refused('stale', `there is no rule ${id} any more`);
  if (ifMatch !== '*' && ifMatch !== current.version) {
    throw refused('stale', `rule ${id} was changed by ${current.rule.changedBy} meanwhile: its version is ${current.version}; read it again`);
  }
}

function order(a: Rule, b: Rule): number {
  if (a.dnis !== b.dnis) return a.dnis < b.dnis ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
