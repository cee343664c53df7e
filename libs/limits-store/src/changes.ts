/**
 * Changes of the call limits, each checked against what is in force, written with its audit record, and answered when every living proxy has it
 * (docs/specs/limits.md, "Changes"). Throws `Refused` with what to change, or `KeyValueUnavailable`.
 */
import type { Bus, KeyValueStore } from '#cluster';
import type { Clock, Entropy, Log } from '#kernel';
import type { AniEntry, AniInput, Mode } from '#limits';
import { AniChanges } from './ani-changes.js';
import { AuditLog, type AuditPage, type AuditQuery } from './audit.js';
import { type Backup, restoreBackup } from './backup.js';
import { type ChangeSession, ChangeSessions } from './change-session.js';
import { askInForce, writtenOf } from './in-force.js';
import type { LimitsRepository } from './repository.js';
import { type Actor, type RuleChange, RuleChanges, type VersionedRule } from './rule-changes.js';
import { MODE_KEY } from './stored.js';
import { Sweep } from './sweep.js';

export interface LimitsChangesPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly bus: Bus;
  readonly keyValues: KeyValueStore;
  /** Names of the proxies that live. */
  readonly proxies: () => readonly string[];
}

/** What came of a change, and the proxies that did not say within 2 s that it is in force there. */
export interface Changed<T> {
  readonly result: T;
  readonly notInForce: readonly string[];
}

export class LimitsChanges {
  readonly #sessions: ChangeSessions;
  readonly #audit: AuditLog;
  readonly #rules: RuleChanges;
  readonly #ani: AniChanges;
  readonly #sweep: Sweep;

  /** @param maker of epochs: 0 to 4095, another one at each console */
  constructor(private readonly repository: LimitsRepository, maker: number, private readonly ports: LimitsChangesPorts) {
    this.#audit = new AuditLog(repository.place.dataCentres, ports.keyValues, ports.log);
    this.#sessions = new ChangeSessions(repository, this.#audit, maker, ports);
    this.#rules = new RuleChanges(repository, ports.entropy);
    this.#ani = new AniChanges(repository);
    this.#sweep = new Sweep(repository, this.#sessions, ports);
  }

  start(): void {
    this.#sweep.start();
  }

  close(): void {
    this.#sweep.close();
  }

  rule(id: string, actor: Actor): VersionedRule {
    return this.#rules.get(id, actor);
  }

  rules(actor: Actor): VersionedRule[] {
    return this.#rules.list(actor);
  }

  putRule(actor: Actor, change: RuleChange): Promise<Changed<VersionedRule>> {
    return this.#change(actor, (session) => this.#rules.put(session, actor, change));
  }

  putRules(actor: Actor, changes: readonly { readonly name: string; readonly change: RuleChange }[]): Promise<Changed<VersionedRule[]>> {
    return this.#change(actor, (session) => this.#rules.putAll(session, actor, changes));
  }

  removeRule(actor: Actor, id: string, ifMatch?: string): Promise<Changed<void>> {
    return this.#change(actor, (session) => this.#rules.remove(session, actor, id, ifMatch));
  }

  setMode(actor: Actor, mode: Mode): Promise<Changed<Mode>> {
    return this.#change(actor, async (session) => {
      await session.audited({ what: 'mode', action: 'change', before: this.repository.table.mode, after: mode }, (epoch) =>
        session.write(MODE_KEY, { epoch, value: mode }));
      return mode;
    });
  }

  addAni(actor: Actor, input: AniInput): Promise<Changed<AniEntry>> {
    return this.#change(actor, (session) => this.#ani.add(session, input));
  }

  removeAni(actor: Actor, number: string): Promise<Changed<void>> {
    return this.#change(actor, (session) => this.#ani.remove(session, number));
  }

  importAni(actor: Actor, csv: string): Promise<Changed<number>> {
    return this.#change(actor, (session) => this.#ani.import(session, csv));
  }

  /** Of a restore proxies are told that it is there, and read it: they have all of it, or nothing. */
  restore(actor: Actor, backup: Backup): Promise<Changed<void>> {
    return this.#change(actor, (session) => restoreBackup(session, this.repository, backup), true);
  }

  audit(query: AuditQuery): Promise<AuditPage> {
    return this.#audit.read(query);
  }

  async #change<T>(actor: Actor, work: (session: ChangeSession) => Promise<T>, isRead = false): Promise<Changed<T>> {
    const { result, changes } = await this.#sessions.run(actor.name, work);
    const written = writtenOf(this.repository.place.dataCentre, changes);
    const notInForce = await askInForce(this.ports.bus, this.ports.proxies(), isRead ? { ...written, changes: [] } : written);
    return { result, notInForce };
  }
}
