/**
 * What the buckets of all data centres say together, as a table that proxies ask. Pure: told each value, it does a bounded piece of the work with each
 * step. A restore shows in one piece, once its whole set is there.
 */
import { type AniEntry, AniList, ANI_SHARDS, later, type Mode, type Rule, RuleTable, type Stamped } from '#limits';
import { type Generation, idOfRuleKey, parseKey, parseLines, type StoredPart, type StoredRule, type StoredShard } from './stored.js';

interface StagedSet {
  readonly rules: Map<string, Rule>;
  readonly shards: Map<number, string>;
  readonly parts: Set<string>;
}

interface Site {
  mode: Stamped<Mode> | undefined;
  generation: Generation | undefined;
  readonly rules: Map<string, Stamped<Rule>>;
  /** Lines of each shard. */
  readonly shards: Map<number, string>;
  readonly sets: Map<number, StagedSet>;
}

/** Shards put into the list in one step: a thousand entries each when the list is full. */
const SHARDS_A_STEP = 8;
const RULES_A_STEP = 1_000;
const NO_SET: StagedSet = { rules: new Map(), shards: new Map(), parts: new Set() };

export class LimitsState {
  readonly #sites = new Map<string, Site>();
  readonly #dirtyRules = new Set<string>();
  readonly #dirtyShards = new Set<number>();
  #dirtyMode = false;
  #set: StagedSet = NO_SET;
  #epoch = 0;
  /** The list of a restore that is being put together; calls ask the old one meanwhile. */
  #next: { readonly list: AniList; readonly left: Set<number> } | undefined;
  #ani = new AniList();
  #table = RuleTable.of('unlimited', this.#ani);
  #last = 0;

  get table(): RuleTable {
    return this.#table;
  }

  /** The block list of the table. Whoever tries something on it says so with `redo`. */
  get ani(): AniList {
    return this.#ani;
  }

  /** Epoch of the restore in force; 0: none. */
  get generation(): number {
    return this.#epoch;
  }

  /** The greatest epoch of any value. */
  get last(): number {
    return this.#last;
  }

  get isSettled(): boolean {
    return !this.#dirtyMode && this.#dirtyRules.size === 0 && this.#dirtyShards.size === 0 && this.#next === undefined;
  }

  put(site: string, key: string, value: object): void {
    const parsed = parseKey(key);
    if (parsed === undefined) return;
    const at = this.#site(site);
    switch (parsed.kind) {
      case 'lock': return;
      case 'mode': return this.#putMode(at, value as Stamped<Mode>);
      case 'generation': return this.#putGeneration(at, value as Generation);
      case 'rule': return this.#putRule(at, value as StoredRule);
      case 'ani':
        at.shards.set(parsed.shard, (value as StoredShard).lines);
        return void this.#dirtyShards.add(parsed.shard);
      case 'set': return this.#putPart(at, parsed.generation, parsed.part, value as StoredPart);
    }
  }

  gone(site: string, key: string): void {
    const parsed = parseKey(key);
    const at = this.#site(site);
    if (parsed?.kind === 'mode') {
      at.mode = undefined;
      this.#dirtyMode = true;
    } else if (parsed?.kind === 'rule') {
      const id = idOfRuleKey(key);
      at.rules.delete(id);
      this.#dirtyRules.add(id);
    } else if (parsed?.kind === 'ani') {
      at.shards.delete(parsed.shard);
      this.#dirtyShards.add(parsed.shard);
    } else if (parsed?.kind === 'set' && parsed.generation !== this.#epoch) {
      // The set in force is kept, whoever cleared it away: its successor may come later, from another data centre.
      at.sets.delete(parsed.generation);
    }
  }

  /** These shards are worked out again. */
  redo(shards: Iterable<number>): void {
    for (const shard of shards) this.#dirtyShards.add(shard);
  }

  /** A bounded piece of what is to be done. Answers whether the table is another one now; ask `isSettled` whether there is more. */
  step(): boolean {
    if (this.#next !== undefined) return this.#buildOn(this.#next);
    const before = this.#table;
    const ids = firstOf(this.#dirtyRules, RULES_A_STEP);
    const shards = firstOf(this.#dirtyShards, SHARDS_A_STEP);
    for (const shard of shards) this.#ani.replaceShard(shard, this.#entriesOf(shard));
    const rules = ids.map((id) => this.#ruleOf(id));
    if (ids.length > 0 || this.#dirtyMode) {
      const remove = ids.filter((_, index) => rules[index] === undefined);
      this.#table = this.#table.with({ mode: this.#mode(), put: rules.filter((rule) => rule !== undefined), remove });
    }
    this.#dirtyMode = false;
    return before !== this.#table || shards.length > 0;
  }

  /** What stands of a rule, with its epoch. */
  stampedRule(id: string): Stamped<Rule> | undefined {
    const candidates = [...this.#sites.values()].flatMap(({ rules }) => rules.get(id) ?? []).filter(({ epoch }) => epoch > this.#epoch);
    const staged = this.#set.rules.get(id);
    if (staged !== undefined) candidates.push({ epoch: this.#epoch, value: staged });
    return candidates.length === 0 ? undefined : candidates.reduce((a, b) => later(a, b));
  }

  * rules(): Generator<Rule> {
    for (const id of this.#ruleIds()) {
      const rule = this.#ruleOf(id);
      if (rule !== undefined) yield rule;
    }
  }

  /** Lines of one data centre, as its bucket has them. */
  linesOf(site: string, shard: number): string {
    return this.#sites.get(site)?.shards.get(shard) ?? '';
  }

  /** Whether another data centre's bucket says anything of the rule, and so could bring it back. */
  isElsewhere(site: string, id: string): boolean {
    return [...this.#sites].some(([name, { rules }]) => name !== site && rules.has(id));
  }

  /** Whether another data centre's bucket has a line of the number. */
  hasLineElsewhere(site: string, shard: number, number: string): boolean {
    return [...this.#sites].some(([name, { shards }]) => name !== site && `\n${shards.get(shard) ?? ''}`.includes(`\n${number}\t`));
  }

  stampedRulesOf(site: string): ReadonlyMap<string, Stamped<Rule>> {
    return this.#site(site).rules;
  }

  shardsOf(site: string): readonly number[] {
    return [...this.#site(site).shards.keys()];
  }

  /** Restores whose sets lie in the bucket, whole or not. */
  setsOf(site: string): readonly { readonly epoch: number; readonly parts: readonly string[] }[] {
    return [...this.#site(site).sets].map(([epoch, { parts }]) => ({ epoch, parts: [...parts] }));
  }

  #site(name: string): Site {
    const known = this.#sites.get(name);
    if (known !== undefined) return known;
    const site: Site = { mode: undefined, generation: undefined, rules: new Map(), shards: new Map(), sets: new Map() };
    this.#sites.set(name, site);
    return site;
  }

  #saw(epoch: number): void {
    if (Number.isSafeInteger(epoch)) this.#last = Math.max(this.#last, epoch);
  }

  #putMode(site: Site, value: Stamped<Mode>): void {
    this.#saw(value.epoch);
    site.mode = value;
    this.#dirtyMode = true;
  }

  #putRule(site: Site, { id, epoch, value }: StoredRule): void {
    this.#saw(epoch);
    site.rules.set(id, { epoch, value });
    this.#dirtyRules.add(id);
  }

  #putGeneration(site: Site, generation: Generation): void {
    this.#saw(generation.epoch);
    site.generation = generation;
    this.#adopt();
  }

  #putPart(site: Site, epoch: number, part: string, value: StoredPart): void {
    const set = site.sets.get(epoch) ?? { rules: new Map(), shards: new Map(), parts: new Set() };
    site.sets.set(epoch, set);
    set.parts.add(part);
    if ('rules' in value) for (const rule of value.rules) set.rules.set(rule.id, rule);
    else set.shards.set(value.shard, value.lines);
    this.#adopt();
  }

  /** The latest restore whose set is complete takes over. */
  #adopt(): void {
    for (const { generation, sets } of this.#sites.values()) {
      if (generation === undefined || generation.epoch <= this.#epoch) continue;
      const set = sets.get(generation.epoch) ?? NO_SET;
      if (set.parts.size < generation.parts) continue;
      for (const site of this.#sites.values()) site.sets.delete(this.#epoch);
      this.#epoch = generation.epoch;
      this.#set = set;
      this.#next = { list: new AniList(), left: new Set(Array.from({ length: ANI_SHARDS }, (_, shard) => shard)) };
    }
  }

  /** Shards of a restore; with the last one the whole of it is in force. */
  #buildOn({ list, left }: { readonly list: AniList; readonly left: Set<number> }): boolean {
    for (const shard of this.#dirtyShards) left.add(shard);
    this.#dirtyShards.clear();
    for (const shard of firstOf(left, SHARDS_A_STEP)) list.replaceShard(shard, this.#entriesOf(shard));
    if (left.size > 0) return false;
    this.#ani = list;
    this.#table = RuleTable.of(this.#mode(), list, this.rules());
    this.#dirtyRules.clear();
    this.#dirtyMode = false;
    this.#next = undefined;
    return true;
  }

  #ruleOf(id: string): Rule | undefined {
    return this.stampedRule(id)?.value ?? undefined;
  }

  #ruleIds(): Set<string> {
    return new Set([...this.#set.rules.keys(), ...[...this.#sites.values()].flatMap(({ rules }) => [...rules.keys()])]);
  }

  #mode(): Mode {
    const candidates = [...this.#sites.values()].flatMap(({ mode }) => mode ?? []).filter(({ epoch }) => epoch > this.#epoch);
    for (const { generation } of this.#sites.values()) {
      if (generation?.epoch === this.#epoch) candidates.push({ epoch: generation.epoch, value: generation.mode });
    }
    return candidates.length === 0 ? 'unlimited' : candidates.reduce((a, b) => later(a, b)).value ?? 'unlimited';
  }

  #entriesOf(shard: number): AniEntry[] {
    const lines = new Map<string, { readonly epoch: number; readonly entry: AniEntry | undefined }>();
    const take = (text: string, least: number): void => {
      for (const line of parseLines(text)) {
        this.#saw(line.epoch);
        if (line.epoch >= least && line.epoch >= (lines.get(line.number)?.epoch ?? 0)) lines.set(line.number, line);
      }
    };
    take(this.#set.shards.get(shard) ?? '', this.#epoch);
    // In the order of names: of two of one epoch all data centres take the same.
    for (const name of [...this.#sites.keys()].sort()) take(this.#sites.get(name)!.shards.get(shard) ?? '', this.#epoch + 1);
    return [...lines.values()].flatMap(({ entry }) => entry ?? []);
  }
}

/** Takes them out of the set. */
function firstOf<T>(set: Set<T>, count: number): T[] {
  const taken: T[] = [];
  for (const each of set) {
    if (taken.length >= count) break;
    taken.push(each);
    set.delete(each);
  }
  return taken;
}
