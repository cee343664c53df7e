/** History in this process's memory: for tests and simulations. Bounded: beyond `recordsMax` what was written first goes first. */
import { checkQuery, cursorOf, parseCursor } from './cursor.js';
import { type HistoryPage, type HistoryQuery, type HistoryStore, HistoryUnavailable } from './port.js';
import { type AnyHistoryRecord, type HistoryKind, type HistoryRecord, recordOf, recordText, wins } from './records.js';

const RECORDS_MAX = 200_000;

export class MemoryHistoryStore implements HistoryStore {
  readonly #records = new Map<string, AnyHistoryRecord>();
  /** False: does not answer, as a server that is down. */
  available = true;

  constructor(private readonly recordsMax = RECORDS_MAX) {}

  get size(): number {
    return this.#records.size;
  }

  async append(records: readonly HistoryRecord[]): Promise<void> {
    this.#check();
    for (const record of records) {
      const name = `${record.kind} ${record.key}`;
      const held = this.#records.get(name);
      if (held !== undefined && !wins(record, held)) continue;
      this.#records.set(name, recordOf(recordText(record)));
      if (this.#records.size > this.recordsMax) this.#records.delete(this.#records.keys().next().value as string);
    }
  }

  async query<K extends HistoryKind>(query: HistoryQuery<K>): Promise<HistoryPage<K>> {
    checkQuery(query);
    this.#check();
    const found = [...this.#records.values()].filter((record) => fits(record, query)).sort((a, b) => (comesFirst(a, b) ? -1 : 1));
    const records = found.slice(0, query.limit) as unknown as HistoryPage<K>['records'];
    const last = records.at(-1);
    return found.length > query.limit && last !== undefined ? { records, next: cursorOf(last) } : { records };
  }

  async close(): Promise<void> {
    this.available = false;
  }

  #check(): void {
    if (!this.available) throw new HistoryUnavailable('the history store does not answer');
  }
}

function fits(record: HistoryRecord, { kind, fromMs, toMs, dn, agent, connID, terms = [], after }: HistoryQuery): boolean {
  if (record.kind !== kind || record.atMs < fromMs || record.atMs >= toMs) return false;
  if (dn !== undefined && !record.dns.includes(dn)) return false;
  if (agent !== undefined && !record.agents.includes(agent)) return false;
  if (!terms.every((term) => record.terms?.includes(term))) return false;
  if (connID !== undefined && record.connID !== connID) return false;
  return after === undefined || comesFirst(parseCursor(after), record);
}

/** The order of a page. */
function comesFirst(a: { atMs: number; key: string }, b: { atMs: number; key: string }): boolean {
  return a.atMs === b.atMs ? a.key > b.key : a.atMs > b.atMs;
}
