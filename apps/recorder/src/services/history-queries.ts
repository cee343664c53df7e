/** What operators ask of the history, answered in rows: records, with the agents that the login sessions give. */
import { cursorOf, type HistoryKind, type HistoryQuery, type HistoryRecord, type HistoryStore, LIMIT_MAX } from '#store';
import { Sessions, type SessionRecord } from '../machines/join.js';
import { agentRow, type Asked, callRow, cdrRow, queueRow, resourceRow, type Row, stateRow, verdictRow } from './rows.js';

export interface Rows {
  readonly rows: readonly Row[];
  readonly next?: string;
}

/** Nobody stays logged in for longer: how far back a session of a moment may have begun. */
const SESSION_MS_MAX = 7 * 86_400_000;
const AT_ONCE = 10;
/** Sessions of one DN or agent that are looked at. */
const SESSIONS_MAX = LIMIT_MAX;

export class HistoryQueries {
  constructor(private readonly store: HistoryStore) {}

  async calls(asked: Asked): Promise<Rows> {
    const { records, next } = await this.#page('call', asked);
    const rows: Row[] = [];
    // A few at a time: a store is not flooded, and one that answers within this process leaves room for calls.
    for (let i = 0; i < records.length; i += AT_ONCE) {
      rows.push(...await Promise.all(records.slice(i, i + AT_ONCE).map((call) => this.#callRow(call))));
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    return page(records, rows, next);
  }

  async #callRow(call: HistoryRecord<'call'>): Promise<Row> {
    const [parties, cdrs] = await Promise.all([this.#ofCall('party', call), this.#ofCall('cdr', call)]);
    return callRow(call, parties, cdrs, await this.#sessionsOf(parties));
  }

  async cdrs(asked: Asked): Promise<Rows> {
    const { records, next } = await this.#page('cdr', asked);
    const sessions = await this.#sessionsOf(records);
    return page(records, records.map((cdr) => cdrRow(cdr, sessions)), next);
  }

  async agents(asked: Asked): Promise<Rows> {
    const { records, next } = await this.store.query({ kind: 'agentSession', ...asked });
    return page(records, records.map(agentRow), next);
  }

  async states(asked: Asked): Promise<Rows> {
    const { records, next } = await this.store.query({ kind: 'agentState', ...asked });
    return page(records, records.map(stateRow), next);
  }

  async queues(asked: Asked): Promise<Rows> {
    const { records, next } = await this.store.query({ kind: 'queueResult', ...asked });
    return page(records, records.map(queueRow), next);
  }

  async resources(asked: Asked): Promise<Rows> {
    const { records, next } = await this.store.query({ kind: 'resource', ...asked, fromMs: 0, toMs: 1 });
    return page(records, records.map(resourceRow), next);
  }

  /** The rarest of its words first: the store reads what it leads to. */
  async verdicts({ ani, rule, verdict, division, dn, ...asked }: Asked): Promise<Rows> {
    const words = { ani, rule, division, verdict };
    const terms = Object.entries(words).flatMap(([name, value]) => (value === undefined ? [] : [`${name}:${value}`]));
    const { records, next } = await this.store.query({ kind: 'verdict', ...asked, ...(dn === undefined ? {} : { dn }), terms });
    return page(records, records.map(verdictRow), next);
  }

  /** By DN, ConnID or time the store's own page; by agent what happened at his DNs while he sat there. */
  async #page<K extends 'call' | 'cdr'>(kind: K, asked: Asked): Promise<Page<K>> {
    const { agent, ...rest } = asked;
    if (agent === undefined) return this.#query({ kind, ...rest });
    return this.#pageOfAgent(kind, agent, rest);
  }

  async #pageOfAgent<K extends 'call' | 'cdr'>(kind: K, agent: string, asked: Omit<Asked, 'agent'>): Promise<Page<K>> {
    const sessions = (await this.store.query({
      kind: 'agentSession', agent, fromMs: Math.max(0, asked.fromMs - SESSION_MS_MAX), toMs: asked.toMs, limit: SESSIONS_MAX,
    })).records.filter(({ data }) => data.endedAtMs === undefined || data.endedAtMs >= asked.fromMs);
    const found = new Map<string, HistoryRecord<K>>();
    let more = false;
    for (const session of sessions) {
      const records = await this.#during(kind, session, asked);
      more ||= records.length > asked.limit;
      for (const record of records) found.set(record.key, record);
    }
    const sorted = [...found.values()].sort((a, b) => b.atMs - a.atMs || (a.key < b.key ? 1 : -1));
    const records = sorted.slice(0, asked.limit);
    const last = records.at(-1);
    return (more || sorted.length > asked.limit) && last !== undefined ? { records, next: cursorOf(last) } : { records };
  }

  /** A call counts for the agent whose DN took part in it while he sat there, even when it began before he came. */
  async #during<K extends 'call' | 'cdr'>(kind: K, session: SessionRecord, asked: Omit<Asked, 'agent'>): Promise<HistoryRecord<K>[]> {
    const { dn, endedAtMs } = session.data;
    if (asked.dn !== undefined && asked.dn !== dn) return [];
    const until = Math.min(asked.toMs, (endedAtMs ?? asked.toMs) + 1);
    const limit = Math.min(asked.limit + 1, LIMIT_MAX);
    const { records } = await this.#query({ kind, ...asked, dn, toMs: Math.max(until, asked.fromMs), limit });
    const kept: HistoryRecord<K>[] = [];
    for (const record of records) {
      const parties = kind === 'cdr' ? [record as HistoryRecord] : await this.#ofCall('party', record as HistoryRecord<'call'>);
      const sat = parties.some((party) => party.dns[0] === dn && party.atMs >= session.atMs && (endedAtMs === undefined || party.atMs <= endedAtMs));
      if (sat) kept.push(record);
    }
    return kept;
  }

  async #query<K extends HistoryKind>(query: HistoryQuery<K>): Promise<Page<K>> {
    return await this.store.query(query) as unknown as Page<K>;
  }

  async #ofCall<K extends 'party' | 'cdr'>(kind: K, { connID, key, atMs, data }: HistoryRecord<'call'>): Promise<readonly HistoryRecord<K>[]> {
    const { records } = await this.#query({ kind, connID: connID ?? '', fromMs: atMs, toMs: data.endedAtMs + 1, limit: LIMIT_MAX });
    // A ConnID comes again after a restart; a CallUUID never does.
    return records.filter((record) => (record.data as { callUUID: string }).callUUID === key);
  }

  async #sessionsOf(records: readonly HistoryRecord[]): Promise<Sessions> {
    const latest = new Map<string, { first: number; last: number }>();
    for (const { dns: [dn], atMs } of records) {
      if (dn === undefined) continue;
      const range = latest.get(dn) ?? { first: atMs, last: atMs };
      latest.set(dn, { first: Math.min(range.first, atMs), last: Math.max(range.last, atMs) });
    }
    const pages = await Promise.all([...latest].map(([dn, { first, last }]) => this.store.query({
      kind: 'agentSession', dn, fromMs: Math.max(0, first - SESSION_MS_MAX), toMs: last + 1, limit: SESSIONS_MAX,
    })));
    return new Sessions(pages.flatMap(({ records: sessions }) => sessions));
  }
}

/** Each row has its record's key, by which whoever asks several recorders knows doubles. */
function page(records: readonly HistoryRecord[], rows: readonly Row[], next: string | undefined): Rows {
  const keyed = rows.map((row, i) => ({ key: (records[i] as HistoryRecord).key, ...row }));
  return next === undefined ? { rows: keyed } : { rows: keyed, next };
}

interface Page<K extends HistoryKind> {
  readonly records: readonly HistoryRecord<K>[];
  readonly next?: string;
}
