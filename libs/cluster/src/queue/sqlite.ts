/**
 * A durable queue in one SQLite file, which one process holds alone. What was appended outlives the process; a loss of power
 * may cost the last moment.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type DurableQueue, QUEUE_LIMITS, type QueueEntry, QueueFull, type QueueLimits, type QueueMessage, QueueUnavailable } from './port.js';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS message (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`;

export class SqliteQueue implements DurableQueue {
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: StatementSync;
  #length: number;
  #bytes: number;
  #taken = 0;
  #open = true;
  #wake: () => void = () => {};

  private constructor(private readonly database: DatabaseSync, private readonly file: string, private readonly limits: QueueLimits) {
    this.#insert = database.prepare('INSERT INTO message (body) VALUES (?)');
    this.#select = database.prepare('SELECT seq, body FROM message WHERE seq > ? ORDER BY seq LIMIT ?');
    this.#delete = database.prepare('DELETE FROM message WHERE seq = ? RETURNING length(body) AS bytes');
    const { n, bytes } = database.prepare('SELECT count(*) AS n, coalesce(sum(length(body)), 0) AS bytes FROM message').get() as { n: number; bytes: number };
    this.#length = n;
    this.#bytes = bytes;
  }

  /** @throws Error naming the file: it cannot be written, or another process has it */
  static open(file: string, limits: QueueLimits = QUEUE_LIMITS): SqliteQueue {
    try {
      mkdirSync(dirname(file), { recursive: true });
      const database = new DatabaseSync(file);
      database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; ${SCHEMA}; COMMIT`);
      return new SqliteQueue(database, file, limits);
    } catch (cause) {
      throw new Error(`durable queue ${file}: ${(cause as Error).message}; check that the folder can be written and no other process uses it`, { cause });
    }
  }

  get length(): number {
    return this.#length;
  }

  async append(entries: readonly QueueEntry[]): Promise<void> {
    const bodies = entries.map(({ body }) => JSON.stringify(body));
    const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
    if (this.#bytes + bytes > this.limits.bytes) throw new QueueFull(`durable queue ${this.file} holds ${this.#bytes} bytes and takes no more`);
    this.#transaction(() => {
      for (const body of bodies) this.#insert.run(body);
    });
    this.#length += bodies.length;
    this.#bytes += bytes;
    this.#wake();
  }

  async take(max: number): Promise<readonly QueueMessage[]> {
    for (;;) {
      if (!this.#open) return [];
      const rows = this.#try(() => this.#select.all(this.#taken, max)) as unknown as { seq: number; body: string }[];
      const last = rows.at(-1);
      if (last !== undefined) {
        this.#taken = last.seq;
        return rows.map(({ seq, body }) => ({ seq, body: JSON.parse(body) as object }));
      }
      await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
  }

  async ack(seqs: readonly number[]): Promise<void> {
    let bytes = 0;
    let gone = 0;
    this.#transaction(() => {
      for (const seq of seqs) {
        const row = this.#delete.get(seq) as { bytes: number } | undefined;
        if (row === undefined) continue;
        gone += 1;
        bytes += row.bytes;
      }
    });
    this.#length -= gone;
    this.#bytes -= bytes;
  }

  async mark(name: string, value: object): Promise<void> {
    const sql = 'INSERT INTO mark VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';
    this.#try(() => this.database.prepare(sql).run(name, JSON.stringify(value)));
  }

  async marked(name: string): Promise<object | undefined> {
    const row = this.#try(() => this.database.prepare('SELECT value FROM mark WHERE name = ?').get(name)) as { value: string } | undefined;
    return row === undefined ? undefined : JSON.parse(row.value) as object;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.database.close();
    this.#wake();
  }

  #transaction(work: () => void): void {
    this.#try(() => {
      this.database.exec('BEGIN IMMEDIATE');
      try {
        work();
        this.database.exec('COMMIT');
      } catch (error) {
        this.database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #try<T>(work: () => T): T {
    if (!this.#open) throw new QueueUnavailable(`durable queue ${this.file} is closed`);
    try {
      return work();
    } catch (cause) {
      throw new QueueUnavailable(`durable queue ${this.file}: ${(cause as Error).message}`, { cause });
    }
  }
}
