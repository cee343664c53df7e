/** Who changed what, and when: a key for each change in the bucket of the data centre in which it was made, the latest 10,000. */
import type { KeyValue, KeyValueStore } from '#cluster';
import type { Log } from '#kernel';
import { AUDIT, auditKey, bucketOf } from './stored.js';

export const AUDIT_MAX = 10_000;
/** So many more may be there, so that the keys are not listed with every change. */
const SPARE = 100;

export type AuditWhat = 'mode' | 'rule' | 'ani' | 'ani-list' | 'restore';

export interface AuditRecord {
  readonly epoch: number;
  readonly atMs: number;
  /** Name of the API key. */
  readonly who: string;
  readonly what: AuditWhat;
  readonly action: 'add' | 'change' | 'remove' | 'import' | 'restore';
  /** The rule's id, or the entry's number. */
  readonly id?: string;
  /** Of the rule. */
  readonly division?: string;
  readonly dataCentre: string;
  /** Null: there was none. */
  readonly before: unknown;
  readonly after: unknown;
}

export interface AuditQuery {
  readonly limit: number;
  /** Epoch of the last record of the page before. */
  readonly after?: number;
  readonly id?: string;
  readonly who?: string;
  /** None: all. */
  readonly divisions?: readonly string[];
}

export interface AuditPage {
  /** The latest first. */
  readonly records: readonly AuditRecord[];
  readonly next?: number;
  /** Data centres whose records could not be read. */
  readonly unread: readonly string[];
}

export class AuditLog {
  /** Keys of this data centre, as far as they are known here; read once, then kept. */
  #keys: string[] | undefined;

  constructor(private readonly dataCentres: readonly string[], private readonly keyValues: KeyValueStore, private readonly log: Log) {}

  async write(bucket: KeyValue, record: AuditRecord): Promise<void> {
    const key = auditKey(record.epoch);
    await bucket.create(key, record);
    this.#keys?.push(key);
    await this.#prune(bucket).catch((error: unknown) => this.log.debug('old audit records could not be removed yet', { error: String(error) }));
  }

  /** The change did not come about. */
  async withdraw(bucket: KeyValue, epoch: number): Promise<void> {
    await bucket.delete(auditKey(epoch)).catch((error: unknown) => {
      this.log.warn('an audit record tells of a change that failed', { epoch, error: String(error) });
    });
  }

  async read({ limit, after = Infinity, id, who, divisions }: AuditQuery): Promise<AuditPage> {
    const unread: string[] = [];
    const lists = await Promise.all(this.dataCentres.map(async (dataCentre) => {
      try {
        const bucket = await this.keyValues.bucket(bucketOf(dataCentre));
        return (await bucket.list(AUDIT)).map(({ value }) => value as AuditRecord);
      } catch {
        unread.push(dataCentre);
        return [];
      }
    }));
    const found = lists.flat()
      .filter((record) => record.epoch < after && (id === undefined || record.id === id) && (who === undefined || record.who === who))
      .filter((record) => divisions === undefined || divisions.includes(record.division ?? ''))
      .sort((a, b) => b.epoch - a.epoch);
    const records = found.slice(0, limit);
    return { records, unread, ...(found.length > limit ? { next: records.at(-1)!.epoch } : {}) };
  }

  async #prune(bucket: KeyValue): Promise<void> {
    if (this.#keys !== undefined && this.#keys.length <= AUDIT_MAX + SPARE) return;
    // Another console of the data centre writes, too.
    const keys = (await bucket.list(AUDIT)).map(({ key }) => key).sort();
    this.#keys = keys;
    if (keys.length <= AUDIT_MAX + SPARE) return;
    for (const key of keys.slice(0, keys.length - AUDIT_MAX)) await bucket.delete(key);
    this.#keys = keys.slice(keys.length - AUDIT_MAX);
  }
}
