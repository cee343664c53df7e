/** Parameters of a history request, read and checked. A problem names the parameter and says what it must be. */

export interface HistoryRequest {
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
  readonly dn?: string;
  readonly agent?: string;
  readonly connID?: string;
  /** Of verdicts alone. */
  readonly ani?: string;
  readonly rule?: string;
  readonly verdict?: string;
  readonly division?: string;
  readonly after?: string;
}

export interface HistoryParameters {
  readonly request: HistoryRequest;
  readonly format: 'json' | 'csv';
}

export const HISTORY_LISTS = ['calls', 'cdrs', 'agents', 'states', 'queues', 'resources', 'verdicts'] as const;
export type HistoryList = (typeof HISTORY_LISTS)[number];

const KNOWN = ['from', 'to', 'dn', 'agent', 'connid', 'limit', 'after', 'format'];
const OF_VERDICTS = ['from', 'to', 'dn', 'ani', 'rule', 'verdict', 'division', 'limit', 'after', 'format'];
const VERDICTS = ['passed', 'refused', 'shadow-refused'];
const LIMIT_MAX = 500;
const DAY_MS = 86_400_000;
/** Without a name, so that no query reads a whole store. */
const RANGE_MS_MAX = 31 * DAY_MS;

/** @throws Error naming the parameter */
export function historyParameters(query: Readonly<Record<string, unknown>>, nowMs: number, list: HistoryList = 'calls'): HistoryParameters {
  const known = list === 'verdicts' ? OF_VERDICTS : KNOWN;
  for (const name of Object.keys(query)) if (!known.includes(name)) throw new Error(`${name}: there is no such parameter; there are ${known.join(', ')}`);
  const { dn, agent, connID } = { dn: word(query, 'dn'), agent: word(query, 'agent'), connID: connId(query) };
  const toMs = time(query, 'to', nowMs) ?? nowMs + 1;
  // A call is found by its ConnID whenever it was.
  const fromMs = time(query, 'from', nowMs) ?? (connID === undefined ? Math.max(0, toMs - DAY_MS) : 0);
  if (toMs < fromMs) throw new Error('to: must not be before from');
  const words = verdictWords(query);
  if (dn === undefined && agent === undefined && connID === undefined && Object.keys(words).length === 0 && toMs - fromMs > RANGE_MS_MAX) {
    throw new Error(`from: without ${list === 'verdicts' ? 'dn, ani, rule, verdict or division' : 'dn, agent or connid'} at most 31 days before to`);
  }
  const after = word(query, 'after');
  const format = word(query, 'format') ?? 'json';
  if (format !== 'json' && format !== 'csv') throw new Error(`format ${format}: must be json or csv`);
  const request = {
    fromMs, toMs, limit: limitOf(query), ...(dn === undefined ? {} : { dn }), ...(agent === undefined ? {} : { agent }),
    ...words, ...(connID === undefined ? {} : { connID }), ...(after === undefined ? {} : { after }),
  };
  return { request, format };
}

function verdictWords(query: Readonly<Record<string, unknown>>): Pick<HistoryRequest, 'ani' | 'rule' | 'verdict' | 'division'> {
  const verdict = word(query, 'verdict');
  if (verdict !== undefined && !VERDICTS.includes(verdict)) throw new Error(`verdict ${verdict}: must be one of ${VERDICTS.join(', ')}`);
  const words = ['ani', 'rule', 'verdict', 'division'].map((name) => [name, word(query, name)] as const);
  return Object.fromEntries(words.filter(([, value]) => value !== undefined));
}

function word(query: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = query[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '' || value.length > 200) throw new Error(`${name}: must be given once, 1 to 200 characters`);
  return value;
}

function connId(query: Readonly<Record<string, unknown>>): string | undefined {
  const text = word(query, 'connid');
  if (text !== undefined && !/^[0-9a-f]{16}$/.test(text)) throw new Error(`connid ${text}: must be 16 lower-case hex digits`);
  return text;
}

function limitOf(query: Readonly<Record<string, unknown>>): number {
  const text = word(query, 'limit') ?? '100';
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > LIMIT_MAX) throw new Error(`limit ${text}: must be a whole number from 1 to ${LIMIT_MAX}`);
  return limit;
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: DAY_MS };

/** `2026-01-31`, `2026-01-31T12:00:00Z`, milliseconds since 1970, or `2h`: so long ago. Without a zone UTC. */
function time(query: Readonly<Record<string, unknown>>, name: string, nowMs: number): number | undefined {
  const text = word(query, name);
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return Math.max(0, nowMs - Number(count) * (UNITS_MS[unit as string] as number));
  if (/^\d{9,16}$/.test(text)) return Number(text);
  const zoned = /T.*(Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`;
  const atMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(zoned) : Number.NaN;
  if (Number.isNaN(atMs) || atMs < 0) {
    throw new Error(`${name} ${text}: must be a time such as 2026-01-31T12:00:00Z, 2026-01-31, 2h (ago), or milliseconds since 1970`);
  }
  return atMs;
}
