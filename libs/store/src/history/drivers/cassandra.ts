/**
 * History in Cassandra, one cluster over all data centres: written and read at LOCAL_QUORUM of the own one, in a table per query
 * (docs/specs/stores.md, "History in Cassandra").
 */
import type { Counter, Meter } from '#kernel';
import { checkQuery, cursorOf, parseCursor } from '../cursor.js';
import { type HistoryPage, type HistoryQuery, type HistoryStore, HistoryUnavailable } from '../port.js';
import { type AnyHistoryRecord, type HistoryKind, type HistoryRecord, recordOf, recordText } from '../records.js';
import { ttlSeconds } from './cassandra-ttl.js';
import { type CassandraOptions, CassandraSession, type Statement } from './cassandra-session.js';

export interface CassandraHistoryOptions extends CassandraOptions {
  readonly meter: Meter;
  /** Rows end so long after their record began; absent: never. */
  readonly retentionMs?: number;
  readonly nowMs: () => number;
}

const HOUR_MS = 3_600_000;
const PAGE_ROWS = 500;
/** Writes under way at once, and rows of one write. */
const WRITES_MAX = 16;
const ROWS_MAX = 50;
/** Partitions that are known to be listed; forgotten together, and listed again, when there are too many. */
const LISTED_MAX = 50_000;

export class CassandraHistoryStore implements HistoryStore {
  readonly #session: CassandraSession;
  readonly #written: Counter;
  readonly #failed: Counter;
  readonly #listed = new Set<string>();
  #isUp = false;

  /** Connects when it is first used, and again after a failure: a recorder starts without it. */
  constructor(private readonly options: CassandraHistoryOptions) {
    const { meter } = options;
    const count = (outcome: string): Counter =>
      meter.counter('store_changes_total', 'Changes for the server of a store', { store: 'history', outcome });
    this.#written = count('written');
    this.#failed = count('failed');
    meter.gauge('store_up', 'Whether the server of a store answers', () => Number(this.#isUp), { store: 'history' });
    this.#session = new CassandraSession(options);
  }

  async append(records: readonly HistoryRecord[]): Promise<void> {
    const listed = new Map<string, Statement>();
    const writes = [...this.#partitions(records, listed).values()].flatMap(inChunks);
    await this.#observed(async () => {
      await inParallel([...listed.values()].map((statement) => [statement]), (statements) => this.#session.write(statements));
      await inParallel(writes, (statements) => this.#session.write(statements));
    }, records.length);
    if (this.#listed.size + listed.size > LISTED_MAX) this.#listed.clear();
    for (const name of listed.keys()) this.#listed.add(name);
  }

  async query<K extends HistoryKind>(query: HistoryQuery<K>): Promise<HistoryPage<K>> {
    checkQuery(query);
    return this.#observed(async () => {
      const found: AnyHistoryRecord[] = [];
      for await (const record of this.#matching(query)) {
        found.push(record);
        if (found.length > query.limit) break;
      }
      const records = found.slice(0, query.limit) as unknown as HistoryPage<K>['records'];
      const last = records.at(-1);
      return found.length > query.limit && last !== undefined ? { records, next: cursorOf(last) } : { records };
    });
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  /** The rows of each partition, and what lists partitions that are new. */
  #partitions(records: readonly HistoryRecord[], listed: Map<string, Statement>): Map<string, Statement[]> {
    const partitions = new Map<string, Statement[]>();
    for (const record of records) {
      for (const place of placesOf(record)) {
        const name = [place.table, ...(place.table === 'record_by_time' ? [record.kind] : []), ...place.partition].join(' ');
        const rows = partitions.get(name) ?? [];
        partitions.set(name, rows);
        rows.push(this.#insert(place, record));
        const entry = `${record.kind} ${hourOf(record.atMs)} ${place.term}`;
        if (place.term !== undefined && !this.#listed.has(entry)) listed.set(entry, this.#list(record, place.term));
      }
    }
    return partitions;
  }

  #insert({ table, columns, partition }: Place, record: HistoryRecord): Statement {
    const names = ['kind', ...columns, 'at_ms', 'key', 'record'];
    return {
      query: `INSERT INTO ${this.options.keyspace}.${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')}) USING TIMESTAMP ? AND TTL ?`,
      params: [record.kind, ...partition, record.atMs, record.key, recordText(record), record.version, this.#ttl(record.atMs)],
    };
  }

  #list({ kind, atMs }: HistoryRecord, term: string): Statement {
    return {
      query: `INSERT INTO ${this.options.keyspace}.hour_by_term (kind, term, hour) VALUES (?, ?, ?) USING TIMESTAMP 1 AND TTL ?`,
      // Not before the last record of the hour.
      params: [kind, term, hourOf(atMs), this.#ttl(atMs === 0 ? 0 : atMs + 2 * HOUR_MS)],
    };
  }

  #ttl(sinceMs: number): number {
    const { retentionMs, nowMs } = this.options;
    return ttlSeconds(sinceMs, retentionMs, nowMs());
  }

  /** The narrowest condition leads; the others are looked at in what it finds. */
  async *#matching(query: HistoryQuery): AsyncGenerator<AnyHistoryRecord> {
    for await (const { table, columns, partition } of this.#places(query)) {
      const end = query.after === undefined ? { atMs: query.toMs, key: '' } : parseCursor(query.after);
      const isWithin = end.atMs < query.toMs ? end : { ...end, atMs: Math.min(end.atMs, query.toMs) };
      const where = [...['kind', ...columns].map((column) => `${column} = ?`), '(at_ms, key) >= (?, ?)', '(at_ms, key) < (?, ?)'];
      const rows = this.#session.rows(
        `SELECT record FROM ${this.options.keyspace}.${table} WHERE ${where.join(' AND ')}`,
        [query.kind, ...partition, query.fromMs, '', isWithin.atMs, isWithin.key], Math.min(query.limit + 1, PAGE_ROWS),
      );
      for await (const row of rows) {
        const record = recordOf(row['record'] as string);
        if (fits(record, query)) yield record;
      }
    }
  }

  async *#places({ kind, fromMs, toMs, dn, agent, connID, terms = [], after }: HistoryQuery): AsyncGenerator<Place> {
    if (connID !== undefined) {
      yield byConnID(connID);
      return;
    }
    const [rarest] = terms;
    const term = agent !== undefined ? agentTerm(agent) : dn === undefined && rarest !== undefined ? otherTerm(rarest) : dnTerm(dn);
    const lastMs = after === undefined ? toMs - 1 : Math.min(toMs - 1, parseCursor(after).atMs);
    const hours = this.#session.rows(
      `SELECT hour FROM ${this.options.keyspace}.hour_by_term WHERE kind = ? AND term = ? AND hour >= ? AND hour <= ?`,
      [kind, term, hourOf(fromMs), hourOf(lastMs)], PAGE_ROWS,
    );
    for await (const row of hours) {
      const hour = row['hour'] as number;
      if (agent !== undefined) yield byAgent(agent, hour);
      else if (dn !== undefined) yield byDN(dn, hour);
      else if (rarest !== undefined) yield byTerm(rarest, hour);
      else yield byTime(hour);
    }
  }

  async #observed<T>(work: () => Promise<T>, written = 0): Promise<T> {
    try {
      const result = await work();
      this.#isUp = true;
      this.#written.add(written);
      return result;
    } catch (error) {
      if (error instanceof HistoryUnavailable) this.#isUp = false;
      this.#failed.add(written);
      throw error;
    }
  }
}

/** A partition. `term`: under which its hour is listed. */
interface Place {
  readonly table: string;
  readonly columns: readonly string[];
  readonly partition: readonly (string | number)[];
  readonly term?: string;
}

/** int of Cassandra ends in the year 246,000. */
const hourOf = (atMs: number): number => Math.min(Math.floor(atMs / HOUR_MS), 2 ** 31 - 1);
const dnTerm = (dn: string | undefined): string => (dn === undefined ? '' : `d:${dn}`);
const agentTerm = (agent: string): string => `a:${agent}`;

const otherTerm = (term: string): string => `t:${term}`;

const byTime = (hour: number): Place => ({ table: 'record_by_time', columns: ['hour'], partition: [hour], term: '' });
const byDN = (dn: string, hour: number): Place => ({ table: 'record_by_dn', columns: ['dn', 'hour'], partition: [dn, hour], term: dnTerm(dn) });
/** In the table of DNs, under a name that no DN has. */
const byTerm = (term: string, hour: number): Place => ({ ...byDN(otherTerm(term), hour), term: otherTerm(term) });
const byAgent = (agent: string, hour: number): Place =>
  ({ table: 'record_by_agent', columns: ['agent', 'hour'], partition: [agent, hour], term: agentTerm(agent) });
const byConnID = (connID: string): Place => ({ table: 'record_by_connid', columns: ['connid'], partition: [connID] });

function placesOf({ atMs, dns, agents, terms, connID }: HistoryRecord): Place[] {
  const hour = hourOf(atMs);
  return [
    byTime(hour),
    ...[...new Set(dns)].map((dn) => byDN(dn, hour)),
    ...[...new Set(terms)].map((term) => byTerm(term, hour)),
    ...[...new Set(agents)].map((agent) => byAgent(agent, hour)),
    ...(connID === undefined ? [] : [byConnID(connID)]),
  ];
}

function fits(record: HistoryRecord, { dn, agent, terms = [] }: HistoryQuery): boolean {
  if (!terms.every((term) => record.terms?.includes(term))) return false;
  return (dn === undefined || record.dns.includes(dn)) && (agent === undefined || record.agents.includes(agent));
}

function inChunks(statements: readonly Statement[]): Statement[][] {
  const chunks: Statement[][] = [];
  for (let from = 0; from < statements.length; from += ROWS_MAX) chunks.push(statements.slice(from, from + ROWS_MAX));
  return chunks;
}

/** Some at a time; after the first failure no more are begun. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items].reverse();
  const lane = async (): Promise<void> => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
      try {
        await work(item);
      } catch (error) {
        waiting.length = 0;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: WRITES_MAX }, lane));
}
