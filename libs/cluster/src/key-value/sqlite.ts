/** Buckets of a process without NATS that outlive it, in one SQLite file that the process holds alone. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { BucketKeeper } from './memory.js';
import { type KeyValueEntry, KeyValueUnavailable } from './port.js';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entry (bucket TEXT, key TEXT, value TEXT NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (bucket, key)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID`;

interface Row {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

export class SqliteKeeper implements BucketKeeper {
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #revise: StatementSync;
  readonly #entries: StatementSync;
  readonly #revision: StatementSync;

  private constructor(private readonly database: DatabaseSync, private readonly file: string, private readonly prefix: string) {
    this.#put = database.prepare('INSERT INTO entry VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, revision = excluded.revision');
    this.#delete = database.prepare('DELETE FROM entry WHERE bucket = ? AND key = ?');
    this.#revise = database.prepare('INSERT INTO bucket VALUES (?, ?) ON CONFLICT DO UPDATE SET revision = excluded.revision');
    this.#entries = database.prepare('SELECT key, value, revision FROM entry WHERE bucket = ? ORDER BY revision');
    this.#revision = database.prepare('SELECT revision FROM bucket WHERE name = ?');
  }

  /**
   * @param prefix buckets whose names begin with it are kept
   * @throws Error naming the file: it cannot be written, or another process has it
   */
  static open(file: string, prefix: string): SqliteKeeper {
    try {
      mkdirSync(dirname(file), { recursive: true });
      const database = new DatabaseSync(file);
      database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; ${SCHEMA}; COMMIT`);
      return new SqliteKeeper(database, file, prefix);
    } catch (cause) {
      throw new Error(`${file}: ${(cause as Error).message}; check that the folder can be written and no other process uses it`, { cause });
    }
  }

  keeps(bucket: string): boolean {
    return bucket.startsWith(this.prefix);
  }

  load(bucket: string): { entries: KeyValueEntry[]; revision: number } {
    const rows = this.#entries.all(bucket) as unknown as Row[];
    const entries = rows.map(({ key, value, revision }): KeyValueEntry => ({ key, value: JSON.parse(value) as object, revision }));
    const kept = this.#revision.get(bucket) as { revision: number } | undefined;
    return { entries, revision: kept?.revision ?? 0 };
  }

  put(bucket: string, { key, value, revision }: KeyValueEntry): void {
    this.#change(() => {
      this.#put.run(bucket, key, JSON.stringify(value), revision);
      this.#revise.run(bucket, revision);
    });
  }

  gone(bucket: string, key: string, revision: number): void {
    this.#change(() => {
      this.#delete.run(bucket, key);
      this.#revise.run(bucket, revision);
    });
  }

  close(): void {
    this.database.close();
  }

  /** Both or none. */
  #change(work: () => void): void {
    try {
      this.database.exec('BEGIN');
      work();
      this.database.exec('COMMIT');
    } catch (cause) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw new KeyValueUnavailable(`${this.file} takes no change: ${(cause as Error).message}`, { cause });
    }
  }
}
