/**
 * Who owns what, in KeyValue beside the path of calls and registrations: buckets `owners-<dc>`, written behind by compare-and-set.
 * A node that starts late, or again, learns from it what it did not hear (docs/specs/cluster-protocol.md, "Ownership").
 */
import { type KeyValue, type KeyValueEntry, type KeyValueStore, RevisionConflict, token } from '#cluster';
import type { Clock, Counter, Log, Meter, Timer } from '#kernel';
import type { OwnerRecord } from '#telephony';

/** `untilMs`: end of the registration; absent when the ownership has no end of its own. */
export interface StoredOwner extends OwnerRecord {
  readonly untilMs?: number;
}

export interface OwnerRecordPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly keyValues: KeyValueStore;
}

export interface OwnerRecordEvents {
  /** A record of any data centre, when it is read first and whenever it changes. */
  found(record: StoredOwner): void;
}

/** A longer registration is written when it is longer by this: the record may end early by so much. */
const UNTIL_STEP_MS = 60_000;
const WRITERS_MAX = 8;
const RETRY_MS = 1_000;

export class OwnerRecords {
  readonly #known = new Map<string, KeyValueEntry>();
  /** What is to be written; undefined: the record is to go. One entry a DN, so it is bounded by the switch. */
  readonly #dirty = new Map<string, StoredOwner | undefined>();
  readonly #watches: { stop(): void }[] = [];
  readonly #failed: Counter;
  #own: KeyValue | undefined;
  /** One write a DN at a time, so that they take effect in order. */
  readonly #writing = new Set<string>();
  #retry: Timer | undefined;
  #open = true;

  constructor(
    private readonly node: string, private readonly dataCentre: string, private readonly dataCentres: readonly string[],
    private readonly ports: OwnerRecordPorts, private readonly events: OwnerRecordEvents,
  ) {
    this.#failed = ports.meter.counter('owner_records_failed_total', 'Owner records that could not be read or written yet');
  }

  start(): void {
    for (const dataCentre of this.dataCentres) void this.#read(dataCentre);
  }

  /** To be written soon. Called for each registration: most change nothing worth writing. */
  put(record: OwnerRecord, untilMs: number): void {
    const written = (this.#dirty.get(record.dn) ?? this.#known.get(token(record.dn))?.value) as StoredOwner | undefined;
    const same = written?.node === record.node && written.epoch === record.epoch;
    if (same && (written.untilMs === undefined || untilMs < written.untilMs + UNTIL_STEP_MS)) return;
    this.#dirty.set(record.dn, { ...record, ...(untilMs === Infinity ? {} : { untilMs }) });
    this.#flush();
  }

  remove(dn: string): void {
    this.#dirty.set(dn, undefined);
    this.#flush();
  }

  close(): void {
    this.#open = false;
    this.#retry?.cancel();
    for (const watch of this.#watches) watch.stop();
  }

  async #read(dataCentre: string): Promise<void> {
    try {
      const bucket = await this.ports.keyValues.bucket(`owners-${token(dataCentre)}`);
      const isOwn = dataCentre === this.dataCentre;
      const watch = await bucket.watch('>', (change) => {
        if (isOwn && change.kind === 'put') this.#known.set(change.entry.key, change.entry);
        if (isOwn && change.kind === 'gone') this.#known.delete(change.key);
        if (change.kind === 'put' && this.#open) this.events.found(change.entry.value as StoredOwner);
      });
      if (!this.#open) return watch.stop();
      this.#watches.push(watch);
      if (!isOwn) return;
      this.#own = bucket;
      this.#flush();
    } catch (error) {
      this.#later(`the owners of ${dataCentre} cannot be read yet`, error, () => void this.#read(dataCentre));
    }
  }

  #later(message: string, error: unknown, again: () => void): void {
    if (!this.#open) return;
    this.#failed.add();
    this.ports.log.debug(message, { error: String(error) });
    this.ports.clock.setTimer(RETRY_MS, () => { if (this.#open) again(); });
  }

  #flush(): void {
    const bucket = this.#own;
    if (bucket === undefined || !this.#open) return;
    for (const [dn, record] of this.#dirty) {
      if (this.#writing.size >= WRITERS_MAX) return;
      if (this.#writing.has(dn)) continue;
      this.#dirty.delete(dn);
      this.#writing.add(dn);
      void this.#write(bucket, dn, record);
    }
  }

  async #write(bucket: KeyValue, dn: string, record: StoredOwner | undefined): Promise<void> {
    try {
      await this.#compareAndSet(bucket, token(dn), record);
      this.#writing.delete(dn);
      this.#flush();
    } catch (error) {
      await this.#notWritten(bucket, dn, record, error);
    }
  }

  /** Somebody was first, or the store is away: tried again with what is stored by then, unless the DN has a newer state. */
  async #notWritten(bucket: KeyValue, dn: string, record: StoredOwner | undefined, error: unknown): Promise<void> {
    this.#failed.add();
    if (error instanceof RevisionConflict) await this.#reread(bucket, token(dn));
    else this.ports.log.debug('an owner record could not be written yet', { dn, error: String(error) });
    if (!this.#dirty.has(dn)) this.#dirty.set(dn, record);
    this.#writing.delete(dn);
    if (this.#open) this.#retry ??= this.ports.clock.setTimer(RETRY_MS, () => { this.#retry = undefined; this.#flush(); });
  }

  async #compareAndSet(bucket: KeyValue, key: string, record: StoredOwner | undefined): Promise<void> {
    const entry = this.#known.get(key);
    const stored = entry?.value as StoredOwner | undefined;
    if (record === undefined) {
      if (entry !== undefined && stored?.node === this.node) await bucket.delete(key, entry.revision);
      return;
    }
    // Fencing: an older claim never replaces a newer one (TC-33); the newer one is obeyed instead.
    if (stored !== undefined && stored.epoch > record.epoch) return this.events.found(stored);
    const revision = await (entry === undefined ? bucket.create(key, record) : bucket.update(key, record, entry.revision));
    if ((this.#known.get(key)?.revision ?? 0) < revision) this.#known.set(key, { key, value: record, revision });
  }

  async #reread(bucket: KeyValue, key: string): Promise<void> {
    const entry = await bucket.get(key).catch(() => undefined);
    if (entry === undefined) this.#known.delete(key);
    else this.#known.set(key, entry);
  }
}
