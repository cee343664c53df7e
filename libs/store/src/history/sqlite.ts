/**
 * History in one SQLite file (node:sqlite, WAL): the embedded default. What a process wrote before it was killed is kept; a loss of
 * power may cost the last moment, which the recorder's queue still holds.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { checkQuery, cursorOf, parseCursor } from './cursor.js';
import { MIGRATIONS } from './sqlite-migrations.js';
import { type HistoryPage, type HistoryQuery, type HistoryStore, HistoryUnavailable } from './port.js';
import { type AnyHistoryRecord, type HistoryKind, type HistoryRecord, recordOf, recordText } from './records.js';

export interface SqliteHistoryOptions {
  /** Made, with its folder, when it does not exist. `:memory:` for tests. */
  readonly file: string;
  /** Records that began earlier are removed, some with each append; absent: never. */
  readonly retentionMs?: number;
  readonly nowMs: () => number;
  /** How long an append waits for another process that writes. Default 2 s. */
  readonly busyTimeoutMs?: number;
}

/** Removed with one append at most: a little more than is written, so that the file shrinks while nothing waits for long. */
const PRUNE_MAX = 2_000;
const PRUNE_EVERY_MS = 10_000;
const BUSY_TIMEOUT_MS = 2_000;

export class SqliteHistoryStore implements HistoryStore {
  readonly #write: StatementSync;
  readonly #term: StatementSync;
  readonly #queries = new Map<string, StatementSync>();
  #prunedAtMs = 0;
  #open = true;

  private constructor(private readonly database: DatabaseSync, private readonly options: SqliteHistoryOptions) {
    this.#write = database.prepare(`INSERT INTO record (kind, key, at, version, connid, body) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (kind, key) DO UPDATE SET at = excluded.at, version = excluded.version, connid = excluded.connid, body = excluded.body
      WHERE excluded.version > version OR (excluded.version = version AND excluded.body > body)`);
    this.#term = database.prepare('INSERT OR IGNORE INTO term (kind, term, at, key) VALUES (?, ?, ?, ?)');
  }

  /** @throws Error naming the file, when it cannot be opened or was written by a newer Cordboard */
  static open(options: SqliteHistoryOptions): SqliteHistoryStore {
    try {
      if (options.file !== ':memory:') mkdirSync(dirname(options.file), { recursive: true });
      const database = new DatabaseSync(options.file);
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = ${options.busyTimeoutMs ?? BUSY_TIMEOUT_MS}`);
      migrate(database);
      return new SqliteHistoryStore(database, options);
    } catch (cause) {
      throw new Error(`history file ${options.file}: ${(cause as Error).message}; check that the folder can be written`, { cause });
    }
  }

  async append(records: readonly HistoryRecord[]): Promise<void> {
    this.#try(() => {
      this.database.exec('BEGIN IMMEDIATE');
      try {
        for (const record of records) this.#put(record);
        this.#prune();
        this.database.exec('COMMIT');
      } catch (error) {
        this.database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  async query<K extends HistoryKind>(query: HistoryQuery<K>): Promise<HistoryPage<K>> {
    checkQuery(query);
    const { sql, values } = selection(query);
    const rows = this.#try(() => this.#statement(sql).all(...values)) as { body: string }[];
    const found = rows.map(({ body }) => recordOf(body)) as AnyHistoryRecord[];
    const records = found.slice(0, query.limit) as unknown as HistoryPage<K>['records'];
    const last = records.at(-1);
    return found.length > query.limit && last !== undefined ? { records, next: cursorOf(last) } : { records };
  }

  async close(): Promise<void> {
    if (this.#open) this.database.close();
    this.#open = false;
  }

  #put(record: HistoryRecord): void {
    const { kind, key, atMs, version, connID = null } = record;
    const { changes } = this.#write.run(kind, key, atMs, version, connID, recordText(record));
    if (changes === 0) return;
    for (const dn of new Set(record.dns)) this.#term.run(kind, dnTerm(dn), atMs, key);
    for (const term of new Set(record.terms)) this.#term.run(kind, otherTerm(term), atMs, key);
    for (const agent of new Set(record.agents)) this.#term.run(kind, agentTerm(agent), atMs, key);
  }

  #prune(): void {
    const { retentionMs, nowMs } = this.options;
    if (retentionMs === undefined || nowMs() - this.#prunedAtMs < PRUNE_EVERY_MS) return;
    const beforeMs = nowMs() - retentionMs;
    // A resource has no time of its own: it stays.
    const { changes } = this.#statement(`DELETE FROM record WHERE (kind, key) IN
      (SELECT kind, key FROM record INDEXED BY record_age WHERE at < ? AND at > 0 LIMIT ${PRUNE_MAX})`).run(beforeMs);
    this.#statement(`DELETE FROM term WHERE (kind, term, at, key) IN
      (SELECT kind, term, at, key FROM term INDEXED BY term_age WHERE at < ? AND at > 0 LIMIT ${PRUNE_MAX * 2})`).run(beforeMs);
    // What is left over goes with the next append.
    if (changes < PRUNE_MAX) this.#prunedAtMs = nowMs();
  }

  #statement(sql: string): StatementSync {
    const known = this.#queries.get(sql) ?? this.database.prepare(sql);
    this.#queries.set(sql, known);
    return known;
  }

  #try<T>(work: () => T): T {
    if (!this.#open) throw new HistoryUnavailable('the history file is closed');
    try {
      return work();
    } catch (cause) {
      throw new HistoryUnavailable(`history file ${this.options.file}: ${(cause as Error).message}`, { cause });
    }
  }
}

const dnTerm = (dn: string): string => `d:${dn}`;
const agentTerm = (agent: string): string => `a:${agent}`;
const otherTerm = (term: string): string => `t:${term}`;

/** The narrowest condition leads; the others are looked at in what it finds. One more than the limit tells whether a page follows. */
function selection({ kind, fromMs, toMs, dn, agent, connID, terms: others = [], limit, after }: HistoryQuery): { sql: string; values: SQLInputValue[] } {
  const terms = [...(agent === undefined ? [] : [agentTerm(agent)]), ...(dn === undefined ? [] : [dnTerm(dn)]), ...others.map(otherTerm)];
  const lead = connID === undefined && terms.length > 0 ? 'term' : 'record';
  const where: string[] = [`${lead}.kind = ?`, `${lead}.at >= ?`, `${lead}.at < ?`];
  const values: SQLInputValue[] = [kind, fromMs, toMs];
  const and = (condition: string, ...more: SQLInputValue[]): void => {
    where.push(condition);
    values.push(...more);
  };
  if (connID !== undefined) and('record.connid = ?', connID);
  const leading = lead === 'term' ? terms.shift() : undefined;
  if (leading !== undefined) and('term.term = ?', leading);
  for (const term of terms) {
    and('EXISTS (SELECT 1 FROM term AS other WHERE other.kind = record.kind AND other.term = ? AND other.at = record.at AND other.key = record.key)', term);
  }
  if (after !== undefined) {
    const { atMs, key } = parseCursor(after);
    and(`(${lead}.at, ${lead}.key) < (?, ?)`, atMs, key);
  }
  const from = lead === 'term' ? 'term JOIN record ON record.kind = term.kind AND record.key = term.key' : 'record';
  return {
    sql: `SELECT record.body AS body FROM ${from} WHERE ${where.join(' AND ')} ORDER BY ${lead}.at DESC, ${lead}.key DESC LIMIT ?`,
    values: [...values, limit + 1],
  };
}

function migrate(database: DatabaseSync): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > MIGRATIONS.length) throw new Error(`it was written by a newer version (its schema is ${version}, known are ${MIGRATIONS.length})`);
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN; ${sql}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}
