/** One change under the lock of its data centre: epochs, writes and their audit. */
import { Hlc, type KeyValue, type KeyValueStore, KeyValueUnavailable, RevisionConflict } from '#cluster';
import type { Clock, Log } from '#kernel';
import type { LimitsChange } from '#telephony';
import { AuditLog, type AuditRecord } from './audit.js';
import { Lock } from './lock.js';
import type { LimitsRepository } from './repository.js';

export interface SessionPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly keyValues: KeyValueStore;
}

/** What the audit says beside who and when. */
export type AuditNote = Pick<AuditRecord, 'what' | 'action' | 'before' | 'after' | 'id' | 'division'>;

/** How long a change waits for what was written before it. */
const READ_MS = 5_000;
const ATTEMPTS = 3;
const WRITERS = 8;

export class ChangeSessions {
  readonly #hlc: Hlc;

  /** @param maker of epochs: 0 to 4095, another one at each console */
  constructor(private readonly repository: LimitsRepository, private readonly audit: AuditLog, maker: number, private readonly ports: SessionPorts) {
    this.#hlc = new Hlc(maker);
  }

  /** @throws KeyValueUnavailable when the bucket does not answer, or others change things for too long */
  async run<T>(who: string, work: (session: ChangeSession) => Promise<T>): Promise<{ readonly result: T; readonly changes: readonly LimitsChange[] }> {
    const bucket = this.repository.own();
    const lock = await Lock.take(bucket, this.ports.clock);
    try {
      const { dataCentre } = this.repository.place;
      if (!await this.repository.reached(dataCentre, lock.revision, READ_MS)) throw new KeyValueUnavailable('the call limits cannot be read now');
      this.#hlc.observe(this.repository.state.last);
      const session = new ChangeSession(who, dataCentre, bucket, lock, this.audit, this.#hlc, this.ports.clock);
      const result = await work(session);
      const last = session.changes.reduce((most, { revision }) => Math.max(most, revision), 0);
      // Whoever reads here now reads what was changed.
      await this.repository.reached(dataCentre, last, READ_MS);
      return { result, changes: session.changes };
    } finally {
      await lock.release();
    }
  }
}

export class ChangeSession {
  readonly changes: LimitsChange[] = [];

  constructor(
    readonly who: string, readonly site: string, private readonly bucket: KeyValue, private readonly lock: Lock, private readonly audit: AuditLog,
    private readonly hlc: Hlc, private readonly clock: Clock,
  ) {}

  get nowMs(): number {
    return Math.floor(this.clock.nowMs());
  }

  epoch(): number {
    return this.hlc.next(this.clock.nowMs());
  }

  /** Writes the record, then does it: there is no change without a record. A record of what failed is taken back. */
  async audited<T>(note: AuditNote, work: (epoch: number) => Promise<T>): Promise<T> {
    const epoch = this.epoch();
    await this.audit.write(this.bucket, { ...note, epoch, atMs: this.nowMs, who: this.who, dataCentre: this.site });
    try {
      return await work(epoch);
    } catch (error) {
      await this.audit.withdraw(this.bucket, epoch);
      throw error;
    }
  }

  async write(key: string, value: object): Promise<void> {
    await this.lock.renew();
    const revision = await this.#compareAndSet(key, value);
    this.changes.push({ site: this.site, key, value, revision });
  }

  async writeAll(values: ReadonlyMap<string, object>): Promise<void> {
    const left = [...values];
    const writer = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await this.write(...next);
    };
    await Promise.all(Array.from({ length: WRITERS }, writer));
  }

  remove(key: string): Promise<void> {
    return this.bucket.delete(key);
  }

  /** A replica may answer with what was before: then the write fails, and is tried with what is. */
  async #compareAndSet(key: string, value: object): Promise<number> {
    for (let attempt = 1; ; attempt += 1) {
      const there = await this.bucket.get(key);
      try {
        return await (there === undefined ? this.bucket.create(key, value) : this.bucket.update(key, value, there.revision));
      } catch (error) {
        if (!(error instanceof RevisionConflict) || attempt >= ATTEMPTS) throw error;
      }
    }
  }
}
