/**
 * Mode, rules and block list of all data centres, as one table that is always the newest: reads the buckets `limits-<data centre>` and follows them.
 * Whoever changes something is `LimitsChanges`.
 */
import { type KeyValue, type KeyValueStore, KeyValueUnavailable } from '#cluster';
import type { Clock, Counter, Log, Meter, Timer } from '#kernel';
import type { RuleTable } from '#limits';
import type { LimitsChange } from '#telephony';
import { bucketOf, NOW } from './stored.js';
import { LimitsState } from './state.js';

export interface LimitsPlace {
  readonly dataCentre: string;
  /** All of the cluster, this one included. */
  readonly dataCentres: readonly string[];
}

export interface LimitsRepositoryPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly keyValues: KeyValueStore;
}

const RETRY_MS = 1_000;
/** A restore, or what was read at the start, is put together in pieces with this between them: calls go on. */
const STEP_MS = 0;
const WAITERS_MAX = 1_000;

interface Waiter {
  readonly site: string;
  readonly revision: number;
  readonly timer: Timer;
  done(reached: boolean): void;
}

export class LimitsRepository {
  readonly state = new LimitsState();
  readonly #watches: { stop(): void }[] = [];
  readonly #listeners = new Set<(table: RuleTable) => void>();
  /** Revision up to which each bucket was heard. */
  readonly #heard = new Map<string, number>();
  /** Revisions of values that came with the bus, before the bucket told them. */
  readonly #early = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();
  readonly #read = new Set<string>();
  readonly #failed: Counter;
  #begun: Promise<unknown> | undefined;
  #own: KeyValue | undefined;
  #step: Timer | undefined;
  #open = true;

  constructor(readonly place: LimitsPlace, private readonly ports: LimitsRepositoryPorts) {
    this.#failed = ports.meter.counter('limits_read_failed_total', 'Times a bucket of call limits could not be read yet');
    ports.meter.gauge('limits_rules', 'Rules of call limits known here', () => this.state.table.size);
    ports.meter.gauge('limits_blocked_anis', 'Entries of the ANI block list known here', () => this.state.ani.size);
  }

  /** The table of now. A table does not change, but for its block list. */
  get table(): RuleTable {
    return this.state.table;
  }

  /** Data centres whose bucket could not be read since the start. */
  get unread(): readonly string[] {
    return this.place.dataCentres.filter((dataCentre) => !this.#read.has(dataCentre));
  }

  /** Once, however often it is called. */
  start(): void {
    this.#begun ??= Promise.all(this.place.dataCentres.map((dataCentre) => this.#follow(dataCentre)));
  }

  /** Starts. Resolves when the table has all that can be read at once, or after so long: a process that takes calls waits for its rules first. */
  async ready(timeoutMs: number): Promise<void> {
    this.start();
    const { clock } = this.ports;
    let patience: Timer | undefined;
    await Promise.race([this.#begun, new Promise<void>((resolve) => { patience = clock.setTimer(timeoutMs, resolve); })]);
    patience?.cancel();
    if (this.unread.length === 0) await this.settled(timeoutMs);
  }

  /** Called with the table as it is, and whenever it is another one. Answers how to hear no more. */
  watch(listener: (table: RuleTable) => void): () => void {
    this.#listeners.add(listener);
    listener(this.table);
    return () => void this.#listeners.delete(listener);
  }

  /** The bucket that this data centre writes. @throws KeyValueUnavailable before it could be read */
  own(): KeyValue {
    if (this.#own === undefined) throw new KeyValueUnavailable(`the bucket ${bucketOf(this.place.dataCentre)} cannot be read yet`);
    return this.#own;
  }

  /** A change that came with the bus: in force here even while the bucket is late. */
  take({ site, key, value, revision }: LimitsChange): void {
    if (!this.place.dataCentres.includes(site) || revision <= (this.#heard.get(site) ?? 0)) return;
    const name = `${site} ${key}`;
    if (revision <= (this.#early.get(name) ?? 0)) return;
    this.#early.set(name, revision);
    this.state.put(site, key, value);
    this.#soon();
  }

  /** Resolves when the table has the bucket up to that revision: false when it has not within `timeoutMs`. */
  reached(site: string, revision: number, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      if (this.#waiters.size >= WAITERS_MAX) return resolve(false);
      const waiter: Waiter = {
        site, revision,
        timer: this.ports.clock.setTimer(timeoutMs, () => waiter.done(false)),
        done: (reached) => {
          this.#waiters.delete(waiter);
          waiter.timer.cancel();
          resolve(reached);
        },
      };
      this.#waiters.add(waiter);
      this.#answer();
    });
  }

  /** Resolves when all that was taken is in the table. */
  settled(timeoutMs: number): Promise<boolean> {
    return this.reached(this.place.dataCentre, 0, timeoutMs);
  }

  /** Works out again what somebody tried on the block list. */
  redo(shards: Iterable<number>): void {
    this.state.redo(shards);
    this.#soon();
  }

  close(): void {
    this.#open = false;
    this.#step?.cancel();
    for (const watch of this.#watches) watch.stop();
    for (const waiter of [...this.#waiters]) waiter.done(false);
    this.#listeners.clear();
  }

  async #follow(dataCentre: string): Promise<void> {
    try {
      const bucket = await this.ports.keyValues.bucket(bucketOf(dataCentre));
      const watch = await bucket.watch(NOW, (change) => {
        if (!this.#open) return;
        const [key, revision] = change.kind === 'put' ? [change.entry.key, change.entry.revision] : [change.key, change.revision];
        this.#heard.set(dataCentre, Math.max(revision, this.#heard.get(dataCentre) ?? 0));
        if (this.#isOlder(`${dataCentre} ${key}`, revision)) return this.#soon();
        if (change.kind === 'put') this.state.put(dataCentre, key, change.entry.value);
        else this.state.gone(dataCentre, key);
        this.#soon();
      });
      if (!this.#open) return watch.stop();
      this.#watches.push(watch);
      this.#read.add(dataCentre);
      if (dataCentre === this.place.dataCentre) this.#own = bucket;
      this.#soon();
    } catch (error) {
      if (!this.#open) return;
      this.#failed.add();
      this.ports.log.debug(`the call limits of ${dataCentre} cannot be read yet`, { error: String(error) });
      this.ports.clock.setTimer(RETRY_MS, () => { if (this.#open) void this.#follow(dataCentre); });
    }
  }

  /** Whether the bus brought something newer of this key already. */
  #isOlder(name: string, revision: number): boolean {
    const early = this.#early.get(name);
    if (early === undefined) return false;
    if (revision >= early) this.#early.delete(name);
    return revision < early;
  }

  #soon(): void {
    if (this.#open) this.#step ??= this.ports.clock.setTimer(STEP_MS, () => this.#work());
  }

  #work(): void {
    this.#step = undefined;
    if (this.state.step()) for (const listener of this.#listeners) listener(this.table);
    if (!this.state.isSettled) return this.#soon();
    this.#answer();
  }

  #answer(): void {
    if (!this.state.isSettled) return;
    for (const waiter of [...this.#waiters]) {
      if ((this.#heard.get(waiter.site) ?? 0) >= waiter.revision) waiter.done(true);
    }
  }
}
